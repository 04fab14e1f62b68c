"""Amounts: Decimals inside, strings, numbers or minor units in the bodies."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.narvar_simulator.records import Json

ZERO = Decimal(0)
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "JOD": 3}
_SYMBOLS = {"USD": "$", "CAD": "CA$", "JPY": "¥", "EUR": "€", "GBP": "£"}


def decimals_of(currency: str) -> int:
    return _EXPONENTS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def words(amount: Decimal, currency: str) -> str:
    return str(rounded(amount, currency))


def decimals_used(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def from_minor(minor: Any, currency: str) -> Decimal:
    return Decimal(str(minor)).scaleb(-decimals_of(currency))


def formatted_fee(minor: int, currency: str) -> str:
    if not minor:
        return "FREE"
    amount = words(from_minor(minor, currency), currency)
    return f"({_SYMBOLS.get(currency, currency + ' ')}{amount})"


def fees(body: Json) -> Decimal:
    """What is kept back from the refund: the fees in minor units, and the restocking fee."""
    kept = sum(
        (from_minor(row["fee"], row["currency"]) for row in body.get("fee_breakdown") or []), ZERO
    )
    return kept + Decimal(str(body.get("restocking_fee") or "0"))


def line_value(line: Json, quantity: int) -> Decimal:
    if line.get("transaction_type", "return") != "return":
        return ZERO
    return Decimal(str(line["unit_final_presentment"])) * quantity


def estimated_refund(body: Json) -> Decimal:
    gross = sum((line_value(line, int(line["quantity"])) for line in body["items"]), ZERO)
    return max(ZERO, rounded(gross - fees(body), body["currency"]))


def refunded(body: Json) -> Decimal:
    """Refunds in the order's currency so far; a reversal gives back whatever its sign is."""
    total = ZERO
    for row in body.get("transactions") or []:
        if row.get("currency", body["currency"]) != body["currency"]:
            continue
        amount = abs(Decimal(str(row["amount"])))
        reversal = row.get("refund_method") == "narvar_instant_refund_reversal"
        total += -amount if reversal else amount
    return total
