"""Takes in what Narvar says: the newest snapshot by content wins, the rest is history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.ordering import Order, SnapshotKey, compare
from returns_ops.returns.snapshot import RmaSnapshot
from returns_ops.returns.transitions import contents
from returns_ops.returns.transitions.confirmation import confirm
from returns_ops.returns.transitions.mirror import (
    MIRRORED,
    changes_between,
    facts_of_row,
    facts_of_snapshot,
)
from returns_ops.returns.transitions.standing import DERIVED, restate

KEY_FIELDS = ["versions_at", "version_count", "newest_instant", "sent_at", "content_sha256"]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One snapshot and how it reached us."""

    shop: Shop
    snapshot: RmaSnapshot
    content_sha256: bytes
    received_at: datetime
    sent_at: datetime | None = None
    source: RmaEvent.Source = RmaEvent.Source.WEBHOOK
    event: Event | None = None

    @property
    def identity(self) -> tuple[int, str]:
        return self.shop.pk, self.snapshot.rma_number

    @property
    def key(self) -> SnapshotKey:
        return SnapshotKey(
            content=self.content_sha256,
            versions_at=self.snapshot.newest_version(),
            version_count=len(self.snapshot.versions),
            newest_instant=self.snapshot.newest_instant(),
            sent_at=self.sent_at,
            authoritative=self.source == RmaEvent.Source.API,
        )


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
    told = [event for one in placed for event in one.told] + confirm(rmas.values())
    before = {rma.pk: _derived(rma) for rma in rmas.values()}
    restate(rmas.values())
    for one in placed:
        # Late news that changes nothing must not make a form under somebody's hand stale.
        one.rma.version += one.head is not None or before[one.rma.pk] != _derived(one.rma)
    _write(rmas.values())
    RmaEvent.objects.bulk_create(told)
    return outcomes


def _locked(by_identity: dict[tuple[int, str], list[Arrival]]) -> dict[tuple[int, str], Rma]:
    """Every RMA of the batch, locked in one order; new ones are first put in as blanks."""
    ordered = sorted(by_identity)
    Rma.objects.bulk_create([_blank(by_identity[key][0]) for key in ordered], ignore_conflicts=True)
    wanted = Q(shop__in={shop for shop, _ in ordered}, rma_number__in={name for _, name in ordered})
    rows = (
        Rma.objects.filter(wanted)
        .select_related("shop")
        .order_by("shop_id", "rma_number")
        .select_for_update(of=("self",))
    )
    found = {(rma.shop_id, rma.rma_number): rma for rma in rows}
    return {key: found[key] for key in ordered}


def _blank(arrival: Arrival) -> Rma:
    return Rma(
        shop=arrival.shop,
        rma_number=arrival.snapshot.rma_number,
        narvar_status=arrival.snapshot.narvar_status,
        created_at=arrival.snapshot.created_at or arrival.received_at,
        as_of=arrival.received_at,
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
    is_new = rma.content_sha256 is None
    order = Order.NEWER if is_new else compare(arrival.key, _held_key(rma))
    if arrival.source == RmaEvent.Source.API and order != Order.OLDER:
        rma.needs_refetch = False
    elif order in (Order.NEWER_BUT_DOUBTFUL, Order.OLDER_BUT_DOUBTFUL):
        rma.needs_refetch = True
    if order == Order.SAME:
        if arrival.source == RmaEvent.Source.API:
            _refresh(rma, arrival)
        return "same"
    if order in (Order.OLDER, Order.OLDER_BUT_DOUBTFUL):
        placed.told.append(_older(rma, arrival))
        return "older"
    placed.told.append(_newer(rma, arrival, is_new=is_new))
    placed.head = arrival
    return "created" if is_new else "applied"


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
    said = arrival.snapshot.narvar_status
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
    return _event(rma, arrival, f"{text}: {rma.narvar_status}", changes=changes)


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
    """One statement for all: an upsert is many times cheaper than an UPDATE per column."""
    ours = ["first_cap", "first_cap_order", "needs_refetch", "as_of", "as_of_source"]
    Rma.objects.bulk_create(
        list(rmas),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*MIRRORED, *KEY_FIELDS, *ours, *DERIVED, "version"],
    )
