"""Reads return locations from Narvar (`GET /api/return_locations`), where it has them enabled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import breaker, budget, lookup, operations, reading, wire
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns import transitions
from returns_ops.returns.location_snapshot import LocationSnapshot

log = structlog.get_logger(__name__)

Feature = Connection.Feature
EVERY = timedelta(hours=1)
# What could not be read is tried again sooner; an account without the feature is not.
AGAIN = timedelta(minutes=5)
BROKE = "What Narvar lists could not be taken in: this needs somebody who reads the log."
NAMELESS = "Narvar lists {} without an id, so nothing is taken for removed until it has one."


class NotEnabled(LookupFailed):
    """Narvar manages no return locations for this account."""

    def __init__(self) -> None:
        super().__init__(operations.NOT_ENABLED, outcome=AttemptOutcome.REFUSED)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the screens say of a shop's locations as a whole."""

    feature: str
    read_at: datetime | None
    problem: str
    waiting: bool  # somebody asked to read them, and it was not done yet

    @property
    def enabled(self) -> bool:
        return self.feature != Feature.OFF


def standing(shop: Shop) -> Standing:
    return standings([shop])[shop.pk]


def standings(shops: Iterable[Shop]) -> dict[int, Standing]:
    """By the key of the shop."""
    shops = list(shops)
    links = {link.shop_id: link for link in Connection.objects.filter(shop__in=shops)}
    return {shop.pk: _standing(links.get(shop.pk)) for shop in shops}


def _standing(link: Connection | None) -> Standing:
    if link is None:
        problem = "This shop is not connected to Narvar."
        return Standing(feature=Feature.UNKNOWN, read_at=None, problem=problem, waiting=False)
    wanted, tried = link.locations_wanted_at, link.locations_tried_at
    return Standing(
        feature=link.locations_feature,
        read_at=link.locations_read_at,
        problem=link.locations_problem,
        waiting=wanted is not None and (tried is None or tried < wanted),
    )


@transaction.atomic
def ask_to_sync(shop: Shop, *, by: User) -> None:
    """A worker reads them within seconds. Raises transitions.Refused."""
    if not by.may(Permission.MANAGE_LOCATIONS, shop):
        raise transitions.Refused(f"{by} may not change return locations of {shop}.")
    if not Connection.objects.filter(shop=shop).update(locations_wanted_at=Now()):
        raise transitions.Refused("This shop is not connected to Narvar.")
    audit.record("location.sync_asked", shop.domain, shop=shop, actor=by)


def read_all(shop: Shop, priority: Priority) -> tuple[LocationSnapshot, ...]:
    """Raises LookupFailed."""
    body = _read(shop, operations.LOCATIONS, priority)
    if body is None:
        raise NotEnabled
    try:
        return wire.parse_locations(body)
    except wire.Unreadable as problem:
        raise _unreadable(problem) from problem


def read_one(shop: Shop, narvar_id: str, priority: Priority) -> LocationSnapshot | None:
    """None: Narvar does not have it. Raises LookupFailed."""
    body = _read(shop, operations.location_path(narvar_id), priority)
    try:
        return wire.parse_location(body) if body is not None else None
    except wire.Unreadable as problem:
        raise _unreadable(problem) from problem


def sync_locations(shop: Shop, *, priority: Priority = Priority.BACKFILL) -> int:
    """Take in what Narvar shows; returns how many it has. Raises LookupFailed."""
    asked_at = timezone.now()
    # First: what ends this process is tried again when it is due, not with the next tick.
    _note(shop, asked_at)
    try:
        found = read_all(shop, priority)
    except NotEnabled as error:
        _note(shop, asked_at, locations_feature=Feature.OFF, locations_problem=str(error))
        raise
    except LookupFailed as error:
        _note(shop, asked_at, locations_problem=str(error))
        raise
    _mirror(shop, found, asked_at)
    nameless = sum(not one.narvar_id for one in found)
    _note(
        shop,
        asked_at,
        locations_feature=Feature.ON,
        locations_problem=NAMELESS.format(nameless) if nameless else "",
        locations_read_at=asked_at,
    )
    return len(found)


@retried
def _mirror(shop: Shop, found: tuple[LocationSnapshot, ...], asked_at: datetime) -> None:
    transitions.mirror_locations(shop, found, asked_at=asked_at)


def _note(shop: Shop, asked_at: datetime, **told: Any) -> None:
    Connection.objects.filter(shop=shop).update(locations_tried_at=asked_at, **told)


def sync_due() -> None:
    """Shop by shop: asked for by a person, never read yet, or read an hour ago."""
    stopped = [*budget.exhausted_shops(), *breaker.open_shops()]
    links = Connection.objects.filter(paused=False, problem="", shop__active=True)
    for link in links.filter(_due()).exclude(shop__in=stopped).select_related("shop"):
        try:
            sync_locations(link.shop)
        except LookupFailed as error:
            log.info("sync_locations_failed", shop=link.shop_id, problem=str(error))
        except Exception:
            # Of one shop; the others are read all the same, and this one in a while.
            log.exception("sync_locations_broke", shop=link.shop_id)
            Connection.objects.filter(pk=link.pk).update(locations_problem=BROKE)


def _due() -> Q:
    asked = Q(locations_wanted_at__gt=F("locations_tried_at"))
    failed = ~Q(locations_problem="") & ~Q(locations_feature=Feature.OFF)
    return (
        Q(locations_tried_at=None)
        | asked
        | Q(locations_tried_at__lte=Now() - EVERY)
        | (failed & Q(locations_tried_at__lte=Now() - AGAIN))
    )


def _read(shop: Shop, path: str, priority: Priority) -> bytes | None:
    try:
        return reading.read(lookup.link_of(shop), path, {}, priority)
    except LookupFailed as error:
        if error.http_status == 403:
            raise NotEnabled from error
        raise


def _unreadable(problem: wire.Unreadable) -> LookupFailed:
    return LookupFailed(f"Narvar's answer cannot be read: {problem}")
