"""Is this process fit to work, and is the rest alive? Asked by readiness, metrics and screens."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.messaging import heartbeats
from returns_ops.messaging.models import Event, EventState

LATE_DRAIN = timedelta(seconds=30)
SILENT_WORKER = timedelta(seconds=30)


@dataclass
class Readiness:
    """`checks` says each in words; only the database and its migrations decide `ok`."""

    ok: bool = True
    checks: dict[str, str] = field(default_factory=dict)

    @property
    def degraded(self) -> bool:
        return any(word not in ("ok", "idle") for word in self.checks.values())


def readiness() -> Readiness:
    found = Readiness()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found.checks["database"] = "ok"
        missing = _missing_migrations()
        found.checks["migrations"] = f"{missing} missing" if missing else "ok"
        found.ok = not missing
        if found.ok:
            found.checks |= liveliness()
    except Error as error:
        found.ok = False
        found.checks["database"] = type(error).__name__
    return found


def _missing_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def liveliness() -> dict[str, str]:
    """Reported, never a reason to take a web process out of service."""
    checks = {"inbox": _drain()}
    for name in ("inbox", "outbox"):
        age = heartbeats.age(name)
        if age is None:
            checks[f"{name}_worker"] = "never seen"
        else:
            seconds = age.total_seconds()
            checks[f"{name}_worker"] = (
                "ok" if age < SILENT_WORKER else f"silent for {seconds:.0f} s"
            )
    return checks


def _drain() -> str:
    age = oldest_pending()
    if age is None:
        return "ok"
    return "ok" if age < LATE_DRAIN else f"late by {age.total_seconds():.0f} s"


def oldest_pending() -> timedelta | None:
    """How long the event that is due first has been due: a replayed one is old, but not late."""
    waiting = Event.objects.filter(state=EventState.PENDING, next_attempt_at__lte=Now())
    first = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return timezone.now() - first if first else None
