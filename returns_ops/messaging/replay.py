"""Events applied once more, with their original bytes: one, those of a reason, or those of a time.

A job makes them pending again by the hundred, behind what has just arrived, and counts how they
end. The drain does the rest, as it did the first time: what was applied before changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Event, EventQuerySet, EventState, ReplayJob

SLICE = 100
# Those that fail again wait long between their tries; they must not hold up the rest.
MOST_IN_FLIGHT = 500
# A live event that waits longer than this shows a drain that is late: it goes first.
PATIENCE = timedelta(seconds=2)
SETTLED = [EventState.DONE, EventState.DEAD, EventState.PARKED]
# Written so that PostgreSQL finds both in the small indexes made for them.
ASIDE = Q(state=EventState.DEAD) | Q(state=EventState.PARKED)


class CannotReplay(Exception):
    """Says why to a person. Nothing was started."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which events of a shop; at least one of the others is given."""

    shop: Shop
    event: Event | None = None
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def has_its_event(self) -> bool:
        """The one that is named is of this shop, and still kept."""
        named = self.event
        return named is not None and Event.objects.filter(shop=self.shop, pk=named.pk).exists()

    def events(self) -> EventQuerySet:
        rows = Event.objects.filter(shop=self.shop)
        if self.event:
            rows = rows.filter(pk=self.event.pk)
        if self.reason:
            rows = rows.filter(ASIDE, reason=self.reason)
        else:
            rows = rows.filter(state__in=SETTLED)
        if self.since:
            rows = rows.filter(received_at__gte=self.since)
        if self.until:
            rows = rows.filter(received_at__lt=self.until)
        return rows


@transaction.atomic
def start(selection: Selection, *, by: User, why: str) -> ReplayJob:
    """Begin a replay in the background; raises CannotReplay. The caller checks the permission."""
    why = why.strip()
    if not why:
        raise CannotReplay("Say why these events are to be applied again.")
    if not (selection.event or selection.reason or selection.since):
        raise CannotReplay("Say which events: one, a reason, or a time.")
    found = selection.events().aggregate(total=Count("pk"), last_id=Max("pk"))
    if not found["total"]:
        raise CannotReplay("There is no such event that is not already waiting.")
    job = ReplayJob.objects.create(
        shop=selection.shop,
        event=selection.event,
        reason=selection.reason,
        since=selection.since,
        until=selection.until,
        why=why,
        started_by=by,
        **found,
    )
    job.refresh_from_db()
    _audit("replay.start", job, by, reason=job.reason, event=job.event_id, total=job.total)
    return job


@transaction.atomic
def stop(job_id: int, *, by: User) -> ReplayJob:
    """Take no more events; those that were taken are applied."""
    job = ReplayJob.objects.select_for_update(of=("self",)).select_related("shop").get(pk=job_id)
    if job.state == ReplayJob.State.RUNNING:
        job.state, job.finished_at = ReplayJob.State.STOPPED, timezone.now()
        job.save(update_fields=["state", "finished_at"])
        _audit("replay.stop", job, by, done=job.done, failed=job.failed)
    return job


def reasons(shops: Iterable[Shop]) -> list[tuple[str, str, int]]:
    """(state, reason, how many) of what failed or was set aside, the most frequent first."""
    rows = Event.objects.filter(ASIDE, shop__in=shops).values_list("state", "reason")
    return list(rows.annotate(n=Count("pk")).order_by("-n", "reason"))


@transaction.atomic
def run_slice(limit: int = SLICE) -> int:
    """Go on with the oldest job; returns how many events were made pending again."""
    running = ReplayJob.objects.filter(state=ReplayJob.State.RUNNING).order_by("id")
    job = running.select_for_update(skip_locked=True, of=("self",)).select_related("shop").first()
    if job is None:
        return 0
    _count_ends(job)
    taken = (
        [] if _live_ones_wait(job) else _take(job, min(limit, MOST_IN_FLIGHT - len(job.in_flight)))
    )
    if not job.in_flight and _is_through(job):
        job.state, job.finished_at = ReplayJob.State.DONE, timezone.now()
    job.save(
        update_fields=["in_flight", "done", "failed", "cursor", "state", "finished_at"],
    )
    return len(taken)


def _count_ends(job: ReplayJob) -> None:
    found = dict(Event.objects.filter(pk__in=job.in_flight).values_list("pk", "state"))
    # One that is gone was applied, long ago: the job was not looked at for days.
    states = {pk: found.get(pk, EventState.DONE) for pk in job.in_flight}
    ends = {pk: state for pk, state in states.items() if state in SETTLED}
    job.in_flight = [pk for pk in job.in_flight if pk not in ends]
    job.done += sum(state == EventState.DONE for state in ends.values())
    job.failed += sum(state != EventState.DONE for state in ends.values())


def _live_ones_wait(job: ReplayJob) -> bool:
    late = Event.objects.due().filter(next_attempt_at__lt=Now() - PATIENCE)
    return late.exclude(pk__in=job.in_flight).exists()


def _take(job: ReplayJob, limit: int) -> list[int]:
    rows = _left(job).order_by("pk").select_for_update()
    ids = list(rows.values_list("pk", flat=True)[:limit])
    Event.objects.filter(pk__in=ids).update(
        state=EventState.PENDING,
        reason="",
        problem="",
        attempts=0,
        next_attempt_at=Now(),
        lease_token=None,
        lease_until=None,
        done_at=None,
    )
    job.cursor = ids[-1] if ids else job.cursor
    job.in_flight = [*job.in_flight, *ids]
    return ids


def _is_through(job: ReplayJob) -> bool:
    return not _left(job).exists()


def _left(job: ReplayJob) -> EventQuerySet:
    """In the order of their arrival: one that fails again is not met a second time."""
    event = Event(pk=job.event_id) if job.event_id else None
    selection = Selection(
        shop=job.shop, event=event, reason=job.reason, since=job.since, until=job.until
    )
    return selection.events().filter(pk__gt=job.cursor, pk__lte=job.last_id)


def _audit(action: str, job: ReplayJob, by: User, **data: Any) -> None:
    audit.record(action, str(job), shop=job.shop, actor=by, job=job.pk, why=job.why, **data)
