"""Narvar's operations: how each is asked for, and what may be done when its answer is lost."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from urllib.parse import quote

from returns_ops.messaging.models import AttemptOutcome, Command
from returns_ops.messaging.outbox import Answer, Request
from returns_ops.narvar import wire
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection
from returns_ops.returns.kinds import OF_LOCATIONS, Kind
from returns_ops.returns.orders import (
    ApprovalOrder,
    LocationOrder,
    ReturnOrder,
    ShipmentStatusOrder,
)

APPROVAL = "/merchant/returns/approval"
SHIPMENT_STATUS = "/merchant/returns/shipment_status"
RETURNS = "/api/returns"
LOCATIONS = "/api/return_locations"
NOT_ENABLED = "Narvar has return locations not enabled for this account"


class Retry(StrEnum):
    KEYED = "keyed"  # the same bytes again: Narvar knows them by their reference
    REPEATABLE = "repeatable"  # twice is as good as once: look, then again
    ONCE = "once"  # never again by itself: look, then ask a person


RETRY: dict[str, Retry] = {
    Kind.APPROVAL: Retry.KEYED,
    Kind.SHIPMENT_STATUS: Retry.REPEATABLE,
    Kind.SHIPMENT_NOTE: Retry.ONCE,
    Kind.CREATE_RETURN: Retry.ONCE,
    Kind.CREATE_LOCATION: Retry.ONCE,
    Kind.UPDATE_LOCATION: Retry.REPEATABLE,
    Kind.DELETE_LOCATION: Retry.REPEATABLE,
}


def retry_of(command: Command) -> Retry:
    """A kind that nobody has classed is not repeated."""
    return RETRY.get(command.kind, Retry.ONCE)


def priority_of(command: Command) -> Priority:
    if command.summary.get("bulk"):
        return Priority.BULK
    return Priority.MONEY if command.kind == Kind.APPROVAL else Priority.PERSON


def meant(command: Command, answer: Answer) -> Answer:
    """What an answer says of this kind of call, where it is more than its status says."""
    if command.kind == Kind.DELETE_LOCATION and answer.http_status == 404:
        told = "Narvar did not have it any more"
        return replace(answer, outcome=AttemptOutcome.ACCEPTED, problem=told)
    if command.kind in OF_LOCATIONS and answer.http_status == 403:
        # The credential is good for the rest: it must not stop the shop.
        return replace(
            answer, outcome=AttemptOutcome.REFUSED, problem=NOT_ENABLED, wait_seconds=None
        )
    return answer


def named(command: Command, body: bytes) -> dict[str, str]:
    """What an accepted call was told by name; an answer that cannot be read names nothing."""
    if command.kind == Kind.CREATE_RETURN:
        return wire.parse_new_return(body)
    if command.kind == Kind.CREATE_LOCATION:
        try:
            found = wire.parse_location(body)
        except wire.Unreadable:
            return {}
        return {"location_id": found.narvar_id} if found.narvar_id else {}
    return {}


def approval(order: ApprovalOrder) -> Request:
    return Request(target=APPROVAL, body=wire.write_approval(order))


def shipment_status(link: Connection) -> Callable[[ShipmentStatusOrder], Request]:
    def write(order: ShipmentStatusOrder) -> Request:
        made = wire.write_shipment_status(order, place=wire.place(link.status_place))
        target = f"{SHIPMENT_STATUS}?{made.query}" if made.query else SHIPMENT_STATUS
        return Request(target=target, body=made.body, content_type=made.content_type)

    return write


def new_return(order: ReturnOrder) -> Request:
    return Request(target=RETURNS, body=wire.write_return(order))


def location(link: Connection) -> Callable[[LocationOrder], Request]:
    """PUT where it exists, POST where it does not."""

    def write(order: LocationOrder) -> Request:
        body = wire.write_location(order, nested=link.location_nested)
        if not order.location_id:
            return Request(target=LOCATIONS, body=body)
        return Request(method="PUT", target=location_path(order.location_id), body=body)

    return write


def location_removal(narvar_id: str) -> Request:
    return Request(method="DELETE", target=location_path(narvar_id), content_type="")


def location_path(narvar_id: str) -> str:
    return f"{LOCATIONS}/{quote(narvar_id, safe='')}"
