"""The pure rules: what an approval would do, and when it may not be done."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns.money import exponent, rounded, spoken
from returns_ops.returns.policy import ApprovalFacts, cap_left, judge_approval
from returns_ops.returns.refunds import UnitsFacts
from returns_ops.returns.states import Decision, NarvarStatus, Receipt, Standing, Work, work_of

ARRIVED = ApprovalFacts(
    narvar_status=NarvarStatus.DELIVERED,
    refund=True,
    estimated_refund=Decimal("49.99"),
    cap=Decimal("49.99"),
    refunded=Decimal(0),
    currency="USD",
    refund_method="original_payment",
    item_count=1,
)
amounts = st.decimals(min_value=0, max_value=10**6, places=2)


def test_a_return_that_arrived_may_be_refunded_in_full() -> None:
    verdict = judge_approval(ARRIVED)

    assert verdict.allowed
    assert verdict.amount == Decimal("49.99")
    assert verdict.sentence.startswith("49.99 USD to the original payment, 1 item approved.")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"open_command": "queued"}, "already under way"),
        ({"narvar_status": NarvarStatus.CANCELLED_BY_USER}, "was cancelled"),
        ({"narvar_status": NarvarStatus.APPROVED}, "approved this return already"),
        ({"narvar_status": NarvarStatus.REJECTED}, "as rejected"),
        ({"item_count": 0}, "not told us of any item"),
        ({"lines_without_name": 2}, "could not tell them apart"),
        ({"currency": "XYZ"}, "not one we know"),
        ({"currency": ""}, "(none)"),
        ({"automation_refunded": True}, "automation has refunded"),
        ({"estimated_refund": None, "cap": None}, "not told us how much"),
        ({"refunded": Decimal("49.99")}, "Nothing is left"),
        ({"refunded": Decimal("60")}, "Nothing is left"),
        ({"estimated_refund": Decimal(0)}, "Nothing is left"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    changed: dict[str, object], reason: str
) -> None:
    verdict = judge_approval(replace(ARRIVED, **changed))  # type: ignore[arg-type]

    assert not verdict.allowed
    assert verdict.amount is None
    assert any(reason in one for one in verdict.reasons)


def test_where_nothing_is_odd_nothing_is_warned_of() -> None:
    assert judge_approval(ARRIVED).warnings == ()


NOT_RESTOCKED = UnitsFacts(name="SOCKS", quantity=1, decision=Decision.APPROVED_NO_RESTOCK)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"undelivered": True}, "not delivered it yet"),
        ({"narvar_status": NarvarStatus.BY_HAND}, "may move no money"),
        ({"restock_fires_at": "approved", "units": (NOT_RESTOCKED,)}, "move it to Exception"),
        ({"stock_held_until": "28 Nov, 10:00 UTC"}, "held until 28 Nov, 10:00 UTC only"),
        ({"shared_skus": ("SOCKS",)}, "Two lines of this return are SOCKS"),
        ({"same_box": ("RM-2", "RM-3")}, "another return: RM-2, RM-3"),
        ({"paid_in_shopify": True}, "A refund was made in Shopify"),
        ({"refund": False, "refund_fires_at": "approved"}, "may still pay"),
    ],
)
def test_each_trap_is_warned_of_before_the_click(changed: dict[str, Any], words: str) -> None:
    (warning,) = judge_approval(replace(ARRIVED, **changed)).warnings

    assert words in warning


@pytest.mark.parametrize(
    "changed",
    [
        {"restock_fires_at": "approved"},
        {"units": (NOT_RESTOCKED,)},
        {"refund_fires_at": "approved"},
        {"refund": False, "refund_fires_at": "delivered_to_retailer"},
    ],
)
def test_half_a_trap_is_none(changed: dict[str, Any]) -> None:
    assert judge_approval(replace(ARRIVED, **changed)).warnings == ()


@pytest.mark.parametrize("changed", [{"cap": None, "estimated_refund": None}, {"currency": ""}])
def test_without_refund_nobody_asks_for_the_amount(changed: dict[str, object]) -> None:
    verdict = judge_approval(replace(ARRIVED, refund=False, **changed))  # type: ignore[arg-type]

    assert verdict.allowed
    assert verdict.amount is None


@given(estimated=amounts, first=amounts, refunded=amounts)
def test_never_more_than_was_calculated_less_what_was_paid(
    estimated: Decimal, first: Decimal, refunded: Decimal
) -> None:
    facts = replace(ARRIVED, estimated_refund=estimated, cap=first, refunded=refunded)

    verdict, left = judge_approval(facts), cap_left(facts)

    assert left is not None
    assert 0 <= left <= min(estimated, first)
    assert left + refunded <= max(min(estimated, first), refunded)
    assert verdict.allowed == (left > 0)
    assert verdict.amount == (left if left > 0 else None)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("RSD", 2), ("???", 2)]
)
def test_each_currency_has_its_own_smallest_unit(currency: str, digits: int) -> None:
    assert exponent(currency) == digits
    assert rounded(Decimal("1.23456"), currency) == round(Decimal("1.23456"), digits)


def test_an_amount_is_spoken_with_its_currency_and_all_its_digits() -> None:
    assert spoken(Decimal("1049.9900"), "USD") == "1,049.99 USD"
    assert spoken(Decimal("1050"), "JPY") == "1,050 JPY"
    assert spoken(Decimal("-8.5"), "USD") == "-8.50 USD"
    assert spoken(Decimal("0.125"), "USD") == "0.125 USD"
    assert spoken(None, "USD") == "unknown"


@pytest.mark.parametrize(
    ("standing", "work"),
    [
        (Standing(NarvarStatus.INITIATED), Work.TO_RECEIVE),
        (Standing(NarvarStatus.DELIVERED), Work.TO_DECIDE),
        (Standing(NarvarStatus.INITIATED, return_method="keep_the_item"), Work.TO_DECIDE),
        (Standing(NarvarStatus.ON_ITS_WAY, Receipt.RECEIVED), Work.TO_INSPECT),
        (Standing(NarvarStatus.DELIVERED, command_state="queued"), Work.WAITING),
        (Standing(NarvarStatus.EXCEPTION, command_state="sending"), Work.WAITING),
        (Standing(NarvarStatus.APPROVED, command_state="accepted"), Work.WAITING),
        (Standing(NarvarStatus.APPROVED, command_state="accepted", overdue=True), Work.EXCEPTION),
        (Standing(NarvarStatus.APPROVED, command_state="attention"), Work.EXCEPTION),
        (Standing(NarvarStatus.DELIVERED, command_state="refused"), Work.EXCEPTION),
        (Standing(NarvarStatus.DELIVERED, command_state="needs_approval"), Work.NEEDS_APPROVAL),
        (Standing(NarvarStatus.EXCEPTION), Work.EXCEPTION),
        (Standing(NarvarStatus.OUT_OF_STOCK), Work.EXCEPTION),
        (Standing("returned"), Work.EXCEPTION),
        (Standing(NarvarStatus.APPROVED), Work.DONE),
        (Standing(NarvarStatus.CANCELLED_BY_USER), Work.DONE),
        (Standing(NarvarStatus.APPROVED, command_state="confirmed"), Work.DONE),
    ],
)
def test_the_queue_follows_from_the_states(standing: Standing, work: Work) -> None:
    assert work_of(standing) == work
