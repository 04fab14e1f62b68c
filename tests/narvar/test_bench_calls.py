"""What the bench decides, as Narvar hears it: the ledger is the judge, and Narvar is strict."""

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.models import ReceiptLine, Rma
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Money, Receipt, Work
from returns_ops.returns.transitions import (
    Bench,
    Part,
    Refused,
    TooMany,
    count_unit,
    keep_stranger,
    mark_missing,
    receive_all,
    split_item,
)
from tests.builders import make_item, make_rma, make_staff
from tests.circle import DOMAIN, Circle
from tests.narvar.boxes import (
    arrive,
    at_narvar,
    bodies,
    decide,
    edited,
    entries,
    foresee,
    item_of,
    paid,
    scan,
    soon,
    split,
)


def test_two_boxes_are_told_as_they_come_and_refunded_once_with_the_last(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 4, "10.00"))
    item = item_of(rma)

    scan(circle, rma, 2)
    assert "goes out with the last box" in foresee(circle, rma, rest=Rest.LATER).reasons[0]
    first = decide(circle, rma, refund=False, rest=Rest.LATER)
    circle.send()
    circle.tell(rma.rma_number)

    first.refresh_from_db()
    rma = circle.rma(rma.rma_number)
    assert first.state == CommandState.CONFIRMED
    assert at_narvar(circle, rma) == "delivered_to_retailer"
    assert (rma.work, rma.receipt) == (Work.TO_INSPECT, Receipt.PARTLY_RECEIVED)
    assert paid(circle, rma) == []

    scan(circle, rma, 2)
    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    rma = circle.rma(rma.rma_number)
    assert (rma.work, rma.money, rma.receipt) == (Work.DONE, Money.CONFIRMED, Receipt.RECEIVED)
    assert paid(circle, rma) == [foreseen.amount] == [Decimal("33.05")]
    box, last = bodies(circle)
    assert (box["process_refund"], box["auto_approve"]) == (False, True)
    assert entries(box) == entries(last) == {(item.item_id, "approved"): 2}
    assert last["total_refund_override_amount"] == Decimal("33.05")


def test_units_of_another_box_are_confirmed_by_units_of_their_own(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 3, "10.00"))
    for _ in range(2):
        scan(circle, rma, 1)
        decide(circle, rma, refund=False, rest=Rest.LATER)
        circle.send()
        circle.tell(rma.rma_number)
        circle.narvar.fail_next("approval", "accept_and_forget")

    first, second = Command.objects.order_by("id")
    assert first.state == CommandState.CONFIRMED
    assert second.state == CommandState.ACCEPTED  # Narvar shows one unit, not two


def test_a_split_line_is_told_in_parts_and_paid_as_foreseen(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 3, "10.00"), ("CAP", 1, "25.50"))
    split(circle, rma, approved=2, rejected=1)
    scan(circle, rma, 1, "CAP")

    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    (body,) = bodies(circle)
    socks, cap = item_of(rma).item_id, item_of(rma, "CAP").item_id
    assert entries(body) == {(socks, "approved"): 2, (socks, "rejected"): 1, (cap, "approved"): 1}
    assert body["process_refund_override"] is True
    assert body["total_refund_override_amount"] == foreseen.amount == Decimal("38.55")
    assert body["total_refund_override_currency"] == "USD"
    assert paid(circle, rma) == [foreseen.amount]
    assert foreseen.outcome == "The return becomes Approved."
    assert at_narvar(circle, rma) == "approved"


@pytest.mark.parametrize("by_mark", [True, False])
def test_what_is_missing_is_not_paid(by_mark: bool, circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 3, "10.00"))
    scan(circle, rma, 1)
    if by_mark:
        mark_missing(rma.pk, bench=Bench(circle.wanda))
    rest = Rest.NONE if by_mark else Rest.MISSING

    foreseen = foresee(circle, rma, rest=rest)
    decide(circle, rma, rest=rest)
    circle.send()
    circle.refund_arrives(rma)

    item = item_of(rma).item_id
    assert entries(bodies(circle)[0]) == {(item, "approved"): 1, (item, "not_received"): 2}
    assert paid(circle, rma) == [foreseen.amount] == [Decimal("3.05")]
    assert circle.rma(rma.rma_number).receipt == Receipt.RECEIVED


def test_what_is_not_in_the_return_is_named_by_its_sku_and_changes_no_refund(
    circle: Circle,
) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    scan(circle, rma, 2)
    for sku in ("X-999", "X-999", "socks"):
        keep_stranger(rma.pk, sku, bench=Bench(circle.wanda))

    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    told = entries(bodies(circle)[0])
    # One more of a SKU that is in the return would be taken for the line that Narvar knows.
    assert told == {(item_of(rma).item_id, "approved"): 2, ("X-999", "invalid_item"): 2}
    assert paid(circle, rma) == [foreseen.amount] == [Decimal("13.05")]
    assert ReceiptLine.objects.get(sku="socks").command is None


def test_what_is_not_restocked_makes_an_exception_where_narvar_restocks(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"), policy={"restock_at": "approved"})
    split(circle, rma, approved=1, approved_no_restock=1)

    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    assert foreseen.outcome == "The return becomes an Exception."
    assert any("Narvar will move it to Exception" in one for one in foreseen.warnings)
    assert at_narvar(circle, rma) == "exception"
    assert circle.rma(rma.rma_number).work == Work.EXCEPTION
    assert paid(circle, rma) == [foreseen.amount] == [Decimal("13.05")]


def test_what_is_rejected_whole_is_not_refunded(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    split(circle, rma, rejected=2)
    with pytest.raises(Refused, match="nothing to refund"):
        decide(circle, rma)

    foreseen = foresee(circle, rma, refund=False)
    decide(circle, rma, refund=False)
    circle.send()
    circle.tell(rma.rma_number)

    rma = circle.rma(rma.rma_number)
    assert foreseen.outcome == "The return becomes Rejected."
    assert (rma.narvar_status, rma.work, rma.money) == ("rejected", Work.DONE, Money.NONE)
    assert circle.narvar.ledger() == []


def test_what_needs_a_person_goes_without_refund(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    split(circle, rma, approved=1, exception=1)
    with pytest.raises(Refused, match="An item needs a person first"):
        decide(circle, rma)

    decide(circle, rma, refund=False)
    circle.send()
    circle.tell(rma.rma_number)

    assert at_narvar(circle, rma) == "exception"
    assert circle.rma(rma.rma_number).work == Work.EXCEPTION
    assert circle.narvar.ledger() == []


def test_a_partial_refund_is_that_amount_for_that_reason(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    receive_all(rma.pk, bench=Bench(circle.wanda))

    command = decide(circle, rma, partial_amount=Decimal("7.50"), reason="Worn or used", note="x")
    circle.send()
    circle.refund_arrives(rma)

    (body,) = bodies(circle)
    assert body["total_refund_override_amount"] == Decimal("7.50")
    assert (command.summary["reason"], command.summary["partial"]) == ("Worn or used", True)
    assert rma.history.filter(text__endswith="with a refund of 7.50 USD: Worn or used").exists()
    assert paid(circle, rma) == [Decimal("7.50")]
    assert circle.rma(rma.rma_number).money == Money.CONFIRMED


@pytest.mark.parametrize(
    ("currency", "price", "due"), [("JPY", "1980", "1285"), ("KWD", "7.125", "6.430")]
)
def test_each_currency_is_paid_to_its_own_unit(
    currency: str, price: str, due: str, circle: Circle
) -> None:
    rma = arrive(circle, ("SOCKS", 2, price), currency=currency)
    split(circle, rma, approved=1, rejected=1)

    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    assert foreseen.amount == Decimal(due)
    assert [(row.amount, row.currency) for row in circle.refunds(rma)] == [(due, currency)]
    assert circle.rma(rma.rma_number).money == Money.CONFIRMED


# What changes between the click and the call.


def fewer(circle: Circle, rma: Rma) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = circle.narvar.body(DOMAIN, rma.rma_number)["items"]
    return [items[0] | {"quantity": 1}, *items[1:]]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda *_: {"estimated_refund": "5.00"}, "Only 5.00 USD can still be refunded"),
        (lambda *_: {"currency": "CAD"}, "currency at Narvar is CAD"),
        (lambda *_: {"return_status": "cancelled_by_user"}, "was cancelled"),
        (lambda *_: {"policy": {"refund_succeeded_at": soon()}}, "automation has refunded"),
        (lambda *given: {"items": fewer(*given)}, "2 of SOCKS are entered, of 1"),
        (
            lambda circle, rma: {"items": circle.narvar.body(DOMAIN, rma.rma_number)["items"][1:]},
            "SOCKS is not in the return any more",
        ),
    ],
)
def test_what_became_wrong_before_it_was_sent_is_not_sent(
    change: Any, why: str, told: bool, circle: Circle
) -> None:
    """Whether its webhook came in time, or only our look before the call shows it."""
    rma = arrive(circle, ("SOCKS", 2, "10.00"), ("CAP", 1, "25.50"))
    receive_all(rma.pk, bench=Bench(circle.wanda))
    command = decide(circle, rma)
    edited(circle, rma, **change(circle, rma))
    if told:
        circle.tell(rma.rma_number)

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert why in command.problem
    assert bodies(circle) == []
    assert not ReceiptLine.objects.exclude(command=None).exists()  # to be decided anew


def test_units_that_a_forged_webhook_added_are_not_paid(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 1, "10.00"))
    headers, raw = circle.narvar.webhook(DOMAIN, rma.rma_number)
    forged = json.loads(raw)
    forged["items"][0]["quantity"] = 9
    circle.knock(headers, json.dumps(forged).encode())
    circle.drain()
    receive_all(rma.pk, bench=Bench(circle.wanda))
    command = decide(circle, rma)

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert "9 of SOCKS are entered, of 1" in command.problem
    assert circle.narvar.ledger() == []


# What is not even taken.


@pytest.fixture
def two_socks(circle: Circle) -> Rma:
    return arrive(circle, ("SOCKS", 2, "10.00"))


@pytest.mark.parametrize(
    "amount", ["0", "-1", "13.06", "1e9", "0.001", "NaN", "Infinity", "-Infinity", "1E-99"]
)
def test_no_amount_but_one_within_the_cap(amount: str, circle: Circle, two_socks: Rma) -> None:
    receive_all(two_socks.pk, bench=Bench(circle.wanda))

    with pytest.raises(Refused):
        decide(circle, two_socks, partial_amount=Decimal(amount))

    assert not Command.objects.exists()


@given(cents=st.integers(1, 1305))
@effort(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_bytes_say_the_amount_that_was_entered(db: None, cents: int) -> None:
    amount = Decimal(cents) / 100
    rma = make_rma(first_cap=Decimal("13.05"), estimated_refund=Decimal("13.05"))
    make_item(rma)
    ana = make_staff(shop=rma.shop, role="agent")

    command = decisions.approve(
        rma.pk,
        by=ana,
        refund=True,
        version=rma.version,
        submission_token=uuid.uuid4(),
        partial_amount=amount,
    )

    body = json.loads(bytes(command.body), parse_float=Decimal, parse_int=Decimal)
    assert body["total_refund_override_amount"] == amount == command.amount
    assert body["process_refund"] is body["process_refund_override"] is True


@pytest.mark.parametrize("currency", ["XYZ", ""])
def test_an_unknown_currency_moves_no_money(currency: str, circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    edited(circle, rma, currency=currency)
    circle.tell(rma.rma_number)

    with pytest.raises(Refused, match="is not one we know"):
        decide(circle, rma, rest=Rest.AS_EXPECTED)


def test_without_a_cap_nothing_is_refunded_until_narvar_names_it(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"))
    Rma.objects.update(first_cap=None, estimated_refund=None)
    for amount in (None, Decimal("1.00")):
        with pytest.raises(Refused, match="not told us how much"):
            decide(circle, rma, rest=Rest.AS_EXPECTED, partial_amount=amount)

    edited(circle, rma)
    circle.tell(rma.rma_number)

    assert foresee(circle, rma, rest=Rest.AS_EXPECTED).amount == Decimal("13.05")


def test_what_the_automation_refunded_is_not_refunded_again(circle: Circle) -> None:
    rma = circle.arrive(kind="instant_refund")

    with pytest.raises(Refused, match="automation has refunded this return already"):
        decide(circle, rma, rest=Rest.AS_EXPECTED)

    assert len(circle.narvar.ledger()) == 1


@pytest.mark.parametrize("quantity", [-1, 3, 9_999, 10_000, 10**9])
def test_no_line_takes_more_units_than_it_has(
    quantity: int, circle: Circle, two_socks: Rma
) -> None:
    item = item_of(two_socks)

    with pytest.raises(Refused):
        split_item(
            two_socks.pk,
            item.pk,
            [Part(quantity=quantity, decision="approved")],
            bench=Bench(circle.wanda),
            version=two_socks.version,
        )

    assert not ReceiptLine.objects.exists()


def test_the_third_of_two_is_too_many_and_the_same_outcome_twice_adds_up(
    circle: Circle, two_socks: Rma
) -> None:
    item = item_of(two_socks)
    twice = [Part(quantity=1, decision="approved")] * 2
    split_item(two_socks.pk, item.pk, twice, bench=Bench(circle.wanda), version=two_socks.version)

    with pytest.raises(TooMany):
        count_unit(two_socks.pk, item.pk, bench=Bench(circle.wanda))

    decide(circle, two_socks)
    circle.send()
    assert entries(bodies(circle)[0]) == {(item.item_id, "approved"): 2}


# What Narvar lowered below what is entered.


def test_too_many_units_can_be_taken_back_and_not_be_decided(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 4, "10.00"))
    split(circle, rma, approved=3, rejected=1)
    edited(circle, rma, items=[fewer(circle, rma)[0] | {"quantity": 2}])
    circle.tell(rma.rma_number)
    with pytest.raises(Refused, match="4 of SOCKS are entered, of 2"):
        decide(circle, rma)
    with pytest.raises(TooMany):
        split(circle, rma, approved=2, rejected=1)

    split(circle, rma, approved=1, rejected=1)
    decide(circle, rma)
    circle.send()

    item = item_of(rma).item_id
    assert entries(bodies(circle)[0]) == {(item, "approved"): 1, (item, "rejected"): 1}
