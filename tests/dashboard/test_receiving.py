"""The bench by plain forms: every button works without JavaScript, and says what it did."""

import uuid
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.returns.models import (
    BenchRules,
    BoxArrival,
    ReceiptLine,
    ReturnLocation,
    Rma,
    RmaItem,
    Scan,
    SearchToken,
)
from returns_ops.returns.states import NarvarStatus, Receipt, Work
from tests.builders import (
    make_item,
    make_package,
    make_staff,
    make_token,
)
from tests.dashboard.at_the_bench import act, entered, scan


@pytest.fixture(autouse=True)
def _held(settings: LazySettings) -> None:
    settings.HOLD_SECONDS = 60


def test_a_scanned_label_opens_the_return_and_notes_the_box(
    client: Client, ana: User, rma: Rma, item: RmaItem
) -> None:
    page = scan(client, " rm-2001 ")

    assert "RM-2001 opened. The box is here." in page
    assert "Receive and inspect" in page
    rma.refresh_from_db()
    assert (rma.receipt, rma.claimed_by) == (Receipt.ARRIVED, ana)
    assert BoxArrival.objects.count() == 1


def test_an_item_is_counted_once_however_often_its_scan_arrives(
    client: Client, rma: Rma, item: RmaItem
) -> None:
    scan_id = uuid.uuid4()

    for _ in range(3):
        scan(client, "SOCKS", rma, scan_id=scan_id)

    assert entered(rma) == {("SOCKS", "approved", 1)}
    assert Scan.objects.count() == 1


def test_a_card_before_the_scan_says_what_the_unit_is(
    client: Client, rma: Rma, item: RmaItem
) -> None:
    scan(client, "SOCKS", rma, decision="rejected")

    assert entered(rma) == {("SOCKS", "rejected", 1)}


def test_a_shop_may_want_units_inspected_before_they_are_good(
    client: Client, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    BenchRules.objects.create(shop=shop, scanned_is_good=False)

    page = scan(client, "SOCKS", rma)

    assert "Not decided yet" in page
    assert entered(rma) == {("SOCKS", "", 1)}
    rma.refresh_from_db()
    assert rma.work == Work.TO_INSPECT


def test_all_as_expected_then_approve(client: Client, rma: Rma, item: RmaItem) -> None:
    page = act(client, rma, "all")

    assert "Approve and refund 73.99 USD" in page
    assert entered(rma) == {("JACKET-M", "approved", 1), ("SOCKS", "approved", 3)}
    rma.refresh_from_db()
    assert (rma.receipt, rma.work) == (Receipt.RECEIVED, Work.TO_DECIDE)


def test_a_shop_may_want_each_unit_scanned(
    client: Client, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    BenchRules.objects.create(shop=shop, all_as_expected=False)

    page = act(client, rma, "all")

    assert "This shop wants each unit scanned." in page
    assert not ReceiptLine.objects.exists()


def test_the_rest_is_asked_for_by_links(client: Client, rma: Rma, item: RmaItem) -> None:
    act(client, rma, f"count:{item.pk}")

    page = client.get(f"{rma.get_absolute_url()}?rest=missing").content.decode()
    rma.refresh_from_db()
    form = {
        "refund": "1",
        "rest": "missing",
        "version": rma.version,
        "submission_token": uuid.uuid4(),
    }
    client.post(f"{rma.get_absolute_url()}approve/", form)

    assert "3 units will be told as missing." in page
    assert "How it is worked out" in page
    command = Command.objects.get()
    assert command.amount == Decimal("8.00")
    assert ("SOCKS", "not_received", 2) in entered(rma)


def test_one_box_of_two_keeps_its_refund_for_the_last(
    client: Client, rma: Rma, item: RmaItem
) -> None:
    make_package(rma)
    act(client, rma, f"count:{item.pk}")

    page = client.get(f"{rma.get_absolute_url()}?rest=later").content.decode()

    assert "The refund goes out with the last box" in page
    assert "Send what came, refund later" in page
    assert "The return stays open for the other box." in page


def test_what_is_not_in_the_return_is_kept_apart(client: Client, rma: Rma, item: RmaItem) -> None:
    page = scan(client, "X-999", rma)
    assert "X-999 is not in this return." in page
    assert not ReceiptLine.objects.exists()

    page = act(client, rma, "stranger", sku="X-999")

    assert "Not in this return" in page
    assert entered(rma) == {("X-999", "invalid_item", 1)}


def test_goods_the_customer_keeps_are_not_counted_by_chance(client: Client, rma: Rma) -> None:
    kept = make_item(rma, "MUG", keep_the_item=True)

    page = scan(client, "MUG", rma)
    assert "The customer keeps MUG: it should not arrive." in page
    assert not ReceiptLine.objects.exists()

    act(client, rma, f"anyway:{kept.pk}")
    assert entered(rma) == {("MUG", "approved", 1)}


def test_a_box_that_comes_after_the_cancel_goes_to_the_desk(client: Client, rma: Rma) -> None:
    make_token(rma, rma.rma_number)
    Rma.objects.filter(pk=rma.pk).update(narvar_status=NarvarStatus.CANCELLED_BY_USER)

    page = scan(client, "RM-2001")

    assert "Keep the box aside" in page
    assert "Tell Narvar in a note" in page
    rma.refresh_from_db()
    assert rma.work == Work.EXCEPTION
    url = reverse("rma_note", args=[rma.shop.domain, rma.rma_number])
    form = {"note": "It came.", "version": rma.version, "submission_token": uuid.uuid4()}
    client.post(url, form)
    assert Command.objects.get().kind == "shipment_note"


def test_a_box_for_another_place_says_so(client: Client, shop: Shop, rma: Rma) -> None:
    here = ReturnLocation.objects.create(shop=shop, name="Andover", narvar_id="ANDR")
    rma.packages.update(destination_id="YXWN", destination_city="Reno")
    client.post(
        reverse("scan_setup"),
        {"name": "Bench 2", "location": here.pk, "density": "bench", "sound": "on", "gap": "45"},
    )

    page = client.get(rma.get_absolute_url()).content.decode()

    assert "This return should go to Reno, YXWN. You are at Andover." in page
    assert 'data-density="bench"' in page


def test_all_is_here_so_narvar_hears_it_where_the_shop_wants_that(
    client: Client, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    BenchRules.objects.create(shop=shop, tell_received=True)

    act(client, rma, f"count:{item.pk}")
    assert not Command.objects.exists()
    act(client, rma, "all")

    command = Command.objects.get()
    assert (command.kind, command.summary["status"]) == (
        "shipment_status",
        "received_by_retailer",
    )
    rma.refresh_from_db()
    form = {"refund": "1", "rest": "none", "version": rma.version}
    client.post(f"{rma.get_absolute_url()}approve/", {**form, "submission_token": uuid.uuid4()})
    command.refresh_from_db()
    assert command.state == "cancelled"  # the decision says more, and goes alone
    assert Command.objects.filter(kind="approval", state="queued").count() == 1


@pytest.mark.parametrize("what", ["", "nonsense", "count:x", "back:9999999999999999999", "more:1"])
def test_an_unknown_button_does_nothing(client: Client, rma: Rma, what: str) -> None:
    page = act(client, rma, what)

    assert "Nothing was changed." in page
    assert not ReceiptLine.objects.exists()


def test_who_only_looks_sees_counts_and_no_buttons(shop: Shop, rma: Rma, item: RmaItem) -> None:
    client = Client()
    client.force_login(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    page = client.get(rma.get_absolute_url()).content.decode()

    assert 'id="scan"' not in page
    assert "1 received" not in page
    url = reverse("rma_receive", args=[rma.shop.domain, rma.rma_number])
    assert client.post(url, {"act": "all"}).status_code == 403
    assert not ReceiptLine.objects.exists()


def test_units_are_counted_out_of_the_box_at_hand(client: Client, rma: Rma, item: RmaItem) -> None:
    second = make_package(rma, "1Z999AA10000009999", letter="B")
    make_token(rma, "1Z999AA10000009999", SearchToken.Kind.TRACKING)

    scan(client, "1Z999AA10000009999")
    page = scan(client, "SOCKS", rma)

    assert ReceiptLine.objects.get().package == second
    assert "Box B is here" in page
