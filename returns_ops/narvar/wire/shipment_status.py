"""POST /merchant/returns/shipment_status. The spec says "parameters" and not where they go."""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, urlencode

from returns_ops.narvar.wire.encode import encode, without_absent
from returns_ops.returns.orders import ShipmentStatusOrder

Place = Literal["query", "form", "json"]


@dataclass(frozen=True, kw_only=True)
class WireRequest:
    query: str = ""
    body: bytes = b""
    content_type: str = ""


def place(name: str) -> Place:
    for known in get_args(Place):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise ValueError(f"{name!r} is no place for parameters")


def write_shipment_status(order: ShipmentStatusOrder, place: Place = "query") -> WireRequest:
    parameters = without_absent(
        {
            "rma_number": order.rma_number,
            "shipment_status": order.status,
            "note": order.note,
        }
    )
    if place == "json":
        return WireRequest(body=encode(parameters), content_type="application/json")
    written = urlencode(parameters, quote_via=quote)
    if place == "form":
        return WireRequest(body=written.encode(), content_type="application/x-www-form-urlencoded")
    if place == "query":
        return WireRequest(query=written)
    raise ValueError(f"{place!r} is no place for parameters")
