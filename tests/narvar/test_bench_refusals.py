"""What Narvar is never sent: what became wrong before the call, and what was never right."""

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
from returns_ops.returns.transitions import (
    Bench,
    Part,
    Refused,
    TooMany,
    count_unit,
    receive_all,
    split_item,
)
from tests.builders import make_item, make_rma, make_staff
from tests.circle import DOMAIN, Circle
from tests.narvar.boxes import (
    arrive,
    bodies,
    decide,
    edited,
    entries,
    foresee,
    item_of,
    soon,
    split,
)

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
