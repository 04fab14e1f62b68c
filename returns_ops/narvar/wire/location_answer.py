"""What GET and POST /api/return_locations answer: flat or with a `location` inside."""

from decimal import Decimal
from typing import Any

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.decode import clean, decode
from returns_ops.narvar.wire.remarks import Remarks
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.unreadable import Unreadable
from returns_ops.returns.location_snapshot import LocationSnapshot, rounded

LISTS = ("return_locations", "locations", "data", "results")
TEXTS = {
    "name": "name",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "state_code": "state_code",
    "postal_code": "zip",
    "country": "country",
    "country_code": "country_code",
    "phone": "phone",
}


def parse_locations(body: bytes) -> tuple[LocationSnapshot, ...]:
    """The list. Raises Unreadable: an answer we do not know is never an empty list."""
    document = decode(body)
    if isinstance(document, dict):
        document = next((document[key] for key in LISTS if key in document), document)
    if not isinstance(document, list):
        raise Unreadable("unknown_envelope", "The answer holds no list of locations")
    return tuple(_read(row) for row in document)


def parse_location(body: bytes) -> LocationSnapshot:
    return _read(decode(body))


def _read(row: Any) -> LocationSnapshot:
    remarks = Remarks()
    document = clean(row, remarks)
    if not isinstance(document, dict):
        raise Unreadable("not_an_object", "A location is not an object")
    inside = document.get("location")
    flat = {key: value for key, value in document.items() if key != "location"}
    section = Section({**flat, **(inside if isinstance(inside, dict) else {})}, "", remarks)
    return LocationSnapshot(
        narvar_id=section.name("id"),
        **section.texts(TEXTS),
        latitude=_degrees(section, "latitude", 90),
        longitude=_degrees(section, "longitude", 180),
        accepts_mail=section.take("accept_mail_in_returns", values.boolean, False),
        accepts_in_store=section.take("accept_in_store_returns", values.boolean, False),
        document=document,
    )


def _degrees(section: Section, key: str, most: int) -> Decimal | None:
    found = section.take(key, values.number, None)
    return rounded(found) if found is not None and abs(found) <= most else None
