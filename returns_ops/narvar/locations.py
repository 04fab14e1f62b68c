"""Reads return locations from Narvar (`GET /api/return_locations`)."""

import structlog
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.narvar import breaker, budget, lookup, operations, wire
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.lookup import LookupFailed
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.location_snapshot import LocationSnapshot

log = structlog.get_logger(__name__)


def read_all(shop: Shop, priority: Priority) -> tuple[LocationSnapshot, ...]:
    """Raises LookupFailed."""
    body = lookup.read(lookup.link_of(shop), operations.LOCATIONS, {}, priority)
    if body is None:
        raise LookupFailed("Narvar has no return locations enabled for this shop")
    try:
        return wire.parse_locations(body)
    except wire.Unreadable as problem:
        raise _unreadable(problem) from problem


def read_one(shop: Shop, narvar_id: str, priority: Priority) -> LocationSnapshot | None:
    """None: Narvar does not have it. Raises LookupFailed."""
    path = operations.location_path(narvar_id)
    body = lookup.read(lookup.link_of(shop), path, {}, priority)
    try:
        return wire.parse_location(body) if body is not None else None
    except wire.Unreadable as problem:
        raise _unreadable(problem) from problem


def sync_locations(shop: Shop, *, priority: Priority = Priority.BACKFILL) -> int:
    """Take in what Narvar shows; returns how many it has. Raises LookupFailed."""
    asked_at = timezone.now()
    found = read_all(shop, priority)
    transitions.mirror_locations(shop, found, asked_at=asked_at)
    return len(found)


def sync_all() -> None:
    """Shop by shop; one that cannot be asked now is asked in an hour."""
    stopped = [*budget.exhausted_shops(), *breaker.open_shops()]
    links = Connection.objects.filter(paused=False, problem="", shop__active=True)
    for link in links.exclude(shop__in=stopped).select_related("shop"):
        try:
            sync_locations(link.shop)
        except LookupFailed as error:
            log.info("sync_locations_failed", shop=link.shop_id, problem=str(error))


def _unreadable(problem: wire.Unreadable) -> LookupFailed:
    return LookupFailed(f"Narvar's answer cannot be read: {problem}")
