from decimal import Decimal
from typing import Any

import pytest

from returns_ops.returns.currency import decimals_of
from returns_ops.returns.snapshot import TransactionSnapshot
from tests.narvar.wire.bodies import read


def transaction(**fields: Any) -> tuple[TransactionSnapshot, tuple[str, ...]]:
    found = read(currency="CAD", transactions=[{"id": "t1", "currency": "USD", **fields}])
    return found.transactions[0], found.flags


def test_four_shapes_of_money_in_one_body_are_one_unit() -> None:
    found = read(
        currency="USD",
        estimated_refund="8.50",
        restocking_fee=8.5,
        transactions=[{"id": "t", "currency": "USD", "amount": 8.50}],
        fee_breakdown=[{"fee": 850.0, "currency": "USD"}],
    )

    amounts = {found.estimated_refund, found.restocking_fee}
    assert amounts | {found.transactions[0].amount, found.fees[0].amount} == {Decimal("8.5")}


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("USD", "8.50"), ("JPY", "850"), ("KWD", "0.850"), ("RSD", "8.50"), ("usd", "8.50")],
)
def test_a_fee_is_counted_in_the_smallest_unit(currency: str, amount: str) -> None:
    assert read(fee_breakdown=[{"fee": 850.0, "currency": currency}]).fees[0].amount == Decimal(
        amount
    )


def test_a_fee_in_an_unknown_currency_is_remarked() -> None:
    found = read(fee_breakdown=[{"fee": 850.0, "currency": "QQQ"}])

    assert found.fees[0].amount == Decimal("8.50")
    assert found.flags == (
        'fee_breakdown[].currency is "QQQ": not a word we know, kept as it is',
        "fee_breakdown[0].fee is 850.0 in no known currency: read as hundredths",
    )


def test_a_fee_without_an_amount_is_kept_as_it_is() -> None:
    found = read(fee_breakdown=[{"fee": "free", "description": "Return Fee"}, {"fee": 0}])

    assert len(found.fees) == 1
    assert found.extra == {"fee_breakdown": [{"fee": "free", "description": "Return Fee"}]}


@pytest.mark.parametrize("told", [5, -5, "5.00"])
def test_a_reversal_always_gives_money_back(told: Any) -> None:
    row, flags = transaction(amount=told, refund_method="narvar_instant_refund_reversal")

    assert (row.amount, flags) == (Decimal(-5), ())


def test_a_negative_refund_that_is_no_reversal_is_remarked() -> None:
    row, flags = transaction(amount=-5, refund_method="gift_card")

    assert row.amount == -5
    assert flags == ("transactions[0].amount is -5: below zero and no reversal",)


def test_a_transaction_without_currency_is_in_that_of_the_order() -> None:
    row, flags = transaction(currency=None)

    assert (row.currency, flags) == ("CAD", ("transactions[0].currency is left out",))


def test_a_rate_keeps_its_digits() -> None:
    assert transaction(conversion_rate_to_shop=0.73078)[0].conversion_rate_to_shop == Decimal(
        "0.73078"
    )


@pytest.mark.parametrize(
    ("code", "decimals"),
    [("JPY", 0), ("USD", 2), ("KWD", 3), ("IQD", 3), ("ISK", 0), ("QQQ", None), ("usd", None)],
)
def test_currencies_have_the_decimals_of_the_standard(code: str, decimals: int | None) -> None:
    assert decimals_of(code) == decimals
