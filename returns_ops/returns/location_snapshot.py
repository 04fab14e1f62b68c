"""A return location as Narvar shows it, and how it differs from what was asked for. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

FINEST = Decimal("0.000001")  # a tenth of a metre, and what our columns hold
# What a location says, and how a person calls it.
FIELDS = {
    "name": "name",
    "address1": "address",
    "address2": "second address line",
    "city": "city",
    "state": "state",
    "state_code": "state code",
    "postal_code": "postal code",
    "country": "country",
    "country_code": "country code",
    "latitude": "latitude",
    "longitude": "longitude",
    "phone": "phone number",
    "accepts_mail": "returns by mail",
    "accepts_in_store": "returns in store",
}
# What a parcel is addressed to: with one of these another, the place moves.
ADDRESS = (
    "address1",
    "address2",
    "city",
    "state",
    "state_code",
    "postal_code",
    "country",
    "country_code",
)
# What makes two locations one place.
PLACE = ("name", "address1", "city", "postal_code")

DEGREES = ("latitude", "longitude")

Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class LocationSnapshot:
    narvar_id: str
    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    postal_code: str = ""
    country: str = ""
    country_code: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    phone: str = ""
    accepts_mail: bool = False
    accepts_in_store: bool = False
    document: Mapping[str, Any] = field(default_factory=dict)  # as it was read


def facts_of(location: object) -> Facts:
    """The same shape from a row, an order or a snapshot, as JSON can hold it."""
    return {name: _plain(name, getattr(location, name)) for name in FIELDS}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """field: [before, after], of those that differ."""
    return {
        name: [before.get(name, ""), after[name]]
        for name in FIELDS
        if before.get(name, "") != after[name]
    }


def differences(asked: Facts, shown: Facts, *, said: str = "asked for") -> list[str]:
    """What Narvar shows otherwise than asked, one phrase each; `said` names the first side."""
    return [
        f"{words}: {said} {spoken(asked[name])}, Narvar shows {spoken(shown[name])}"
        for name, words in FIELDS.items()
        if asked[name] != shown[name]
    ]


def same_place(one: Facts, other: Facts) -> bool:
    return all(str(one[name]).casefold() == str(other[name]).casefold() for name in PLACE)


def took(asked: Facts, before: Facts, shown: Facts) -> bool:
    """At least one thing that was to change shows as asked."""
    changing = [name for name in FIELDS if asked[name] != before[name]]
    return any(asked[name] == shown[name] for name in changing)


def moves(before: Facts, after: Facts) -> bool:
    """Parcels would be addressed otherwise."""
    return any(before[name] != after[name] for name in ADDRESS)


def value_of(name: str, plain: str | bool) -> Any:
    """What a row holds, from what JSON holds."""
    if name in DEGREES:
        return Decimal(str(plain)) if plain != "" else None
    return plain


def rounded(degrees: Decimal) -> Decimal:
    return degrees.quantize(FINEST)


def _plain(name: str, value: Any) -> str | bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(rounded(value).normalize() + 0, "f")
    if name == "phone":
        # However it is set: the digits are the number.
        digits = re.sub(r"[^0-9]", "", value)
        return f"+{digits}" if digits else value.strip()
    return str(value).strip()


def spoken(value: str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or "nothing"
