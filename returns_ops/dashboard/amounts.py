"""An amount as a person types it: `41.25`, `41,25`, `1 234.50 USD`. What is unclear is asked."""

import re
from decimal import Decimal

from returns_ops.returns.money import exponent

LONGEST = 18


class AmountProblem(ValueError):
    """In words for the person."""


def amount_typed(text: str, currency: str) -> Decimal:
    """In major units. Raises AmountProblem: nothing is guessed, and nothing is rounded."""
    plain = re.sub(r"[\s\u00a0\u202f'’]", "", text.upper().replace(currency.upper(), ""))
    if not plain or len(plain) > LONGEST or not re.fullmatch(r"[0-9.,]+", plain):
        raise AmountProblem("Enter an amount in digits, for example 41.25.")
    whole, fraction = _parts(plain, currency)
    if len(fraction) > exponent(currency):
        decimals = exponent(currency)
        raise AmountProblem(f"{currency} has {decimals} decimals, not {len(fraction)}.")
    return Decimal(f"{whole or '0'}.{fraction or '0'}")


def _parts(plain: str, currency: str) -> tuple[str, str]:
    """Before and behind the decimal sign; the other sign may only group thousands."""
    marks = re.sub(r"[0-9]", "", plain)
    if not marks:
        return plain, ""
    last = marks[-1]
    whole, _, fraction = plain.rpartition(last)
    if marks.count(last) > 1:
        return _grouped(plain, last, currency), ""
    other = "," if last == "." else "."
    if other in whole:
        return _grouped(whole, other, currency), fraction
    if len(fraction) == 3 and exponent(currency) != 3 and whole not in ("", "0"):
        raise AmountProblem(f"{plain} can be read in two ways. Write {whole}{fraction} or {whole}.")
    return whole, fraction


def _grouped(text: str, mark: str, currency: str) -> str:
    first, *others = text.split(mark)
    if not 1 <= len(first) <= 3 or any(len(one) != 3 or not one.isdecimal() for one in others):
        raise AmountProblem("Enter an amount in digits, for example 41.25.")
    return "".join([first, *others])
