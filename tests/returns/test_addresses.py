"""Reading the parts of an address: phone numbers, countries and states, postcodes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns import postcodes
from returns_ops.returns.coordinates import Unreadable
from returns_ops.returns.phone_numbers import read_phone, spoken
from returns_ops.returns.regions import (
    countries,
    country_name,
    country_of,
    region,
    state_of,
    states,
)

pieces = [*"0149+-() .x#\x00", "001", "ext", "+1", "٣", "\ud800", "<b>"]
texts = st.text(max_size=200) | st.lists(st.sampled_from(pieces)).map("".join)
codes = st.sampled_from([code for code, _ in countries()])


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("1-415-555-5555", "US", "+14155555555"),
        ("1-415-555-5555", "DE", "+14155555555"),
        ("(978) 555-0100", "US", "+19785550100"),
        ("+1 978 555 0100", "", "+19785550100"),
        ("030 901820", "DE", "+4930901820"),
        ("0044 20 7946 0958", "GB", "+442079460958"),
        ("1-800-FLOWERS", "US", "+18003569377"),
    ],
)
def test_one_number_however_it_is_written(text: str, country: str, e164: str) -> None:
    assert read_phone(text, country).e164 == e164


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no phone number"),
        ("call me", "no phone number"),
        ("911", "no number like this"),
        ("978 555 010", "no number like this"),
        ("+1 978 555 0100 ext. 5", "Leave the extension away"),
        ("9" * 10_000, "no phone number"),
    ],
)
def test_what_is_no_number_is_said_in_words(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_phone(text, "US")


@given(texts, codes | st.just(""))
def test_any_text_is_a_number_or_told_why_not(text: str, country: str) -> None:
    try:
        phone = read_phone(text, country)
    except Unreadable:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone.e164)
    assert read_phone(phone.e164).e164 == phone.e164
    assert read_phone(spoken(phone.e164)).e164 == phone.e164


@given(st.text(max_size=100))
def test_what_is_no_number_is_shown_as_it_is(text: str) -> None:
    assert spoken(text) or not text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("us", "US"),
        ("USA", "US"),
        ("United States", "US"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("Turkiye", "TR"),
        ("Cote d'Ivoire", "CI"),
        ("Atlantis", ""),
    ],
)
def test_a_country_by_any_of_its_names(text: str, code: str) -> None:
    assert country_of(text) == code


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("CA", "US", "CA"),
        ("california", "US", "CA"),
        ("US-CA", "US", "CA"),
        ("Quebec", "CA", "QC"),
        ("ON", "US", ""),
        ("Gibraltar", "GI", "GI"),
    ],
)
def test_a_state_by_code_or_name(text: str, country: str, code: str) -> None:
    assert state_of(text, country) == code


@given(codes, st.data())
def test_every_choice_fills_all_four_and_is_found_again(country: str, data: st.DataObject) -> None:
    code, name = data.draw(st.sampled_from(states(country)))
    found = region(country, code)

    assert found is not None
    assert (found.country_code, found.country) == (country, country_name(country))
    assert (found.state_code, found.state) == (code, name)
    assert re.fullmatch("[A-Z0-9]{1,3}", code)
    assert country_of(found.country) == country
    assert state_of(code, country) == state_of(f"{country}-{code}", country) == code


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_text_is_a_region_or_none(country: str, state: str) -> None:
    code = country_of(country)
    found = state_of(state, code)

    assert not found or region(code, found)
    assert region(country, state) is None or region(country, state)


@pytest.mark.parametrize(
    ("postcode", "country", "state", "why"),
    [
        ("94105", "US", "CA", ""),
        ("94105-1234", "US", "CA", ""),
        ("9410", "US", "CA", "ZIP codes there look like 95014."),
        ("07114", "US", "CA", "07114 is no ZIP code of California."),
        ("SW1A 1AA", "GB", "ENG", ""),
        ("SW1A 1AA!", "GB", "ENG", "Postcodes there look like EC1Y 8SY."),
        ("h3z 2y7", "CA", "QC", ""),
        ("anything", "HK", "HK", ""),
    ],
)
def test_a_postcode_by_its_country_and_state(
    postcode: str, country: str, state: str, why: str
) -> None:
    found = region(country, state)

    assert found
    assert postcodes.doubt(postcode, country, state, found.state) == why


def test_a_postcode_is_tidied_but_keeps_its_zero() -> None:
    assert postcodes.tidy(" 07114 ", "US") == "07114"
    assert postcodes.tidy("h3z  2y7", "CA") == "H3Z 2Y7"


@given(st.text(max_size=60), codes | st.just(""), st.text(max_size=5))
def test_no_postcode_is_an_error(postcode: str, country: str, state: str) -> None:
    postcodes.doubt(postcodes.tidy(postcode, country), country, state)
