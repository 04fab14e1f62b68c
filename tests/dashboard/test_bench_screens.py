"""The screens of the bench with everything on them: what is folded away, asked, read back."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import Rma, SearchToken
from tests.builders import (
    make_item,
    make_package,
    make_receipt_line,
    make_rma,
    make_token,
)
from tests.dashboard.keyboard import Scanner
from tests.dashboard.looks import open_all, wrong
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def bench(
    live_server: LiveServer,
    ana: User,
    page: Page,
    settings: LazySettings,
) -> Iterator[Page]:
    """Ana's browser at the scan box; whatever the console complains of fails the test."""
    settings.HOLD_SECONDS = 600
    with without_complaint(page):
        sit(page, ana, live_server.url, "/scan/")
        yield page


@pytest.fixture
def box(shop: Shop, ana: User) -> Rma:
    """Two parcels, a line in three parts, one twice, one kept, and a refund that Narvar makes."""
    rma = make_rma(
        shop,
        "RM-3001",
        estimated_refund=Decimal("120.00"),
        first_cap=Decimal("120.00"),
        policy=[{"name": "refund", "fires_at": "received_by_retailer", "succeeded_at": None}],
    )
    make_token(rma, rma.rma_number, SearchToken.Kind.RMA)
    for letter in "AB":
        make_package(rma, f"1Z999AA1000000999{letter}", letter=letter)
    socks = make_item(rma, "SOCKS", quantity=4, comment="A little too small")
    make_item(rma, "CAP")
    make_item(rma, "MUG", keep_the_item=True)
    make_receipt_line(rma, socks, by=ana, quantity=1, decision="approved", grade="A")
    make_receipt_line(rma, socks, by=ana, quantity=1, decision="rejected", note="Stain", grade="D")
    make_receipt_line(rma, None, by=ana, sku="ODD-1", decision="invalid_item")
    make_rma(shop, "RM-3002", order_number="1001")
    for number in ("RM-3003", "RM-3004"):
        found = make_rma(shop, number)
        make_item(found)
        make_token(found, "1001", SearchToken.Kind.ORDER)
    return rma


def test_every_state_of_the_bench_is_accessible_and_fits(bench: Page, box: Rma) -> None:
    found = bench.locator("#found")
    scanner = Scanner(bench)
    assert wrong(bench) == []  # before the first scan
    scanner.scan("1001")
    expect(found).to_contain_text("Which one is it?")
    assert wrong(bench, sizes=[(320, 700)]) == []

    found.get_by_role("button", name="RM-3003").click()
    expect(bench.get_by_role("heading", level=1)).to_contain_text("RM-3003")
    expect(bench.locator("#timeline")).to_be_visible()  # what no scan waits for is there as well
    open_all(bench)
    bench.get_by_label("Amount in USD").fill("41.25")
    bench.locator("#partial-reason").select_option("Worn or used")
    bench.get_by_role("button", name="Review").click()
    expect(bench.locator("#read-back")).to_be_visible()
    assert wrong(bench) == []

    scanner.scan("RM-3001")
    expect(bench.get_by_role("heading", level=1)).to_contain_text("RM-3001")
    scanner.scan("4006381333931")
    expect(found).to_contain_text("This code is SOCKS")
    open_all(bench)
    assert wrong(bench) == []
    bench.evaluate("() => { document.documentElement.dataset.density = 'bench' }")
    assert wrong(bench, sizes=[(320, 700), (1920, 1080)]) == []  # for gloves
    bench.locator("#telling").get_by_label("Received").check()
    bench.get_by_role("button", name="Tell Narvar", exact=True).click()
    expect(bench.locator("#tell-back")).to_contain_text("received")
    assert wrong(bench, sizes=[(320, 700)]) == []
    bench.get_by_role("button", name="Tell Narvar now").click()
    expect(bench.locator("#told")).to_contain_text("Held")
    assert wrong(bench, sizes=[(320, 700)]) == []


def test_the_help_names_the_keys_that_work_now(bench: Page, box: Rma) -> None:
    Scanner(bench).scan("RM-3001")
    expect(bench.get_by_role("heading", level=1)).to_contain_text("RM-3001")
    bench.get_by_role("button", name="Help").click()

    keys = bench.locator("#bench-help")

    expect(keys).to_contain_text("In the empty scan box")
    for line in ("EnterIt is missing", "*All as expected"):
        expect(keys.locator("dl")).to_contain_text(line)
    bench.keyboard.press("Escape")
    Scanner(bench).scan("SOCKS")
    expect(bench.locator("#scan-said")).to_contain_text("SOCKS: 1 more")
    bench.get_by_role("button", name="Help").click()
    for line in ("-Take back last", "+One more", ".Grade, note, split", "/ then 1–5Outcome of"):
        expect(keys.locator("dl")).to_contain_text(line)
