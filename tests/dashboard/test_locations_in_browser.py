"""Return locations in a real browser under the real content security policy."""

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.narvar import decisions
from returns_ops.narvar.models import Connection
from returns_ops.returns.location_csv import write_csv
from returns_ops.returns.location_snapshot import facts_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.transitions import location_imports
from tests.builders import make_package, make_rma, make_staff
from tests.dashboard.location_pages import place
from tests.dashboard.looks import faults, wrong
from tests.dashboard.screen import sit, without_complaint
from tests.narvar.asking import DOCK, dock

ADMIN = "/admin/returns/returnlocation/"
# What Django's own templates of the admin do not keep.
OF_DJANGO = ("target-size", "empty-table-header")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def lola(shop: Shop) -> User:
    return make_staff("lola", shop, Role.LOCATION_ADMIN, first_name="Lola", is_staff=True)


@pytest.fixture
def desk(live_server: LiveServer, lola: User, page: Page, settings: LazySettings) -> Iterator[Page]:
    """Lola, logged in; whatever the console complains of fails the test."""
    settings.HOLD_SECONDS = 600
    with without_complaint(page, but=ADMIN):  # whose scripts are Django's
        sit(page, lola, live_server.url)
        yield page


def test_a_location_is_added_by_the_keyboard_alone(desk: Page, shop: Shop) -> None:
    keys = desk.keyboard
    keys.press("g")
    keys.press("l")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Return locations")
    desk.wait_for_load_state()  # the page hears keys once its script has run
    keys.press("n")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Add a return location")

    desk.get_by_label("Name", exact=True).focus()
    keys.type("Andover DC")
    keys.press("Tab")
    keys.type("United States (US)")
    keys.press("Tab")
    expect(desk.locator("#state_code option", has_text="Massachusetts")).to_have_count(1)
    expect(desk.get_by_label("State or region")).to_be_focused()
    keys.type("Massachusetts")
    for text in ("12 Main Road", "", "Andover", "01810", "1-415-555-5555"):
        keys.press("Tab")
        keys.type(text)
    keys.press("Tab")
    expect(desk.locator("#phone-said")).to_contain_text("Saved as +14155555555")
    keys.press("Space")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("-71.137, 42.6583")
    keys.press("Tab")
    expect(desk.get_by_label("Latitude")).to_have_value("-71.137")
    swap = desk.get_by_role("button", name="Swap the two: 42.6583, -71.137")
    swap.focus()
    keys.press("Enter")
    expect(desk.get_by_label("Latitude")).to_have_value("42.6583")
    expect(desk.locator("#where-said")).to_contain_text("42° 39′ 29.9″ N")
    expect(desk.locator("#where-said .notice")).to_have_count(0)
    desk.get_by_role("button", name="Save", exact=True).focus()
    keys.press("Enter")

    expect(desk.get_by_role("heading", level=1)).to_have_text("Andover DC")
    expect(desk.locator("#tracker")).to_contain_text("Held")
    keys.press("Escape")
    expect(desk.get_by_text("Undone. Nothing was sent.")).to_be_visible()


def test_mistakes_are_told_by_the_field_and_the_summary_is_focused(desk: Page, shop: Shop) -> None:
    desk.context.grant_permissions(["geolocation"])
    desk.context.set_geolocation({"latitude": 42.6583, "longitude": -71.137})
    desk.goto(desk.url.rstrip("/") + "/locations/new/")
    desk.get_by_role("button", name="Use this device’s position").click()
    expect(desk.get_by_label("Latitude")).to_have_value("42.6583")
    expect(desk.get_by_label("Longitude")).to_have_value("-71.137")
    phone = desk.get_by_label("Phone")
    phone.fill("call the desk")
    phone.blur()
    expect(desk.locator("#phone-said .error")).to_have_text(
        "This is no phone number. Write it like +1 978 555 0100."
    )
    expect(phone).to_have_attribute("aria-invalid", "true")

    desk.get_by_role("button", name="Save", exact=True).click()

    expect(desk.locator("main [role=alert]")).to_be_focused()
    expect(phone).to_have_value("call the desk")
    assert wrong(desk) == []
    desk.locator("main [role=alert]").get_by_role("link", name="Name", exact=True).click()
    expect(desk.get_by_label("Name", exact=True)).to_be_focused()


def test_every_screen_is_accessible_and_fits(desk: Page, lola: User, shop: Shop) -> None:
    base = desk.url.rstrip("/")

    for screen in screens_of(shop, lola):
        desk.goto(base + screen)
        assert wrong(desk) == [], screen

    andover = ReturnLocation.objects.get(name="Andover DC")
    for page in (f"{andover.pk}/delete/", f"{andover.pk}/change/", ""):
        desk.goto(f"{base}{ADMIN}{page}")
        assert faults(desk, within="#content", but=OF_DJANGO) == [], page
    for box in desk.locator(".action-select").all():
        box.check()
    desk.locator("select[name=action]").select_option("compare_with_narvar")
    desk.get_by_role("button", name="Go", exact=True).click()
    expect(desk.locator("#content h1")).to_have_text("Compare with Narvar")
    assert faults(desk, within="#content", but=OF_DJANGO) == []

    Connection.objects.filter(shop=shop).update(locations_feature="off")
    for screen in ("/locations/", ReturnLocation.objects.earliest("id").get_absolute_url()):
        desk.goto(base + screen)
        assert "manages no return locations" in desk.inner_text("main")
        assert wrong(desk) == [], screen


def screens_of(shop: Shop, lola: User) -> list[str]:
    """Each screen at its fullest."""
    andover, held, both = (place(shop, name) for name in ("Andover DC", "Held dock", "Both"))
    gone = place(shop, "Old dock", sync="deleted", removed_at=timezone.now())
    lost = place(shop, "Lost", sync="conflict", gone_at=timezone.now(), problem="Removed there")
    place(shop, "Reno DC", latitude=Decimal("39.5296"), longitude=Decimal("-119.8138"))
    place(shop, "Long " * 20, accepts_in_store=True, country="Germany", country_code="DE")
    refused = "Not saved: 422, zip is not valid. " * 3
    place(shop, "Refused dock", sync="not_saved", problem=refused)
    ReturnLocation.objects.filter(pk=both.pk).update(
        sync="conflict", city="Trenton", shown={**both.shown, "city": "Camden", "name": "Gate"}
    )
    for number in range(3):
        make_package(make_rma(shop, f"RM-{number}"), destination_id=andover.narvar_id)
    make_package(make_rma(shop), destination_postal_code="07114", destination_city="Newark")
    facts = facts_of(andover)
    change = LocationChange.objects.create(
        location=andover,
        source="here",
        verb="saved",
        text="Saved",
        actor=lola,
        version=1,
        changes={"name": ["Dock", "Andover DC"], "accepts_in_store": [True, False]},
        facts={**facts, "name": "Dock"},
    )
    decisions.save_location(
        shop,
        by=lola,
        order=dock(name="Held dock", phone="+19785550100"),
        submission_token=uuid.uuid4(),
        location_id=held.pk,
        version=held.version,
    )
    own = andover.get_absolute_url()
    return [
        "/locations/",
        "/locations/?q=nothing-like-it",
        "/locations/new/",
        own,
        f"{own}edit/",
        f"{own}delete/",
        f"{own}restore/{change.pk}/",
        f"{both.get_absolute_url()}settle/",
        f"{lost.get_absolute_url()}settle/",
        held.get_absolute_url(),
        gone.get_absolute_url(),
        f"/locations/import/{a_file(shop, lola, begin=True)}/",
        "/locations/import/",
        f"/locations/import/{a_file(shop, lola)}/",
    ]


def a_file(shop: Shop, lola: User, *, begin: bool = False) -> int:
    """Read, and confirmed or not: an address that changes, a new location, and an error."""
    (first,) = ReturnLocation.objects.filter(name="Andover DC")
    moved = ReturnLocation(**{**DOCK, "name": first.name, "narvar_id": first.narvar_id})
    moved.address1 = "9 Main Road"
    new = ReturnLocation(**{**DOCK, "name": "Gate", "address1": "7 Main Road"})
    wrong = ReturnLocation(**{**DOCK, "name": "Wrong", "phone": "call"})
    csv = "".join(write_csv([moved, new, wrong]))
    file = location_imports.File(
        shop=shop, by=lola, data=csv.encode(), name="places.csv", submission_token=uuid.uuid4()
    )
    job = location_imports.start_import(file)
    if begin:
        location_imports.confirm_import(job.pk, by=lola, rules_settled=True, typed_count="1")
    return job.pk
