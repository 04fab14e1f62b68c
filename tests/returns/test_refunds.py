"""Refunds worked out, and amounts that people enter: pure, against any input."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from returns_ops.returns.money import exponent
from returns_ops.returns.policy import ApprovalFacts, judge_approval
from returns_ops.returns.refunds import UnitsFacts, Worked, percentage, work_out
from returns_ops.returns.states import Decision, NarvarStatus

CURRENCIES = ["USD", "JPY", "KWD"]
ACCEPTED = (Decision.APPROVED, Decision.APPROVED_NO_RESTOCK)
currencies = st.sampled_from(CURRENCIES)
amounts = st.decimals(min_value=0, max_value=10_000, places=4)
units_of_a_return = st.lists(
    st.builds(
        UnitsFacts,
        name=st.sampled_from(["SOCKS", "CAP", "PARKA"]),
        quantity=st.integers(1, 4),
        decision=st.sampled_from([str(one) for one in Decision]),
        unit_value=st.decimals(min_value=0, max_value=500, places=3),
        refundable=st.sampled_from([True, True, False]),
        told=st.booleans(),
        in_return=st.sampled_from([True, True, True, False]),
    ),
    max_size=5,
)
fees_of_a_return = st.lists(st.tuples(st.sampled_from(["Label", "Restocking fee"]), amounts))


def worked(units: list[UnitsFacts], **changed: Any) -> Worked:
    known: dict[str, Any] = {
        "estimate": Decimal("100.00"),
        "fees": [],
        "refunded": Decimal(0),
        "left": Decimal("100.00"),
        "currency": "USD",
    }
    return work_out(units, **{**known, **changed})


def socks(decision: str = Decision.APPROVED, quantity: int = 1, **fields: Any) -> UnitsFacts:
    known: dict[str, Any] = {"name": "SOCKS", "unit_value": Decimal("24.00")}
    return UnitsFacts(quantity=quantity, decision=decision, **{**known, **fields})


# What is due.


@given(
    units=units_of_a_return,
    estimate=amounts,
    fees=fees_of_a_return,
    refunded=amounts,
    left=amounts,
    currency=currencies,
)
def test_the_lines_add_up_to_the_amount_which_is_never_above_what_is_left(
    units: list[UnitsFacts],
    estimate: Decimal,
    fees: list[tuple[str, Decimal]],
    refunded: Decimal,
    left: Decimal,
    currency: str,
) -> None:
    found = work_out(
        units, estimate=estimate, fees=fees, refunded=refunded, left=left, currency=currency
    )

    assert found.amount is not None
    assert found.problem == ""
    assert sum(line.amount for line in found.lines) == found.amount
    assert all(line.text for line in found.lines)
    assert 0 <= found.amount <= left
    assert found.amount == found.amount.quantize(Decimal(1).scaleb(-exponent(currency)))


@given(units=units_of_a_return, estimate=amounts, refunded=amounts, currency=currencies)
def test_what_is_not_accepted_is_taken_off_at_what_was_paid_half_up(
    units: list[UnitsFacts], estimate: Decimal, refunded: Decimal, currency: str
) -> None:
    off = sum(
        one.quantity * (one.unit_value or Decimal(0))
        for one in units
        if one.in_return and one.refundable and one.decision not in ACCEPTED
    )
    exact = max(estimate - off - refunded, Decimal(0))
    unit = Decimal(1).scaleb(-exponent(currency))

    found = worked(
        units, estimate=estimate, refunded=refunded, left=Decimal(10**6), currency=currency
    )

    assert found.amount == exact.quantize(unit, ROUND_HALF_UP)


@given(units=units_of_a_return, data=st.data())
def test_neither_the_order_nor_what_was_told_already_changes_the_amount(
    units: list[UnitsFacts], data: Any
) -> None:
    shuffled = data.draw(st.permutations([replace(one, told=not one.told) for one in units]))

    assert worked(shuffled).amount == worked(units).amount


@given(units=units_of_a_return, which=st.integers(0, 4))
def test_accepting_more_never_pays_less(units: list[UnitsFacts], which: int) -> None:
    assume(which < len(units))
    kinder = [*units[:which], replace(units[which], decision="approved"), *units[which + 1 :]]

    before, after = worked(units).amount, worked(kinder).amount

    assert before is not None
    assert after is not None
    assert after >= before


@pytest.mark.parametrize(
    ("currency", "estimate", "paid", "due"),
    [
        ("USD", "100.00", "24.005", "76.00"),  # 75.995
        ("USD", "100.00", "24.006", "75.99"),
        ("JPY", "4000", "1980.5", "2020"),  # 2019.5
        ("JPY", "4000", "1980.6", "2019"),
        ("KWD", "20.000", "7.1245", "12.876"),  # 12.8755
        ("KWD", "20.000", "7.1246", "12.875"),
    ],
)
def test_half_up_at_the_currencys_own_unit(
    currency: str, estimate: str, paid: str, due: str
) -> None:
    units = [socks(), socks(Decision.REJECTED, unit_value=Decimal(paid))]

    found = worked(units, estimate=Decimal(estimate), left=Decimal(estimate), currency=currency)

    assert found.amount == Decimal(due)
    assert found.lines[-1].text == "Rounded"


def test_the_lines_say_where_the_amount_comes_from() -> None:
    units = [
        socks(quantity=2),
        socks(Decision.REJECTED),
        socks(Decision.INVALID_ITEM, in_return=False),
    ]

    found = worked(
        units,
        estimate=Decimal("63.50"),
        fees=[("Label", Decimal("6.95"))],
        refunded=Decimal("10.00"),
        left=Decimal("53.50"),
    )

    assert [(line.text, str(line.amount)) for line in found.lines] == [
        ("3 × SOCKS", "72.00"),
        ("Label", "-6.95"),
        ("Other, by Narvar's figure", "-1.55"),
        ("1 × SOCKS not accepted", "-24.00"),
        ("Refunded already", "-10.00"),
    ]
    assert found.amount == Decimal("29.50")


@pytest.mark.parametrize(
    ("changed", "amount", "why"),
    [
        ({"left": Decimal("9.99")}, "9.99", "At most what is left"),
        ({"left": Decimal("9.999")}, "9.99", "At most what is left"),
        ({"refunded": Decimal("80.00")}, "0", "More is taken off"),
    ],
)
def test_an_amount_that_is_cut_says_why(changed: dict[str, Any], amount: str, why: str) -> None:
    found = worked([socks(), socks(Decision.REJECTED)], **changed)

    assert found.amount == Decimal(amount)
    assert found.lines[-1].text.startswith(why)


@pytest.mark.parametrize("unknown", ["estimate", "left"])
def test_without_narvars_figure_there_is_no_amount(unknown: str) -> None:
    found = worked([socks()], **{unknown: None})

    assert (found.amount, found.lines) == (None, ())
    assert "has not told us" in found.problem


@pytest.mark.parametrize("decision", [one for one in Decision if one not in ACCEPTED])
def test_what_was_paid_must_be_known_of_what_is_not_accepted(decision: str) -> None:
    found = worked([socks(), socks(decision, unit_value=None)])

    assert found.amount is None
    assert "SOCKS: enter the amount" in found.problem


def test_what_was_paid_for_accepted_goods_need_not_be_known() -> None:
    units = [socks(unit_value=None), socks(Decision.REJECTED)]

    assert worked(units).amount == Decimal("76.00")


def test_an_exchange_brings_goods_and_no_money() -> None:
    units = [socks(), socks(Decision.REJECTED, refundable=False, unit_value=None)]

    assert worked(units).amount == Decimal("100.00")


@given(amount=amounts, currency=currencies)
def test_two_shares_of_an_amount_are_within_a_unit_of_it(amount: Decimal, currency: str) -> None:
    unit = Decimal(1).scaleb(-exponent(currency))

    parts = [percentage(amount, Decimal(percent), currency) for percent in (25, 75)]

    assert abs(sum(parts) - amount) <= unit
    assert percentage(Decimal("0.5"), Decimal(1), "USD") == Decimal("0.01")


# An amount that a person enters.

PARTIAL = ApprovalFacts(
    narvar_status=NarvarStatus.DELIVERED,
    refund=True,
    estimated_refund=Decimal("49.99"),
    cap=Decimal("53.00"),
    refunded=Decimal("10.00"),
    currency="USD",
    item_count=1,
)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("0", "Enter an amount above zero"),
        ("-0.01", "Enter an amount above zero"),
        ("NaN", "Enter an amount above zero"),
        ("sNaN", "Enter an amount above zero"),
        ("Infinity", "Enter an amount above zero"),
        ("-Infinity", "Enter an amount above zero"),
        ("40.00", "Enter 39.99 USD or less"),
        ("1E+999999", "Enter 39.99 USD or less"),
        ("0.001", "USD has 2 decimals, not more"),
        ("39.985", "USD has 2 decimals, not more"),
        ("1E-999999", "USD has 2 decimals, not more"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_in_words(amount: str, reason: str) -> None:
    verdict = judge_approval(replace(PARTIAL, partial_amount=Decimal(amount)))

    assert not verdict.allowed
    assert verdict.amount is None
    assert any(one.startswith(reason) for one in verdict.reasons)
    assert len(verdict.sentence) < 300


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+999999", "10.00"])
def test_without_narvars_figure_no_amount_can_be_entered(amount: str) -> None:
    facts = replace(PARTIAL, estimated_refund=None, cap=None, partial_amount=Decimal(amount))

    assert not judge_approval(facts).allowed


@pytest.mark.parametrize("amount", ["0.01", "39.99", "1e1", "5.0000"])
def test_an_amount_within_what_is_left_is_taken_as_it_is(amount: str) -> None:
    verdict = judge_approval(replace(PARTIAL, partial_amount=Decimal(amount)))

    assert verdict.allowed
    assert verdict.override
    assert verdict.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("currency", "amount", "allowed"),
    [("JPY", "10", True), ("JPY", "10.5", False), ("KWD", "1.234", True), ("KWD", "1.2345", False)],
)
def test_each_currency_has_its_own_decimals(currency: str, amount: str, allowed: bool) -> None:
    facts = replace(PARTIAL, currency=currency, partial_amount=Decimal(amount))

    assert judge_approval(facts).allowed is allowed
