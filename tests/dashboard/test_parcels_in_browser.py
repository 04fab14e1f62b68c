"""Parcels and photos in a real browser under the real content security policy."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Parcel, Photo, Rma, SearchToken
from returns_ops.returns.pictures import read_picture
from returns_ops.returns.states import NarvarStatus, Work
from returns_ops.returns.transitions.evidence import add_photo
from returns_ops.returns.transitions.receiving import Bench
from tests.builders import (
    give_role,
    make_item,
    make_parcel,
    make_receipt_line,
    make_rma,
    make_shop,
    make_token,
)
from tests.dashboard.looks import wrong
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def desk(
    live_server: LiveServer, ana: User, page: Page, settings: LazySettings, tmp_path: Path
) -> Iterator[Page]:
    """Ana, logged in; whatever the console complains of fails the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    with without_complaint(page):
        sit(page, ana, live_server.url)
        yield page


def drawn(words: str, colour: str) -> bytes:
    """A photo of a box, so to speak."""
    image = Image.new("RGB", (1200, 900), colour)
    ImageDraw.Draw(image).multiline_text((80, 380), words, fill="white", font_size=120)
    written = io.BytesIO()
    image.save(written, "JPEG")
    return written.getvalue()


def a_file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


@pytest.fixture
def awaited(shop: Shop) -> Rma:
    rma = make_rma(
        shop,
        "TP1233APQW",
        work=Work.TO_RECEIVE,
        narvar_status=NarvarStatus.ON_ITS_WAY,
        created_at=timezone.now() - timedelta(days=5),
        origin_postal_code="01810",
        origin_country="US",
    )
    make_item(rma, "JACKET-M", quantity=2)
    make_item(rma, "CAP-1")
    for sku in ("JACKET-M", "CAP-1"):
        make_token(rma, sku, SearchToken.Kind.SKU)
    return rma


@pytest.fixture
def parcel(shop: Shop, ana: User, awaited: Rma, desk: Page) -> Parcel:
    parcel = make_parcel(
        shop,
        by=ana,
        items={"JACKET-M": 2, "X-999": 1},
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        origin_postal_code="01810-4402",
        origin_country="US",
        text="Slip inside: “for Jane, too small”.\nTape is torn.",
        found_at=timezone.now() - timedelta(days=3, hours=2),
        bench="Bench 2",
        owner=ana,
    )
    for number, (words, colour) in enumerate([("BOX", "#8a6d3b"), ("LABEL", "#0b5cad")]):
        picture = read_picture(drawn(f"{words} {number}", colour))
        add_photo(picture, parcel, bench=Bench(ana))
    return parcel


def test_a_box_is_registered_photographed_and_matched(
    desk: Page, shop: Shop, awaited: Rma, live_server: LiveServer
) -> None:
    desk.goto(f"{live_server.url}/parcels/new/?tracking=1Z999")
    desk.get_by_label("What is in it").fill("JACKET-M\nJACKET-M\nX-999")
    desk.get_by_role("button", name="Register").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Parcel")

    desk.get_by_label("Take photos, or choose them").set_input_files(
        [a_file("IMG_1.jpg", drawn("BOX", "#8a6d3b")), a_file("IMG_2.jpg", b"%PDF")]
    )
    desk.get_by_role("button", name="Add").click()
    expect(desk.locator("#photos .shot")).to_have_count(1)
    expect(desk.locator("#photos [role=alert]")).to_contain_text("IMG_2.jpg: This is not a photo")
    expect(desk.locator("#photos [role=alert]")).to_be_focused()
    shown = desk.locator("#photos img").evaluate("img => img.decode().then(() => img.naturalWidth)")
    assert shown == 320

    desk.get_by_role("link", name="Match TP1233APQW").click()
    expect(desk.get_by_role("heading", name="What goes into")).to_be_focused()
    expect(desk.get_by_label("Units of JACKET-M")).to_have_value("2")
    desk.get_by_role("button", name="Match").click()
    expect(desk.get_by_text("2 units are in TP1233APQW now.")).to_be_visible()
    expect(desk.locator(".went")).to_contain_text("2 × JACKET-M")
    assert Photo.objects.get().rma == awaited


def test_a_number_that_cannot_be_is_told_in_place(
    desk: Page, parcel: Parcel, live_server: LiveServer
) -> None:
    desk.goto(live_server.url + parcel.get_absolute_url())
    desk.get_by_role("link", name="Match TP1233APQW").click()
    desk.get_by_label("Units of JACKET-M").fill("9")

    desk.get_by_role("button", name="Match").click()

    expect(desk.locator("#which [role=alert]")).to_be_focused()
    expect(desk.get_by_label("Units of JACKET-M")).to_have_value("9")
    expect(desk.locator("#which .error")).to_have_text("Enter a number from 0 to 2.")
    desk.go_back()
    expect(desk.get_by_role("heading", name="Which return is it?")).to_be_visible()


def test_a_photo_is_removed_in_place(desk: Page, parcel: Parcel, live_server: LiveServer) -> None:
    desk.goto(live_server.url + parcel.get_absolute_url())

    desk.get_by_role("button", name="Remove").first.click()

    expect(desk.locator("#photos .shot")).to_have_count(1)
    expect(desk.locator(".toast")).to_contain_text("Photo removed.")
    expect(desk.get_by_role("heading", name="Photos")).to_be_focused()


def test_every_screen_is_accessible_and_fits(
    desk: Page, ana: User, parcel: Parcel, awaited: Rma
) -> None:
    base = desk.url.rstrip("/")

    for screen in screens_of(parcel, awaited, ana):
        desk.goto(base + screen)
        assert wrong(desk) == [], screen


def screens_of(parcel: Parcel, rma: Rma, ana: User) -> list[str]:
    second, now = make_shop("a-second-shop.myshopify.com"), timezone.now()
    give_role(ana, second, Role.AGENT)
    closed = make_parcel(
        second, by=ana, state="closed", closed_because="Empty", settled_by=ana, settled_at=now
    )
    make_parcel(second, by=ana, found_at=now - timedelta(days=12), text="A poly bag, no label")
    line = make_receipt_line(rma, rma.items.get(sku="CAP-1"), by=ana, decision="rejected")
    add_photo(read_picture(drawn("CAP", "#333")), rma, bench=Bench(ana), line_id=line.pk)
    own, match = parcel.get_absolute_url(), f"{parcel.get_absolute_url()}match/?rma="
    return [
        "/parcels/",
        "/parcels/?tab=closed",
        "/parcels/?tab=matched",
        "/parcels/new/",
        f"{own}edit/",
        own,
        match + rma.rma_number,
        f"{match}nothing",
        closed.get_absolute_url(),
        rma.get_absolute_url(),
    ]
