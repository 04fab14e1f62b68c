"""POST and PUT /api/return_locations."""

from typing import Any

from returns_ops.narvar.wire.encode import encode, without_absent
from returns_ops.returns.orders import LocationOrder


def write_location(order: LocationOrder, *, nested: bool = False) -> bytes:
    """The page has lost its indentation. Best reading: only the address stands in `location`.

    `nested` puts all of it there.
    """
    address = without_absent(
        {
            "address1": order.address1,
            "address2": order.address2,
            "city": order.city,
            "latitude": order.latitude,
            "longitude": order.longitude,
            "phone": order.phone,
            "state": order.state,
            "state_code": order.state_code,
            "zip": order.postal_code,
            "country_code": order.country_code,
            "country": order.country,
        }
    )
    about: dict[str, Any] = {
        "accept_in_store_returns": order.accepts_in_store,
        "accept_mail_in_returns": order.accepts_mail,
        **({"id": order.location_id} if order.location_id else {}),
        "name": order.name,
    }
    return encode({"location": {**address, **about}} if nested else {"location": address, **about})
