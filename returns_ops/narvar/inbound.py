"""Events become RMAs: claimed in batches, parsed, applied by content, settled together."""

from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from returns_ops.failpoints import failpoint
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Event, EventQuerySet, EventState
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import wire
from returns_ops.returns import transitions
from returns_ops.returns.snapshot import RmaSnapshot
from returns_ops.returns.transitions import Arrival

log = structlog.get_logger(__name__)

BATCH = 200
REUSED = "Its id came before with another body"
Readable = tuple[Event, RmaSnapshot]


def drain_batch(limit: int = BATCH) -> int:
    """Claim and apply one batch; returns how many events were claimed."""
    events = inbox.claim(limit)
    failpoint("drain.after_claim")
    if events:
        apply_events(events)
    return len(events)


def apply_events(events: list[Event]) -> None:
    """All at once; if that fails, one by one, so that a bad one holds up nobody."""
    readable = _readable(events)
    try:
        _apply(readable)
    except Exception:
        log.exception("batch_failed", events=len(events))
        for pair in readable:
            _apply_alone(pair)
    failpoint("drain.after_commit")


def _readable(events: Iterable[Event]) -> list[Readable]:
    """Parse each; what cannot be read at all is a dead letter with its reason."""
    found = []
    for event in events:
        try:
            snapshot = wire.parse(bytes(event.body))
            failpoint("drain.after_parse")
            found.append((event, snapshot))
        except wire.Unreadable as problem:
            _bury(event, problem)
        except Exception as error:
            log.exception("parse_failed", event_id=event.pk)
            _fail(event, f"{type(error).__name__} while reading")
    return found


@transaction.atomic
def _bury(event: Event, problem: wire.Unreadable) -> None:
    if inbox.still_ours([event]):
        event.state, event.reason, event.problem = EventState.DEAD, problem.reason, str(problem)
        event.done_at = timezone.now()
        event.subject = wire.named_rma(bytes(event.body))
        inbox.settle([event])
        transitions.news_failed(event.shop, event.subject)


@retried
@transaction.atomic
def _apply(pairs: list[Readable]) -> None:
    held = {event.pk for event in inbox.still_ours([event for event, _ in pairs])}
    # Copies: what a try that fails has written on them must not be believed by the next one.
    ours = [(copy(event), snapshot) for event, snapshot in pairs if event.pk in held]
    if not ours:
        return
    failpoint("drain.after_lock")
    shops = {event.shop_id: event.shop for event, _ in ours}
    outcomes = transitions.apply(
        [
            Arrival(
                shop=shops[event.shop_id],
                snapshot=snapshot,
                received_at=event.received_at,
                sent_at=sent_at(event.sender_timestamp),
                event=event,
            )
            for event, snapshot in ours
        ]
    )
    failpoint("drain.after_apply")
    reused = _with_reused_id(ours)
    for event, snapshot in ours:
        _settle(event, snapshot, outcomes[event.pk])
        if event.pk in reused and REUSED not in event.flags:
            event.flags = [*event.flags, REUSED]
    failpoint("drain.before_settle")
    inbox.settle([event for event, _ in ours])
    failpoint("drain.before_commit")


def _with_reused_id(pairs: list[Readable]) -> set[int]:
    """Events whose id an earlier one of the same return had, with other bytes."""
    named = [(event, news.rma_number[:255]) for event, news in pairs if event.webhook_id]
    if not named:
        return set()
    before = Event.objects.filter(
        shop__in={event.shop_id for event, _ in named},
        subject__in={number for _, number in named},
        webhook_id__in={event.webhook_id for event, _ in named},
    )
    known = {
        (pk, shop, webhook_id, number, bytes(sha256))
        for pk, shop, webhook_id, number, sha256 in before.values_list(
            "pk", "shop_id", "webhook_id", "subject", "body_sha256"
        )
    } | {
        (event.pk, event.shop_id, event.webhook_id, number, bytes(event.body_sha256))
        for event, number in named
    }
    first: dict[tuple[int, str, str], bytes] = {}
    for _, shop, webhook_id, number, sha256 in sorted(known):
        first.setdefault((shop, webhook_id, number), sha256)
    return {
        event.pk
        for event, number in named
        if first[event.shop_id, event.webhook_id, number] != bytes(event.body_sha256)
    }


def _settle(event: Event, snapshot: RmaSnapshot, outcome: str) -> None:
    event.state, event.outcome = EventState.DONE, outcome
    event.subject = snapshot.rma_number[:255]
    event.done_at = timezone.now()
    event.problem = ""
    event.flags = [*event.flags, *(flag for flag in snapshot.flags if flag not in event.flags)]
    if event.topic and event.topic != snapshot.narvar_status:
        note = f"The topic says {event.topic}, the body {snapshot.narvar_status}"
        event.flags += [note] if note not in event.flags else []


def _apply_alone(pair: Readable) -> None:
    event = pair[0]
    try:
        _apply([pair])
    except Exception as error:
        log.exception("event_failed", event_id=event.pk)
        _fail(event, f"{type(error).__name__} while applying")


@transaction.atomic
def _fail(event: Event, problem: str) -> None:
    """Tried again later; after the last try it is a dead letter of its return."""
    inbox.retry_later(event, problem)
    tell_of_dead_letters(Event.objects.filter(pk=event.pk))


def name_recent_dead_letters() -> int:
    """Those that no worker lived to tell of; one that failed before has its name already."""
    recent = Event.objects.filter(done_at__gt=timezone.now() - timedelta(minutes=10))
    untold = Q(subject="") | Q(reason="killed_its_worker")
    with transaction.atomic():
        return tell_of_dead_letters(recent.filter(untold))


def tell_of_dead_letters(events: EventQuerySet) -> int:
    """Whose news they were, as far as their bytes tell; returns how many were looked at."""
    dead = events.filter(state=EventState.DEAD).select_related("shop")
    found = list(dead.order_by("id")[:BATCH])
    for event in found:
        subject = event.subject or wire.named_rma(bytes(event.body))
        if not event.subject and subject:
            Event.objects.filter(pk=event.pk).update(subject=subject)
        if subject:
            transitions.news_failed(event.shop, subject)
    return len(found)


def sent_at(header: str) -> datetime | None:
    """The header's time: ten-digit epoch seconds in the spec's sample; anything odd is none."""
    text = header.strip()
    if not (text.isascii() and text.isdigit() and len(text) in (10, 13)):
        return None
    seconds = int(text) / (1000 if len(text) == 13 else 1)
    return datetime.fromtimestamp(seconds, UTC)
