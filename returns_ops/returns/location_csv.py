"""Locations as CSV, out and in: the same columns, and no cell that a spreadsheet would compute."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from returns_ops.returns.location_reading import FLAGS, read_degrees, read_flag
from returns_ops.returns.location_snapshot import DEGREES, FIELDS, Facts, facts_of
from returns_ops.returns.models import ReturnLocation

COLUMNS = ("narvar_id", *FIELDS)
OPTIONAL = {"narvar_id", "address2"}
MOST_ROWS = 5000
MOST_BYTES = 2_000_000
# What a spreadsheet takes for a formula. A plain number is none, whatever its sign.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")
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
    """As it was written by us: what somebody else wrote is read by `location_reading`."""
    text = cell.strip()
    if name in FLAGS:
        return read_flag(text)
    if name in DEGREES:
        try:
            return Decimal(text)
        except InvalidOperation:
            return read_degrees(name, text)
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
