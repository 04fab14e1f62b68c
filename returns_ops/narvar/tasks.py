"""Loops around functions that work without Celery. A lost or doubled run changes nothing."""

import time

from celery import shared_task
from django.db import close_old_connections

from returns_ops.messaging import heartbeats
from returns_ops.narvar import delivery, inbound
from returns_ops.returns import counters

LONGEST_RUN = 25.0


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
    """Make the calls that are due, one after the other, for at most 25 s."""
    close_old_connections()
    heartbeats.beat("outbox")
    until = time.monotonic() + LONGEST_RUN
    while delivery.deliver_next() and time.monotonic() < until:
        pass


@shared_task(ignore_result=True)
def fold_counters() -> None:
    close_old_connections()
    counters.fold()
