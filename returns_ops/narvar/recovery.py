"""After a restore from a backup: nothing goes out, and what Narvar did meanwhile is read again."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop
from returns_ops.narvar import controls, lookup
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection, Outage

# A clock that differs, and what was under way when the backup was taken.
BEFORE = timedelta(hours=1)
REASON = "Restored from a backup"


def hold_all(shops: list[Shop]) -> None:
    """Every kind of command waits, while reading goes on, until somebody has looked."""
    for shop in shops:
        for kind in controls.KINDS.keys() - _paused(shop):
            controls.pause(shop, by=None, kind=kind, reason=REASON)


def let_go(shops: list[Shop]) -> None:
    """What `hold_all` paused; what somebody else did stays as it is."""
    for shop in shops:
        for kind in _paused(shop):
            if _why(shop, kind) == REASON:
                controls.resume(shop, by=None, kind=kind)


def _paused(shop: Shop) -> set[str]:
    return set(Connection.objects.get(shop=shop).paused_kinds)


def _why(shop: Shop, kind: str) -> str:
    paused = AuditEntry.objects.filter(action="calls.paused", shop=shop, data__kind=kind)
    last = paused.order_by("-pk").first()
    return str(last.data["reason"]) if last else ""


def reread_known(since: datetime) -> None:
    """The open returns that we know are read one by one in the background, as after an outage."""
    Outage.objects.create(began_at=since - BEFORE, ended_at=timezone.now())


def reread_changed(
    shop: Shop, since: datetime, *, sleep: Callable[[float], None] = time.sleep
) -> int:
    """All that changed at Narvar, also what we never heard of; returns how many.

    Raises reading.LookupFailed: not every account may list by time alone.
    """
    question = lookup.Question(updated_since=since - BEFORE)
    found = lookup.ask(shop, question, priority=Priority.BACKFILL, patience=sleep)
    return len(found.rma_numbers)
