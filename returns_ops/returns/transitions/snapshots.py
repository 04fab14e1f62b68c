"""Takes in what Narvar says: the newest snapshot by content wins, the rest is history."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Q

from returns_ops.accounts.models import Shop
from returns_ops.messaging import bulk
from returns_ops.messaging.models import Event
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.ordering import Order, SnapshotKey, compare
from returns_ops.returns.snapshot import RmaSnapshot
from returns_ops.returns.states import label_of
from returns_ops.returns.transitions import contents
from returns_ops.returns.transitions.confirmation import confirm
from returns_ops.returns.transitions.drift import vanished
from returns_ops.returns.transitions.mirror import (
    MIRRORED,
    changes_between,
    facts_of_row,
    facts_of_snapshot,
)
from returns_ops.returns.transitions.standing import DERIVED, restate

DOUBT = ["needs_refetch", "refetch_tries"]
CLOCKS_DIFFER = timedelta(days=1)
KEY_FIELDS = ["versions_at", "version_count", "newest_instant", "sent_at", "content_sha256"]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One snapshot and how it reached us."""

    shop: Shop
    snapshot: RmaSnapshot
    received_at: datetime
    sent_at: datetime | None = None
    source: RmaEvent.Source = RmaEvent.Source.WEBHOOK
    event: Event | None = None

    @property
    def identity(self) -> tuple[int, str]:
        return self.shop.pk, self.snapshot.rma_number

    @property
    def was_applied(self) -> bool:
        """A replay, or the same bytes once more long after Narvar's last retry."""
        return self.event is not None and self.event.outcome != ""

    @property
    def came_again(self) -> bool:
        return self.event is not None and self.event.done_at is not None

    @cached_property
    def key(self) -> SnapshotKey:
        return SnapshotKey(
            content=self.snapshot.fingerprint(),
            versions_at=self._possible(self.snapshot.newest_version()),
            version_count=len(self.snapshot.versions),
            newest_instant=self._possible(self.snapshot.newest_instant()),
            sent_at=self.sent_at,
            authoritative=self.source == RmaEvent.Source.API,
        )

    def _possible(self, moment: datetime | None) -> datetime | None:
        """News from the future would outrank all that is to come: it counts as undated."""
        late = moment is not None and moment > self.received_at + CLOCKS_DIFFER
        return None if late else moment


@dataclass
class Placed:
    """An RMA, the snapshot that now speaks for it (None: unchanged), and what to tell."""

    rma: Rma
    head: Arrival | None
    told: list[RmaEvent]


def apply(arrivals: Sequence[Arrival]) -> dict[int, str]:
    """Take in a batch within the caller's transaction; returns event id → outcome.

    Outcomes: `created`, `applied`, `older`, `same`.
    """
    outcomes: dict[int, str] = {}
    by_identity: dict[tuple[int, str], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_identity[arrival.identity].append(arrival)
    rmas = _locked(by_identity)
    placed = [_place(rmas[key], found, outcomes) for key, found in sorted(by_identity.items())]
    contents.add_transactions(
        (rmas[arrival.identity], arrival.snapshot, arrival.received_at) for arrival in arrivals
    )
    fresh = [(one.rma, one.head.snapshot, one.head.received_at) for one in placed if one.head]
    contents.replace_items(fresh)
    contents.replace_packages(fresh)
    contents.add_tokens(fresh)
    told = [event for one in placed for event in one.told]
    told += vanished(fresh) + confirm(rmas.values())
    before = {rma.pk: _derived(rma) for rma in rmas.values()}
    restate(rmas.values())
    for one in placed:
        # Late news that changes nothing must not make a form under somebody's hand stale.
        one.rma.version += one.head is not None or before[one.rma.pk] != _derived(one.rma)
    _write(rmas.values())
    bulk.insert(told)
    return outcomes


def _locked(by_identity: dict[tuple[int, str], list[Arrival]]) -> dict[tuple[int, str], Rma]:
    """Every RMA of the batch, locked in one order, also those that do not exist yet."""
    ordered = sorted(by_identity)
    _lock_names(ordered)
    wanted = Q(shop__in={shop for shop, _ in ordered}, rma_number__in={name for _, name in ordered})
    rows = Rma.objects.filter(wanted).order_by("shop_id", "rma_number").select_for_update()
    found = {(rma.shop_id, rma.rma_number): rma for rma in rows}
    missing = [by_identity[key][0] for key in ordered if key not in found]
    for pk, arrival in zip(_new_ids(len(missing)), missing, strict=True):
        found[arrival.identity] = _blank(pk, arrival)
    return {key: found[key] for key in ordered}


def _lock_names(ordered: list[tuple[int, str]]) -> None:
    """A row that is not there cannot be locked: two workers meet at its name instead."""
    digests = (hashlib.sha256(f"{shop}|{name}".encode()).digest() for shop, name in ordered)
    keys = sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) key", [keys])


def _new_ids(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('returns_rma', 'id'))"
            " FROM generate_series(1, %s)",
            [count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _blank(pk: int, arrival: Arrival) -> Rma:
    return Rma(
        pk=pk,
        shop=arrival.shop,
        rma_number=arrival.snapshot.rma_number,
        narvar_status=arrival.snapshot.narvar_status,
        created_at=arrival.snapshot.created_at or arrival.received_at,
        as_of=arrival.received_at,
        first_seen_at=arrival.received_at,
        changed_at=arrival.received_at,
        version=0,
    )


def _place(rma: Rma, arrivals: Iterable[Arrival], outcomes: dict[int, str]) -> Placed:
    """Walk through the arrivals of one RMA; what is newer becomes its head."""
    placed = Placed(rma, None, [])
    for arrival in arrivals:
        outcome = _take(placed, arrival)
        if arrival.event:
            outcomes[arrival.event.pk] = outcome
    return placed


def _take(placed: Placed, arrival: Arrival) -> str:
    rma = placed.rma
    _remember_first_cap(rma, arrival)
    if arrival.source == RmaEvent.Source.API:
        rma.verified_at = arrival.received_at
    is_new = rma.content_sha256 is None
    order = Order.NEWER if is_new else compare(arrival.key, _held_key(rma))
    if arrival.source == RmaEvent.Source.API and order != Order.OLDER:
        _doubt(rma, False)
    elif order in (Order.NEWER_BUT_DOUBTFUL, Order.OLDER_BUT_DOUBTFUL):
        _doubt(rma, True)
    if order == Order.SAME:
        if arrival.source == RmaEvent.Source.API:
            _refresh(rma, arrival)
        return "same"
    if order in (Order.OLDER, Order.OLDER_BUT_DOUBTFUL):
        if arrival.came_again:
            _doubt(rma, True)  # perhaps no retry: the return may be as it once was
        if not arrival.was_applied:
            placed.told.append(_older(rma, arrival))
        return "older"
    event = _newer(rma, arrival, is_new=is_new)
    if event.changes or is_new or arrival.event:
        placed.told.append(event)
    placed.head = arrival
    return "created" if is_new else "applied"


def _doubt(rma: Rma, doubtful: bool) -> None:
    rma.needs_refetch, rma.refetch_tries = doubtful, 0


def _remember_first_cap(rma: Rma, arrival: Arrival) -> None:
    """The refund calculated at the time of return: that of the oldest snapshot we ever saw."""
    place, amount = arrival.key.sortable(), arrival.snapshot.estimated_refund
    if amount is not None and (rma.first_cap is None or place < rma.first_cap_order):
        rma.first_cap, rma.first_cap_order = amount, place


def _held_key(rma: Rma) -> SnapshotKey:
    return SnapshotKey(
        content=bytes(rma.content_sha256 or b""),
        versions_at=rma.versions_at,
        version_count=rma.version_count,
        newest_instant=rma.newest_instant,
        sent_at=rma.sent_at,
        authoritative=rma.as_of_source == RmaEvent.Source.API,
    )


def _refresh(rma: Rma, arrival: Arrival) -> None:
    rma.as_of, rma.as_of_source = arrival.received_at, arrival.source


def _older(rma: Rma, arrival: Arrival) -> RmaEvent:
    said = label_of(arrival.snapshot.narvar_status)
    return _event(rma, arrival, f"Older news, kept as history: {said}", applied=False)


def _newer(rma: Rma, arrival: Arrival, *, is_new: bool) -> RmaEvent:
    facts = facts_of_snapshot(arrival.snapshot, arrival.received_at)
    changes = {} if is_new else changes_between(facts_of_row(rma), facts)
    text = "First news of this return" if is_new else _told(changes)
    for name, value in facts.items():
        setattr(rma, name, value)
    key = arrival.key
    rma.content_sha256, rma.sent_at = key.content, key.sent_at
    rma.versions_at, rma.version_count = key.versions_at, key.version_count
    rma.newest_instant = key.newest_instant
    _refresh(rma, arrival)
    return _event(rma, arrival, f"{text}: {label_of(rma.narvar_status)}", changes=changes)


def _told(changes: dict[str, Any]) -> str:
    if "narvar_status" in changes:
        return "Status changed"
    return "Changed at Narvar" if changes else "News without a change of ours to show"


def _event(
    rma: Rma,
    arrival: Arrival,
    text: str,
    *,
    applied: bool = True,
    changes: dict[str, Any] | None = None,
) -> RmaEvent:
    return RmaEvent(
        rma=rma,
        source=arrival.source,
        verb="snapshot",
        text=text,
        applied=applied,
        event=arrival.event,
        changes=changes or {},
        at=arrival.received_at,
    )


def _derived(rma: Rma) -> list[Any]:
    return [getattr(rma, name) for name in DERIVED]


def _write(rmas: Iterable[Rma]) -> None:
    ours = ["first_cap", "first_cap_order", "verified_at", "as_of", "as_of_source", *DOUBT]
    names = [*MIRRORED, *KEY_FIELDS, *ours, *DERIVED, "version"]
    bulk.upsert(list(rmas), unique=["id"], update=names)
