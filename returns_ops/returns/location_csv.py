"""Locations as CSV, out and in: the same columns, and no cell that a spreadsheet would compute."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from returns_ops.returns.coordinates import read_angle
from returns_ops.returns.location_faults import faults_of
from returns_ops.returns.location_snapshot import DEGREES, FIELDS, Facts, facts_of
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.phone_numbers import read_phone
from returns_ops.returns.regions import country_name, country_of, state_of, states

COLUMNS = ("narvar_id", *FIELDS)
OPTIONAL = {"narvar_id", "address2"}
FLAGS = ("accepts_mail", "accepts_in_store")
SAID = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
MOST_ROWS = 5000
MOST_BYTES = 2_000_000
# What a spreadsheet takes for a formula. A plain number is none, whatever its sign.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Unreadable(Exception):
    """The file as a whole; the text says why to a person."""


def write_csv(locations: Iterable[ReturnLocation]) -> Iterator[str]:
    """Line by line, so that any number can be streamed."""
    yield _line(COLUMNS)
    for one in locations:
        facts = facts_of(one)
        yield _line([safe(one.narvar_id), *(_cell(facts[name]) for name in FIELDS)])


def read_csv(data: bytes) -> list[dict[str, str]]:
    """One dict of all COLUMNS per row, as the file says it. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable("The file is larger than 2 MB. Split it.")
    text = _decoded(data)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise Unreadable(f"This is not a CSV file: {error}.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise Unreadable("The file is empty.")
    heading = [cell.strip().casefold() for cell in rows[0]]
    _judge_heading(heading)
    if len(rows) == 1:
        raise Unreadable("The file has a heading, and no location below it.")
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable(f"The file has {len(rows) - 1} rows. The most is {MOST_ROWS}.")
    return [_named(heading, row) for row in rows[1:]]


def order_of_row(values: Mapping[str, str]) -> tuple[LocationOrder | None, dict[str, str]]:
    """The location that a row describes, or what is wrong with it, field by field."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    row = _filled(values)
    for name in FIELDS:
        try:
            found[name] = _value(name, row[name])
        except ValueError as error:
            problems[name] = f"{str(error)[:200].rstrip('.')}."
    problems |= _strange_region(row)
    if not problems:
        with suppress(ValueError):
            return LocationOrder(**found), {}
    return None, {**faults_of(found), **problems}


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    """What one of country and state says, the other need not; a phone number as it is dialled."""
    row = {name: values.get(name, "").strip() for name in FIELDS}
    code = row["country_code"].upper() or country_of(row["country"])
    state = row["state_code"].upper() or state_of(row["state"], code)
    row |= {"country_code": code, "country": row["country"] or country_name(code)}
    row |= {"state_code": state, "state": row["state"] or dict(states(code)).get(state, "")}
    if not PHONE.fullmatch(row["phone"]):
        with suppress(ValueError):
            row["phone"] = read_phone(row["phone"], code).e164
    return row


def _strange_region(row: Mapping[str, str]) -> dict[str, str]:
    code, state = row["country_code"][:80], row["state_code"][:80]
    if code and not country_name(code):
        return {"country_code": f"{code!r} is not a country code of two capital letters."}
    if code and state and state not in dict(states(code)):
        return {"state_code": f"{state} is no state of {country_name(code)}."}
    return {}


def facts_of_row(values: Mapping[str, str]) -> Facts:
    """What a row says, to compare it, even where it could not be sent."""
    return facts_of(_Row({name: _readable(name, values.get(name, "")) for name in FIELDS}))


def _readable(name: str, cell: str) -> Any:
    try:
        value = _value(name, cell)
    except ValueError:
        return cell
    far = isinstance(value, Decimal) and not (value.is_finite() and abs(value) < 1000)
    return cell if far else value


class _Row:
    def __init__(self, facts: Facts) -> None:
        self.__dict__.update(facts)


def safe(text: str) -> str:
    """An apostrophe before what a spreadsheet would compute."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if ESCAPED.match(cell) else cell


def _value(name: str, cell: str) -> Any:
    text = cell.strip()
    if name in FLAGS:
        if text.casefold() not in SAID:
            raise ValueError(f"{text!r} is neither yes nor no")
        return SAID[text.casefold()]
    if name in DEGREES:
        try:
            return Decimal(text)
        except InvalidOperation:
            return read_angle(text, "NS" if name == "latitude" else "EW")
    return text


def _cell(value: str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe(value)


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not in UTF-8. Save it as CSV UTF-8.") from error
    if "\x00" in text:
        raise Unreadable("This is not a text file.")
    return text


def _delimiter(text: str) -> str:
    """The one that the heading uses: spreadsheets of some countries write semicolons."""
    heading = text.lstrip("\r\n").splitlines()[:1]
    return max(",;\t", key=heading[0].count) if heading else ","


def _judge_heading(heading: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in heading and name not in OPTIONAL]
    strange = [name for name in heading if name not in COLUMNS]
    if missing:
        raise Unreadable(f"The heading lacks {', '.join(missing)}.")
    if strange:
        raise Unreadable(f"The heading has what we do not know: {', '.join(strange)[:200]}.")
    if len(set(heading)) < len(heading):
        raise Unreadable("The heading names a column twice.")


def _named(heading: list[str], row: list[str]) -> dict[str, str]:
    if any(cell.strip() for cell in row[len(heading) :]):
        raise Unreadable(f"A row has more cells than the heading: {' | '.join(row)[:120]}")
    cells = dict.fromkeys(COLUMNS, "")
    return cells | {name: plain(cell) for name, cell in zip(heading, row, strict=False)}
