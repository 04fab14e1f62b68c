"""What the bench decides, as Narvar hears it: the ledger is the judge, and Narvar is strict."""

from decimal import Decimal

import pytest

from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import delivery
from returns_ops.returns.models import ReceiptLine
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Money, Receipt, Work
from returns_ops.returns.transitions import (
    Bench,
    Refused,
    keep_stranger,
    mark_missing,
    receive_all,
)
from tests.circle import Circle
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
    assert circle.rma(rma.rma_number).work == Work.TO_DECIDE
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


def test_goods_that_the_customer_keeps_hold_nobody_up(circle: Circle) -> None:
    items = [
        {"sku": "SOCKS", "quantity": 2, "unit_price": "10.00"},
        {"sku": "MUG", "quantity": 1, "unit_price": "8.00", "keep_the_item": True},
    ]
    rma = circle.arrive(items=items)
    receive_all(rma.pk, bench=Bench(circle.wanda))
    rma = circle.rma(rma.rma_number)
    assert (rma.receipt, rma.work) == (Receipt.RECEIVED, Work.TO_DECIDE)

    foreseen = foresee(circle, rma)
    decide(circle, rma)
    circle.send()
    circle.refund_arrives(rma)

    socks, mug = item_of(rma).item_id, item_of(rma, "MUG").item_id
    assert entries(bodies(circle)[0]) == {(socks, "approved"): 2, (mug, "approved"): 1}
    assert paid(circle, rma) == [foreseen.amount] == [Decimal("21.05")]
    assert circle.rma(rma.rma_number).work == Work.DONE


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


def test_a_state_from_before_the_decision_does_not_confirm_it(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"), status="exception")
    command = decide(circle, rma, refund=False, rest=Rest.AS_EXPECTED)
    claimed = outbox.claim()
    assert claimed is not None
    edited(circle, rma)
    circle.tell(rma.rma_number)
    command.refresh_from_db()
    assert command.state == CommandState.SENDING

    delivery.settle(*claimed, outbox.Answer(outcome=AttemptOutcome.REFUSED, problem="Locked"))

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert not ReceiptLine.objects.exists()  # nobody had entered them


def test_an_exception_that_stays_one_is_confirmed_by_narvars_answer(circle: Circle) -> None:
    rma = arrive(circle, ("SOCKS", 2, "10.00"), status="exception")
    split(circle, rma, approved=1, exception=1)

    command = decide(circle, rma, refund=False)
    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert at_narvar(circle, rma) == "exception"


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
