"""The jobs of the bench with a scanner in one hand and a finger of the other: scans and taps."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import ReceiptLine
from tests.builders import make_staff
from tests.dashboard.at_the_bench import returned, told
from tests.dashboard.hands import Hands
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def hands(
    live_server: LiveServer, shop: Shop, browser: Browser, settings: LazySettings
) -> Iterator[Hands]:
    settings.HOLD_SECONDS = 600
    context = browser.new_context(has_touch=True, viewport={"width": 768, "height": 1024})
    wanda = make_staff("wanda", shop, Role.WAREHOUSE)
    page = context.new_page()
    with without_complaint(page):
        sit(page, wanda, live_server.url, "/scan/setup/")
        page.locator("[name=density][value=bench]").check()
        page.get_by_role("button", name="Save").tap()
        expect(page.locator("html[data-density=bench]")).to_have_count(1)
        page.goto(f"{live_server.url}/scan/")
        yield Hands(page)
    context.close()


def test_one_item_is_two_scans_and_one_tap(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.tap("Approve and refund 49.99 USD")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert (hands.scans, hands.taps) == (2, 1)
    assert Command.objects.get().amount == Decimal("49.99")
    assert told(rma) == {("JACKET-M", "approved"): 1}


def test_four_as_expected_are_one_scan_and_two_taps(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 4, "8.00"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.tap("All as expected")
    expect(hands.page.locator("#bench .progress")).to_contain_text("4 of 4")
    hands.tap("Approve and refund 32.00 USD")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert (hands.scans, hands.taps) == (1, 2)
    assert told(rma) == {("SOCKS", "approved"): 4}


def test_two_good_and_one_rejected_are_four_scans_and_two_taps(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 3, "8.00"))

    hands.scan("RM-2001", "RM-2001 opened")
    for _ in range(3):
        hands.scan("SOCKS", "1 more")
    hands.tap("Reject")
    expect(hands.page.get_by_role("button", name="Reject", pressed=True)).to_be_visible()
    hands.tap("Approve and refund 16.00 USD")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert (hands.scans, hands.taps) == (4, 2)
    assert told(rma) == {("SOCKS", "approved"): 2, ("SOCKS", "rejected"): 1}


def test_two_missing_are_two_taps(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 4, "8.00"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("SOCKS", "1 more")
    hands.scan("SOCKS", "1 more")
    hands.tap("It is missing")
    expect(hands.page.locator("#decision")).to_contain_text("2 units will be told as missing")
    hands.tap("Approve and refund 16.00 USD")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert (hands.scans, hands.taps) == (3, 2)
    assert told(rma) == {("SOCKS", "approved"): 2, ("SOCKS", "not_received"): 2}


def test_undo_is_one_tap(hands: Hands, shop: Shop) -> None:
    returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))
    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.tap("Approve and refund 49.99 USD")
    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    before = hands.taps

    hands.tap("Undo")

    expect(hands.page.locator("#tracker")).to_contain_text("Undone")
    assert hands.taps - before == 1
    assert Command.objects.get().state == CommandState.CANCELLED


def test_a_wrong_item_is_kept_with_one_tap(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("X-999", "X-999 is not in this return")
    hands.tap("Keep as")

    expect(hands.page.locator("#bench")).to_contain_text("Not in this return")
    assert (hands.scans, hands.taps) == (2, 1)
    assert ReceiptLine.objects.get(rma=rma).sku == "X-999"
    assert not Command.objects.exists()


def test_a_partial_refund_is_three_taps_and_its_amount(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "53.00"))
    hands.page.goto(hands.page.url.replace("/scan/", rma.get_absolute_url()))

    hands.tap(hands.page.locator("#partial-title"))
    expect(hands.page.get_by_label("Amount in USD")).to_be_focused()
    hands.page.keyboard.type("41.25")
    hands.tap("Review")
    hands.tap("Refund 41.25 USD")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.taps == 3
    assert Command.objects.get().amount == Decimal("41.25")


def test_an_exception_with_its_reason_is_three_taps(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.tap("Needs a person")
    hands.tap("Wrong item")
    expect(hands.page.locator("#bench")).to_contain_text("Wrong item")
    hands.tap("Send to the desk, no refund")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert (hands.scans, hands.taps) == (2, 3)
    line = ReceiptLine.objects.get(rma=rma)
    assert (line.decision, line.reason) == ("exception", "Wrong item")
    assert Command.objects.get().moves_money is False
