"""What is wrong with each field of a location, judged alone: the same rules as for what is sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from returns_ops.returns.orders import LocationOrder

# Each field is judged among others that are right.
RIGHT: dict[str, Any] = {
    "name": "Dock",
    "address1": "1 Main Road",
    "address2": "",
    "city": "Newark",
    "state": "New Jersey",
    "state_code": "NJ",
    "postal_code": "07114",
    "country": "United States",
    "country_code": "US",
    "latitude": Decimal(0),
    "longitude": Decimal(0),
    "phone": "+14155550100",
    "accepts_mail": True,
    "accepts_in_store": False,
}


def faults_of(values: Mapping[str, Any]) -> dict[str, str]:
    """field: a sentence, of the fields that are given."""
    found = {name: _fault_of(name, value) for name, value in values.items()}
    return {name: fault for name, fault in found.items() if fault}


def _fault_of(name: str, value: Any) -> str:
    try:
        LocationOrder(**{**RIGHT, name: value})
    except (ValueError, TypeError) as error:
        return f"{str(error)[:200]}."
    return ""
