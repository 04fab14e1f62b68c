"""How many decimals an amount of a currency has (ISO 4217)."""

from babel.core import get_global
from babel.numbers import get_currency_precision

KNOWN = frozenset(get_global("all_currencies"))

# Babel knows how prices are written, and these are written without their decimals.
# Payment systems still count them in hundredths (Iraq: thousandths).
WRITTEN_WITHOUT_DECIMALS = {
    "AFN": 2,
    "ALL": 2,
    "IQD": 3,
    "IRR": 2,
    "KPW": 2,
    "LAK": 2,
    "LBP": 2,
    "MGA": 2,
    "MMK": 2,
    "RSD": 2,
    "SOS": 2,
    "SYP": 2,
    "YER": 2,
}


def decimals_of(currency: str) -> int | None:
    """JPY 0, USD 2, KWD 3; None for a code that is no currency."""
    if currency not in KNOWN:
        return None
    return WRITTEN_WITHOUT_DECIMALS.get(currency, get_currency_precision(currency))
