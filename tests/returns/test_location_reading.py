"""What people write of a location is read the same on screens, in files and in the admin."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from returns_ops.returns import postcodes, regions
from returns_ops.returns.location_reading import read_location
from returns_ops.returns.location_snapshot import FIELDS
from returns_ops.returns.orders import LocationOrder

# How fast is not the question here, and the names of all countries are read once.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NEWARK = {
    "name": "Dock",
    "address1": "1 Main Road",
    "city": "Newark",
    "state": "New Jersey",
    "state_code": "NJ",
    "postal_code": "07114",
    "country": "United States",
    "country_code": "US",
    "latitude": "40.73",
    "longitude": "-74.17",
    "phone": "+14155550100",
    "accepts_mail": "yes",
    "accepts_in_store": "no",
}


def read(**cells: str) -> LocationOrder:
    reading = read_location({**NEWARK, **cells})
    assert reading.order is not None, reading.problems
    return reading.order


def test_what_one_cell_says_another_need_not() -> None:
    order = read(country_code="", state="", phone="(415) 555-2671", latitude="40° 43.8' N")

    assert (order.country_code, order.state, order.phone) == ("US", "New Jersey", "+14155552671")
    assert order.latitude == Decimal("40.73")


def test_cells_are_read_as_the_fields_of_the_screen() -> None:
    pasted = "https://www.google.com/maps/place/Dock/@40.1,-74.9,17z/data=!3d40.73!4d-74.17"
    order = read(latitude=pasted, longitude="")
    assert (order.latitude, order.longitude) == (Decimal("40.73"), Decimal("-74.17"))
    london = {"country": "UK", "country_code": "", "state": "England", "state_code": ""}
    there = read(**london, postal_code="sw1a  1aa", phone="020 7946 0018", longitude="0.1 W")
    assert (there.postal_code, there.phone) == ("SW1A 1AA", "+442079460018")
    assert (there.country_code, there.state_code) == ("GB", "ENG")


@pytest.mark.parametrize(("country", "code"), [("Hong Kong", "HK"), ("Macao", "MO")])
def test_a_country_without_states_needs_none(country: str, code: str) -> None:
    order = read(country=country, country_code="", state="", state_code="", postal_code="00120")

    assert (order.country_code, order.state_code) == (code, code)
    assert order.state


def test_a_name_that_narvar_writes_in_its_own_way_stays() -> None:
    assert read(country="United States of Newark").country == "United States of Newark"


@pytest.mark.parametrize(
    ("field", "cell", "why"),
    [
        ("latitude", "91", "no place on earth"),
        ("latitude", "north", "Write degrees"),
        ("latitude", "1e9999", "Write degrees"),
        ("longitude", "", "longitude is missing"),
        ("phone", "letters", "no phone number"),
        ("name", "", "name is missing"),
        ("address1", " ", "address is missing"),
        ("city", "x" * 10_000, "longer than 255"),
        ("accepts_mail", "perhaps", "neither yes nor no"),
        ("country_code", "USA", "two capital letters"),
        ("country", "Germany", "Germany is not United States"),
        ("state_code", "BY", "BY is no state of United States"),
        ("state", "Ohio", "Ohio is not New Jersey"),
        ("address2", "\x07", "cannot be sent"),
    ],
)
def test_each_cell_that_is_wrong_says_so(field: str, cell: str, why: str) -> None:
    reading = read_location({**NEWARK, field: cell})

    assert reading.order is None
    assert list(reading.problems) == [field]
    assert why in reading.problems[field]


def test_what_says_nothing_is_told_field_by_field_and_once() -> None:
    assert list(read_location({}).problems) == [
        one for one in FIELDS if one not in ("address2", "state_code", "country_code")
    ]


@pytest.mark.parametrize(
    ("cells", "field", "why"),
    [
        ({"postal_code": "94105"}, "postal_code", "is no ZIP code of New Jersey"),
        ({"longitude": "74.17"}, "latitude", "west"),
        ({"latitude": "0", "longitude": "0"}, "latitude", "in the sea"),
        ({"accepts_mail": "no"}, "accepts_mail", "neither by mail nor in store"),
    ],
)
def test_what_can_be_read_and_is_hardly_meant_is_doubted(
    cells: dict[str, str], field: str, why: str
) -> None:
    reading = read_location({**NEWARK, **cells})

    assert reading.order is not None
    (doubt,) = reading.doubts
    assert doubt.field == field
    assert why in " ".join([doubt.text, *(one.words for one in doubt.fixes)])


@PATIENT
@given(st.dictionaries(st.sampled_from([*FIELDS, "narvar_id"]), st.text(max_size=30)))
def test_no_cell_breaks_the_reader(cells: dict[str, str]) -> None:
    reading = read_location(cells)
    assert (reading.order is None) == bool(reading.problems)


@PATIENT
@given(st.text(max_size=30))
def test_what_is_no_country_is_not_remembered(code: str) -> None:
    kept = regions._states.cache_info().currsize, postcodes._form_of.cache_info().currsize
    if not regions.country_name(code):
        assert regions.states(code) == []
        assert postcodes.form_of(code) == postcodes.Form()
        now = regions._states.cache_info().currsize, postcodes._form_of.cache_info().currsize
        assert now == kept
