"""One JSON value into one of ours. Each raises Odd with the words for what the value is not."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from returns_ops.narvar.wire.decode import LONGEST_NUMBER

LONGEST_NAME = 255  # of what names a thing: numbers, SKUs, ids
MOST_UNITS = 1_000_000  # in one line
MOST_DAYS = 36_500
# What our columns hold before the point.
MONEY_DIGITS, RATE_DIGITS = 14, 10

# A return is not older than Narvar's product; money and states may have been imported.
RETURNS_BEGIN, HISTORY_BEGINS, TIME_ENDS = 2015, 2010, 2100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Odd(Exception):
    pass


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Odd("not a text")


def name(value: Any) -> str:
    """A text that names something, and so has to fit into an index."""
    found = text(value)
    if len(found) > LONGEST_NAME:
        raise Odd(f"longer than {LONGEST_NAME} characters")
    return found


def lower(value: Any) -> str:
    return text(value).strip().lower()


def currency(value: Any) -> str:
    code = text(value).strip().upper()
    if len(code) > 8:
        raise Odd("not a currency code")
    return code


def boolean(value: Any) -> bool:
    found = _TRUTH.get(str(value).strip().lower())
    if found is None:
        raise Odd("neither true nor false")
    return found


def number(value: Any, digits: int = LONGEST_NUMBER) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Odd("not a number")
    written = str(value).strip()
    if not _NUMBER.fullmatch(written):
        raise Odd("not a number")
    found = Decimal(written)
    if found and (found.adjusted() >= digits or _length(found) > LONGEST_NUMBER):
        raise Odd("too long a number")
    return Decimal(format(found, "f")) if found else Decimal(0)


def money(value: Any) -> Decimal:
    return number(value, MONEY_DIGITS)


def rate(value: Any) -> Decimal:
    return number(value, RATE_DIGITS)


def units(value: Any) -> int:
    return _whole(value, MOST_UNITS)


def days(value: Any) -> int:
    return _whole(value, MOST_DAYS)


def moment(value: Any) -> datetime:
    return _moment(value, RETURNS_BEGIN)


def historic_moment(value: Any) -> datetime:
    return _moment(value, HISTORY_BEGINS)


def _whole(value: Any, most: int) -> int:
    try:
        found = number(value)
    except Odd:
        raise Odd("not a whole number") from None
    if found != found.to_integral_value() or found < 0:
        raise Odd("not a whole number")
    if found > most:
        raise Odd(f"more than {most}")
    return int(found)


def _moment(value: Any, begin: int) -> datetime:
    try:
        return _epoch(number(value), begin)
    except Odd:
        if not isinstance(value, str) or _NUMBER.fullmatch(value.strip()):
            raise Odd(f"not a time between {begin} and {TIME_ENDS}") from None
    return _iso(value.strip(), begin)


def _epoch(count: Decimal, begin: int) -> datetime:
    """Seconds, milliseconds or microseconds: only one of them can fall into our time."""
    first = int((datetime(begin, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
    last = int((datetime(TIME_ENDS, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
    for parts in (1, 1_000, 1_000_000):
        if first * parts <= count < last * parts:
            return EPOCH + timedelta(microseconds=int(count * (1_000_000 // parts)))
    raise Odd("not a time")


def _iso(written: str, begin: int) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Odd("not a time") from None
    if not begin <= found.year < TIME_ENDS:
        raise Odd(f"not a time between {begin} and {TIME_ENDS}")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _length(found: Decimal) -> int:
    return max(found.adjusted() + 1, 1) - min(int(found.as_tuple().exponent), 0)
