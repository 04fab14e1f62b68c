"""Amounts are Decimals in major units, never finer than their currency allows."""

from decimal import ROUND_HALF_UP, Decimal

from returns_ops.returns.currency import decimals_of


def is_known(currency: str) -> bool:
    return decimals_of(currency) is not None


def exponent(currency: str) -> int:
    """Digits after the point: JPY 0, USD 2, KWD 3; an unknown code is shown with two."""
    decimals = decimals_of(currency)
    return 2 if decimals is None else decimals


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest unit, half up."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


def spoken(amount: Decimal | None, currency: str) -> str:
    """`1,049.99 USD`: always with its currency, tabular, never only a colour for a minus."""
    if amount is None:
        return "unknown"
    digits = exponent(currency)
    finer = -int(amount.normalize().as_tuple().exponent)  # never hide a digit that is there
    return f"{amount:,.{max(digits, finer)}f} {currency}".strip()
