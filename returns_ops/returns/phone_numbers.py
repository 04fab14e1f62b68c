"""Reads a phone number as people write it into E.164 (libphonenumber). Pure."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from returns_ops.returns.coordinates import Unreadable
from returns_ops.returns.regions import country_name

LONGEST = 40
NO_NUMBER = "This is no phone number. Write it like +1 978 555 0100."


@dataclass(frozen=True)
class Phone:
    e164: str
    spoken: str
    country_code: str  # empty: of no one country


def read_phone(text: str, country_code: str = "") -> Phone:
    """As dialled in the country, else abroad: Narvar's own example is `1-415-555-5555`."""
    typed = text.strip()
    found = _read(typed, country_code)
    if found is None or not phonenumbers.is_valid_number(found):
        abroad = _read(f"+{typed}", "") if typed[:1].isdecimal() else None
        if abroad is not None and phonenumbers.is_valid_number(abroad):
            found = abroad
    if found is None:
        raise Unreadable(NO_NUMBER)
    if found.extension:
        raise Unreadable("Leave the extension away: a number of Narvar’s has none.")
    _refuse_impossible(found, country_code)
    return Phone(
        phonenumbers.format_number(found, PhoneNumberFormat.E164),
        phonenumbers.format_number(found, PhoneNumberFormat.INTERNATIONAL),
        _country_of(found),
    )


def spoken(e164: str) -> str:
    """`+1 978-555-0100`; what is no number is shown as it is."""
    found = _read(e164, "")
    return phonenumbers.format_number(found, PhoneNumberFormat.INTERNATIONAL) if found else e164


def _read(text: str, country_code: str) -> phonenumbers.PhoneNumber | None:
    if len(text) > LONGEST:
        return None
    try:
        return phonenumbers.parse(text, country_code or None)
    except NumberParseException:
        return None


def _refuse_impossible(found: phonenumbers.PhoneNumber, country_code: str) -> None:
    if phonenumbers.is_valid_number(found):
        return
    name = country_name(_country_of(found) or country_code)
    where = f" of {name}" if name else ""
    raise Unreadable(f"There is no number like this{where}. Count its digits.")


def _country_of(found: phonenumbers.PhoneNumber) -> str:
    code = phonenumbers.region_code_for_number(found) or ""
    return code if code.isalpha() else ""
