"""Locations as CSV: what goes out comes back the same, and nothing in it is computed."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from returns_ops.returns.location_csv import (
    COLUMNS,
    Unreadable,
    facts_of_row,
    plain,
    read_csv,
    safe,
    write_csv,
)
from returns_ops.returns.location_reading import read_location
from returns_ops.returns.location_snapshot import FIELDS, facts_of
from returns_ops.returns.models import ReturnLocation

# How fast is not the question here, and the names of all countries are read once.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What PostgreSQL can hold, with what spreadsheets and CSV readers trip over drawn often.
TRICKY = st.sampled_from(
    ["=1+1", "+49 30", "-2", "@SUM(A1)", "'=1", "''+", "\t=1", "a\r\nb", 'say "no"', "a;b,c\td"]
)
TEXT = TRICKY | st.text("aé€'=+-@;,\"\r\n\t 0.", max_size=8)
DEGREES = st.none() | st.decimals(-180, 180, places=6)
LOCATIONS = st.builds(
    ReturnLocation,
    narvar_id=TEXT,
    **{name: TEXT for name in FIELDS if not name.startswith(("accepts", "lat", "lon"))},
    latitude=DEGREES,
    longitude=DEGREES,
    accepts_mail=st.booleans(),
    accepts_in_store=st.booleans(),
)


def written(*locations: ReturnLocation) -> bytes:
    return "".join(write_csv(locations)).encode()


@PATIENT
@given(st.lists(LOCATIONS, min_size=1, max_size=2))
def test_what_goes_out_comes_back_the_same(locations: list[ReturnLocation]) -> None:
    rows = read_csv(written(*locations))

    assert [facts_of_row(row) for row in rows] == [facts_of(one) for one in locations]
    assert [row["narvar_id"] for row in rows] == [one.narvar_id for one in locations]


@PATIENT
@given(LOCATIONS)
def test_no_cell_is_a_formula(location: ReturnLocation) -> None:
    for row in csv.reader(io.StringIO(written(location).decode(), newline="")):
        for cell in row:
            begins = cell[:1]
            assert begins not in ("=", "@", "+", "\t", "\r")
            assert begins != "-" or cell[1:].replace(".", "", 1).isdigit()


@PATIENT
@given(TEXT)
def test_an_apostrophe_of_ours_is_taken_off_again_and_no_other(text: str) -> None:
    assert plain(safe(text)) == text


def test_a_city_that_begins_with_an_apostrophe_keeps_it() -> None:
    assert plain("'s-Hertogenbosch") == safe("'s-Hertogenbosch") == "'s-Hertogenbosch"


HEADING = ",".join(COLUMNS)
GOOD = (
    "YXWN,Dock,1 Main Road,,Newark,New Jersey,NJ,07114,United States,US,"
    "40.73,-74.17,+14155550100,yes,no"
)


def file(*lines: str, heading: str = HEADING) -> bytes:
    return "\r\n".join([heading, *lines]).encode()


def test_a_file_of_another_spreadsheet_is_read_too() -> None:
    plain_file = file(GOOD)
    semicolons = plain_file.replace(b",", b";")
    shuffled = file("Dock;1 Main Road", heading="name;address1")

    assert read_csv(b"\xef\xbb\xbf" + semicolons) == read_csv(plain_file)
    assert read_csv(plain_file.decode().encode("utf-16")) == read_csv(plain_file)
    order = read_location(read_csv(plain_file)[0]).order
    assert order is not None
    assert (order.longitude, order.accepts_mail) == (Decimal("-74.17"), True)
    with pytest.raises(Unreadable, match="lacks city, state"):
        read_csv(shuffled)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (HEADING.encode(), "no location below"),
        (b"\x89PNG\r\n\x00\xff", "UTF-8"),
        (b"name\x00", "not a text file"),
        (file(GOOD, heading=HEADING + ",colour"), "do not know: colour"),
        (file(GOOD, heading=HEADING + ",name"), "twice"),
        (file(GOOD + ",,more"), "more cells"),
        (file(*[GOOD] * 5001), "The most is 5000"),
        (b"x" * 2_000_001, "2 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_csv(data)


@PATIENT
@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=30)))
def test_no_cell_breaks_the_comparison(cells: dict[str, Any]) -> None:
    assert facts_of_row(cells).keys() == FIELDS.keys()
