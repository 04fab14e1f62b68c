"""The jobs of the bench in a real browser, counted in scans and keys."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.badges import PREFIX, issue_badge
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import ReceiptLine, RmaItem
from tests.builders import make_staff
from tests.dashboard.at_the_bench import returned, told
from tests.dashboard.hands import Hands
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def wanda(shop: Shop) -> User:
    return make_staff("wanda", shop, Role.WAREHOUSE, first_name="Wanda", last_name="Ruiz")


@pytest.fixture
def hands(
    live_server: LiveServer,
    wanda: User,
    page: Page,
    settings: LazySettings,
) -> Iterator[Hands]:
    settings.HOLD_SECONDS = 600
    with without_complaint(page):
        sit(page, wanda, live_server.url, "/scan/")
        expect(page.locator("#code")).to_be_focused()
        yield Hands(page)


def test_one_item_is_two_scans_and_one_key(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (2, 1)
    command = Command.objects.get()
    assert (command.amount, command.moves_money) == (Decimal("49.99"), True)
    assert told(rma) == {("JACKET-M", "approved"): 1}


def test_with_gloves_it_is_three_scans(hands: Hands, shop: Shop) -> None:
    """And the other cards press what they name."""
    returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))
    returned(shop, "RM-2002", ("CAP", 2, "25.50"))
    returned(shop, "RM-2003", ("SOCKS", 2, "8.00"))
    page = hands.page

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.scan("CMD:APPROVE")

    expect(page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (3, 0)
    hands.scan("CMD:HOLD")
    expect(page.get_by_role("button", name="Release", exact=True).last).to_be_visible()
    hands.scan("CMD:UNDO")
    expect(page.locator("#tracker")).to_contain_text("Undone")
    hands.scan("CMD:NEXT")
    expect(page).to_have_url(re.compile("/scan/$"))
    hands.scan("RM-2002", "RM-2002 opened")
    hands.scan("CMD:ALL")
    expect(page.locator("#bench .progress")).to_contain_text("2 of 2")
    hands.scan("RM-2003", "RM-2003 opened")
    hands.scan("SOCKS", "1 more")
    hands.scan("CMD:MISSING")
    expect(page.locator("#decision")).to_contain_text("1 unit will be told as missing")


def test_the_carriers_label_opens_it_as_well(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan(rma.packages.get().tracking_number, "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (2, 1)


def test_four_as_expected_are_one_scan_and_two_keys(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 3, "8.00"), ("CAP", 1, "25.50"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.key("*")
    expect(hands.page.locator("#bench .progress")).to_contain_text("4 of 4")
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (1, 2)
    assert told(rma) == {("SOCKS", "approved"): 3, ("CAP", "approved"): 1}


def test_two_good_and_one_rejected(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 3, "8.00"))

    hands.scan("RM-2001", "RM-2001 opened")
    for _ in range(3):
        hands.scan("SOCKS", "1 more")
    hands.key("/")
    hands.key("3")
    expect(hands.page.locator("#bench")).to_contain_text("1 × Reject")
    expect(hands.page.get_by_role("button", name="Approve and refund 16.00 USD")).to_be_visible()
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (4, 3)
    assert told(rma) == {("SOCKS", "approved"): 2, ("SOCKS", "rejected"): 1}
    assert Command.objects.get().amount == Decimal("16.00")


def test_two_missing_are_asked_for_and_not_assumed(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("SOCKS", 4, "8.00"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("SOCKS", "1 more")
    hands.scan("SOCKS", "1 more")
    hands.key("Enter")
    expect(hands.page.locator("#decision")).to_contain_text("2 units will be told as missing")
    assert not Command.objects.exists()
    hands.page.wait_for_timeout(400)
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (3, 2)
    assert told(rma) == {("SOCKS", "approved"): 2, ("SOCKS", "not_received"): 2}
    assert Command.objects.get().amount == Decimal("16.00")


def test_undo_is_one_key(hands: Hands, shop: Shop) -> None:
    returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))
    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.key("Enter")
    expect(hands.page.locator("#tracker")).to_contain_text("Held")

    hands.key("Escape")

    expect(hands.page.locator("#tracker")).to_contain_text("Undone")
    assert Command.objects.get().state == CommandState.CANCELLED
    assert ReceiptLine.objects.get().command is None


def test_a_wrong_item_is_kept_with_one_key(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("X-999", "X-999 is not in this return")
    hands.key("Enter")

    expect(hands.page.locator("#bench")).to_contain_text("Not in this return")
    assert hands.counted == (2, 1)
    assert ReceiptLine.objects.get(rma=rma).sku == "X-999"
    assert not Command.objects.exists()


def test_an_exception_with_its_reason(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))

    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.key("/")
    hands.key("5")
    expect(hands.page.locator("#found")).to_contain_text("Wrong item")
    hands.key("1")
    expect(hands.page.locator("#bench")).to_contain_text("Wrong item")
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (2, 4)
    line = ReceiptLine.objects.get(rma=rma)
    assert (line.decision, line.reason) == ("exception", "Wrong item")
    assert Command.objects.get().moves_money is False


def test_a_partial_refund_is_reviewed_and_read_back(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "53.00"))
    hands.page.goto(hands.page.url.replace("/scan/", rma.get_absolute_url()))
    hands.page.get_by_role("heading", name="Decision").click()

    hands.key("r")
    expect(hands.page.get_by_label("Amount in USD")).to_be_focused()
    hands.page.keyboard.type("41.25")
    expect(hands.page.locator("#refund-out")).to_contain_text("keep 11.75 USD")
    hands.key("Enter")
    read_back = hands.page.locator(".read-back")
    expect(read_back).to_contain_text("You are refunding 41.25 USD of 53.00 USD")
    expect(hands.page.locator("#partial-panel")).to_contain_text("Reason: Worn or used")
    expect(hands.page.get_by_role("button", name="Refund 41.25 USD")).to_be_focused()
    hands.key("Enter")

    expect(hands.page.locator("#tracker")).to_contain_text("Held")
    assert hands.counted == (0, 3)
    assert Command.objects.get().amount == Decimal("41.25")


def test_another_person_takes_over_the_bench_by_one_scan(hands: Hands, shop: Shop) -> None:
    sam = make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam")
    expect(hands.page.locator(".tools")).to_contain_text("Wanda")

    hands.scan(PREFIX + issue_badge(sam, by=sam))

    expect(hands.page.locator(".tools")).to_contain_text("Sam")
    expect(hands.page.locator("#code")).to_be_focused()
    assert hands.counted == (1, 0)


def test_the_next_box_is_scanned_while_the_last_is_held(hands: Hands, shop: Shop) -> None:
    returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))
    returned(shop, "RM-2002", ("CAP", 1, "25.50"))
    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")
    hands.key("Enter")
    expect(hands.page.locator("#tracker")).to_contain_text("Held")

    hands.scan("RM-2002", "RM-2002 opened")

    expect(hands.page.locator("#head")).to_contain_text("RM-2002")
    held = Command.objects.get()
    assert (held.subject, held.state) == ("RM-2001", CommandState.QUEUED)
    hands.page.go_back()
    expect(hands.page.locator("#head")).to_contain_text("RM-2001")


def test_more_than_expected_is_not_counted_silently(hands: Hands, shop: Shop) -> None:
    rma = returned(shop, "RM-2001", ("JACKET-M", 1, "49.99"))
    hands.scan("RM-2001", "RM-2001 opened")
    hands.scan("JACKET-M", "1 more")

    hands.scan("JACKET-M", "All 1 of JACKET-M are counted already")

    assert ReceiptLine.objects.get(rma=rma).quantity == 1
    item = RmaItem.objects.get(rma=rma)
    assert item.quantity == 1
