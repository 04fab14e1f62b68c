"""Loops around functions that work without Celery. A lost or doubled run changes nothing."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from celery import shared_task
from django.db import close_old_connections, connection

from returns_ops.messaging import heartbeats, replay
from returns_ops.messaging.locks import alone
from returns_ops.narvar import (
    bulk,
    delivery,
    inbound,
    location_imports,
    locations,
    looking,
    outages,
    reconciliation,
    reopening,
    retention,
    silence,
)
from returns_ops.returns import counters, digests, presence, transitions

log = structlog.get_logger(__name__)

LONGEST_RUN = 25.0
# Background reads share a worker with the drain: short, and only one of them at a time.
LONGEST_REREAD = 15.0
CALLS_AT_ONCE = 4
LONGEST_RETIREMENT = 15.0


@shared_task(ignore_result=True)
def drain_inbox() -> None:
    """Apply what waits, in batches, for at most 25 s; the next tick goes on."""
    close_old_connections()
    heartbeats.beat("inbox")
    until = time.monotonic() + LONGEST_RUN
    while inbound.drain_batch() and time.monotonic() < until:
        pass


@shared_task(ignore_result=True)
def drain_outbox() -> None:
    """Make the calls that are due, some at a time, for at most 25 s."""
    close_old_connections()
    heartbeats.beat("outbox")
    until = time.monotonic() + LONGEST_RUN
    if delivery.deliver_next():
        # Waiting for Narvar is most of a call: threads wait together.
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            for done in [pool.submit(_deliver, until) for _ in range(CALLS_AT_ONCE)]:
                done.result()


def _deliver(until: float) -> None:
    try:
        while delivery.deliver_next() and time.monotonic() < until:
            pass
    finally:
        connection.close()


@shared_task(ignore_result=True)
def look_for_outcomes() -> None:
    """Ask Narvar about what it accepted, and whether it answers again where it did not."""
    close_old_connections()
    reopening.probe_due()
    reopening.recheck_refused()
    looking.look_for_outcomes()


@shared_task(ignore_result=True)
def fold_counters() -> None:
    """Small rows that pile up: summed, or forgotten."""
    close_old_connections()
    counters.fold()
    presence.forget_old()


@shared_task(ignore_result=True)
def refetch_doubtful() -> None:
    """Ask Narvar which of two contradicting news is the newest."""
    close_old_connections()
    with alone("reread") as nobody_else:
        if nobody_else:
            reconciliation.refetch_doubtful(until=time.monotonic() + LONGEST_REREAD)


@shared_task(ignore_result=True)
def reread_open() -> None:
    """Ask Narvar about open RMAs of which it did not tell us for long."""
    close_old_connections()
    with alone("reread") as nobody_else:
        if nobody_else:
            reconciliation.reread_open(until=time.monotonic() + LONGEST_REREAD)


@shared_task(ignore_result=True)
def watch_door() -> None:
    close_old_connections()
    with alone("watch_door") as nobody_else:
        if nobody_else:
            outages.watch()


@shared_task(ignore_result=True)
def count_events() -> None:
    """Learn how many events a shop sends at which hour."""
    close_old_connections()
    with alone("count_events") as nobody_else:
        if nobody_else:
            silence.count_events()


@shared_task(ignore_result=True)
def sync_locations() -> None:
    """Read the return locations of shops where it is time, or where a person asked."""
    close_old_connections()
    with alone("sync_locations") as nobody_else:
        if nobody_else:
            locations.sync_due()


@shared_task(ignore_result=True)
def import_locations() -> None:
    close_old_connections()
    with alone("import_locations") as nobody_else:
        if nobody_else:
            location_imports.run_slice()


@shared_task(ignore_result=True)
def end_requests() -> None:
    """End requests for approval that nobody answered in time, or that no longer fit."""
    close_old_connections()
    with alone("end_requests") as nobody_else:
        if nobody_else:
            transitions.end_requests()


@shared_task(ignore_result=True)
def tend_desk() -> None:
    """What the clock brings to the desk: cases that open, wake, or are about to be late."""
    close_old_connections()
    with alone("tend_desk") as nobody_else:
        if nobody_else:
            for step in DESK_STEPS:
                _alone_from_others(step)


DESK_STEPS: tuple[Callable[[], int], ...] = (
    inbound.name_recent_dead_letters,
    transitions.open_what_time_brings,
    transitions.adopt_strays,
    transitions.wake_sleepers,
    transitions.warn_of_lateness,
)


def _alone_from_others(step: Callable[[], int]) -> None:
    """One that fails holds up none of those after it."""
    try:
        step()
    except Exception:
        log.exception("desk_step_failed", step=step.__name__)


@shared_task(ignore_result=True)
def run_bulk() -> None:
    """Go on with what was ordered for many cases at once."""
    close_old_connections()
    until = time.monotonic() + LONGEST_RUN
    with alone("run_bulk") as nobody_else:
        while nobody_else and bulk.run_slice() and time.monotonic() < until:
            pass


@shared_task(ignore_result=True)
def send_digests() -> None:
    close_old_connections()
    with alone("send_digests") as nobody_else:
        if nobody_else:
            digests.send_due()


@shared_task(ignore_result=True)
def replay_events() -> None:
    close_old_connections()
    with alone("replay_events") as nobody_else:
        if nobody_else:
            replay.run_slice()


@shared_task(ignore_result=True)
def retire_old() -> None:
    """Let go what is kept for long enough; what is left waits for the next hour."""
    close_old_connections()
    with alone("retire_old") as nobody_else:
        if nobody_else:
            told = retention.retire(until=time.monotonic() + LONGEST_RETIREMENT)
            if not any(one.failed for one in told):
                heartbeats.beat("retirement")
