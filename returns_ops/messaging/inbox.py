"""Events: stored once whatever arrives, claimed in batches, settled or set aside."""

import hashlib
import itertools
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from returns_ops.failpoints import failpoint
from returns_ops.messaging import bulk
from returns_ops.messaging.models import Event, EventQuerySet, EventState
from returns_ops.messaging.retrying import retried

# A batch takes well under a second; whoever is slower is fenced off and changes nothing.
LEASE = timedelta(seconds=10)
ATTEMPTS, SUSPECT = 5, 2
DIED = "The worker died each time it was at this event"
# Narvar retries for nine hours: the same bytes later than that are a new event, not a retry.
RETRY_BUDGET = timedelta(hours=10)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One webhook as it came through the door."""

    shop_id: int
    body: bytes
    headers: dict[str, str]
    webhook_id: str = ""
    topic: str = ""
    api_version: str = ""
    sender_timestamp: str = ""
    flags: list[str] = field(default_factory=list)
    door_version: int | None = None  # who may knock, as the door knew it; None: whoever it is

    def dedup_key(self, body_sha256: bytes) -> bytes:
        """Never the id alone: if Narvar's id named the subscription, all later news were lost."""
        webhook_id = self.webhook_id.encode("utf-8", "surrogateescape")
        return hashlib.sha256(webhook_id + b"\x1f" + body_sha256).digest()


_STORE = """
INSERT INTO messaging_event AS event (shop_id, dedup_key, webhook_id, topic, api_version,
    sender_timestamp, body, body_sha256, headers, flags, state, reason)
SELECT shop.id, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb,
       CASE WHEN shop.active THEN 'pending' ELSE 'parked' END,
       CASE WHEN shop.active THEN '' ELSE 'shop_inactive' END
FROM accounts_shop AS shop
WHERE shop.id = %s AND shop.door_version = coalesce(%s, shop.door_version)
ON CONFLICT (shop_id, dedup_key) DO UPDATE
    SET deliveries = event.deliveries + 1, last_seen_at = now(),
        state = CASE WHEN event.state = 'done'
                      AND event.last_seen_at < now() - make_interval(secs => %s)
                THEN 'pending' ELSE event.state END
RETURNING id, deliveries
"""


def store(delivery: Delivery) -> tuple[int, int] | None:
    """Keep a delivery, durably, before anybody answers; returns (event id, deliveries so far).

    None: who may knock has changed since `door_version`, and nothing was kept. One statement, and
    a transaction of its own: the ORM costs a third of the door's throughput, each round trip more.
    """
    failpoint("ingress.before_insert")
    if not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("A delivery is kept for good before it is answered: not in here")
    with connection.cursor() as cursor:
        cursor.execute(_STORE, _values(delivery))
        kept: tuple[int, int] | None = cursor.fetchone()
    failpoint("ingress.after_commit")
    return kept


def _values(delivery: Delivery) -> list[bytes | str | int | float | None]:
    body_sha256 = hashlib.sha256(delivery.body).digest()
    return [
        delivery.dedup_key(body_sha256),
        _storable(delivery.webhook_id),
        _storable(delivery.topic),
        _storable(delivery.api_version),
        _storable(delivery.sender_timestamp),
        delivery.body,
        body_sha256,
        json.dumps({name: _storable(value) for name, value in delivery.headers.items()}),
        json.dumps(delivery.flags),
        delivery.shop_id,
        delivery.door_version,
        RETRY_BUDGET.total_seconds(),
    ]


def _storable(text: str) -> str:
    if text.isascii() and "\x00" not in text:  # nearly always
        return text[:2000]
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:2000]


@retried
def claim(limit: int) -> list[Event]:
    """Take due events for one lease; attempts count before the work, so a killer ends at five.

    A worker that dies lets its lease run out; nothing has to clean up after it.
    """
    token = uuid.uuid4()
    with transaction.atomic(durable=True):
        due = Event.objects.due().order_by("next_attempt_at", "id")
        locked = due.select_for_update(skip_locked=True)
        ids = _together(list(locked.values_list("pk", "lease_until", "attempts")[:limit]))
        if not ids:
            return []
        Event.objects.filter(pk__in=ids).update(
            attempts=F("attempts") + 1, lease_token=token, lease_until=Now() + LEASE
        )
    mine = Event.objects.filter(pk__in=ids, lease_token=token)
    return list(mine.select_related("shop").order_by("id"))


def _together(due: Sequence[tuple[int, datetime | None, int]]) -> list[int]:
    """Those to work on in one batch; what workers may have died of is never among others.

    Once is chance: the machine was restarted. What was with its worker twice when that died goes
    alone, so that a killer takes five workers at most, and none of its neighbours with it.
    """
    hopeless = {pk for pk, lease, tries in due if lease and tries >= ATTEMPTS}
    if hopeless:
        _give_up(Event.objects.filter(pk__in=hopeless), "killed_its_worker", DIED)
    rows = [row for row in due if row[0] not in hopeless]
    harmless = itertools.takewhile(lambda row: row[1] is None or row[2] < SUSPECT, rows)
    return [pk for pk, _, _ in harmless] or [pk for pk, _, _ in rows[:1]]


def still_ours(events: Iterable[Event]) -> list[Event]:
    """Lock those whose lease we still hold: a worker that slept too long changes nothing."""
    tokens = {event.pk: event.lease_token for event in events}
    rows = Event.objects.filter(pk__in=tokens, state=EventState.PENDING).order_by("pk")
    locked = rows.select_for_update(skip_locked=True).values_list("pk", "lease_token")
    held = {pk for pk, token in locked if token == tokens[pk]}
    return [event for event in events if event.pk in held]


def settle(events: list[Event]) -> None:
    """Write what became of the events; `state`, `reason`, `outcome`… are set by the caller."""
    for event in events:
        event.lease_token = None
        event.lease_until = None
    fields = ["state", "reason", "problem", "flags", "subject", "outcome", "done_at"]
    bulk.update(events, [*fields, "lease_token", "lease_until"])


def retry_later(event: Event, problem: str) -> None:
    """Back off 10 s, 30 s, 90 s…; after five attempts the event is a dead letter."""
    mine = Event.objects.filter(pk=event.pk, lease_token=event.lease_token)
    if event.attempts >= ATTEMPTS:
        _give_up(mine, "failed_repeatedly", problem)
        return
    pause = timedelta(seconds=10 * 3 ** (event.attempts - 1) * random.uniform(1, 1.3))
    mine.update(problem=problem, next_attempt_at=Now() + pause, lease_token=None, lease_until=None)


def _give_up(events: EventQuerySet, reason: str, problem: str) -> None:
    events.update(
        state=EventState.DEAD,
        reason=reason,
        problem=problem,
        done_at=Now(),
        lease_token=None,
        lease_until=None,
    )
