"""What Prometheus reads. Counted from the database, so that every process tells the same.

What is done is counted among the newest only: all others have an index of their own, so that a
scrape costs the same at a million events.

The one exception is how long the door takes to answer, `returns_ops_door_seconds`: a histogram
in memory, of this process alone. Scrape each process of the door, and add them up.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram, generate_latest

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import (
    DUE_STATES,
    Command,
    CommandState,
    Event,
    EventState,
    Heartbeat,
)
from returns_ops.narvar import retention, silence

NEWEST = 10_000

_DEAD = """
SELECT relname, n_dead_tup FROM pg_stat_user_tables
WHERE relname IN ('messaging_event', 'messaging_command', 'returns_rma', 'returns_workcount')
"""
# Of others than this role only with pg_read_all_stats.
_LONGEST = """
SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
"""

_DOOR = Histogram(
    "returns_ops_door_seconds",
    "From the sight of a webhook to its answer, in this process",
    ["status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 6),
)

Labels = tuple[str, ...]
Rows = Iterable[tuple[Any, ...]]  # the labels, then the number


def door_answered(status: int, seconds: float) -> None:
    _DOOR.labels(str(status)).observe(seconds)


def text() -> bytes:
    registry = CollectorRegistry()
    for name, help_text, labels, rows in _counted():
        gauge = Gauge(f"returns_ops_{name}", help_text, labels, registry=registry)
        for *values, number in rows:
            (gauge.labels(*values) if labels else gauge).set(_plain(number))
    return bytes(generate_latest(registry) + generate_latest(REGISTRY))


def _counted() -> Iterable[tuple[str, str, Labels, Rows]]:
    yield from _events()
    yield from _newest_events()
    yield from _silences()
    yield from _commands()
    beats = Heartbeat.objects.values_list("name").annotate(age=Now() - F("seen_at"))
    yield "heartbeat_age_seconds", "Since a part was last seen alive", ("name",), beats
    yield from _database()
    words = "For how long the oldest of a kind should have been gone"
    yield "retention_overdue_seconds", words, ("kind",), retention.overdue()


def _database() -> Iterable[tuple[str, str, Labels, Rows]]:
    words = "Rows that no longer count and still take room, in the hot tables"
    yield "dead_rows", words, ("table",), _rows(_DEAD)
    words = "For how long the oldest transaction goes on: nothing that died since is cleared away"
    yield "longest_transaction_seconds", words, (), _rows(_LONGEST)


def _rows(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _events() -> Iterable[tuple[str, str, Labels, Rows]]:
    waiting = Event.objects.filter(state=EventState.PENDING)
    pending = waiting.values_list("shop__domain").annotate(n=Count("pk"))
    yield "events_pending", "Events that wait to be applied", ("shop",), pending.order_by()
    late = waiting.filter(next_attempt_at__lte=Now())
    oldest = late.aggregate(age=Now() - Min("next_attempt_at"))["age"]
    words = "How long the event that is due first has been due"
    yield "inbox_oldest_pending_seconds", words, (), [(oldest or timedelta(0),)]
    for state, told in ((EventState.DEAD, "failed"), (EventState.PARKED, "were set aside")):
        rows = Event.objects.filter(state=state).values_list("shop__domain", "reason")
        counted = rows.annotate(n=Count("pk")).order_by()
        yield f"events_{state}", f"Events that {told}", ("shop", "reason"), counted


def _newest_events() -> Iterable[tuple[str, str, Labels, Rows]]:
    newest = Event.objects.aggregate(last=Max("pk"))["last"] or 0
    rows = Event.objects.filter(pk__gt=newest - NEWEST).order_by()
    by_state = rows.values_list("shop__domain", "state").annotate(n=Count("pk"))
    words = f"Of the newest {NEWEST} events, how many are in a state"
    yield "newest_events", words, ("shop", "state"), by_state
    again = rows.values_list("shop__domain").annotate(n=Sum("deliveries") - Count("pk"))
    words = f"Of the newest {NEWEST} events, deliveries beyond the first"
    yield "newest_events_duplicates", words, ("shop",), again


def _silences() -> Iterable[tuple[str, str, Labels, Rows]]:
    domains = dict(Shop.objects.values_list("pk", "domain"))
    found = silence.silences(list(Shop.objects.all()))
    ages = [(domains[one.shop_id], one.gap) for one in found if one.gap is not None]
    yield "last_event_age_seconds", "Since a shop's last event", ("shop",), ages
    quiet = [(domains[one.shop_id], one.quiet) for one in found]
    yield "shop_quiet", "1: silent for longer than is usual at this hour", ("shop",), quiet


def _commands() -> Iterable[tuple[str, str, Labels, Rows]]:
    by_state = Command.objects.values_list("shop__domain", "state").annotate(n=Count("pk"))
    yield "commands", "Commands by state", ("shop", "state"), by_state.order_by()
    due = Command.objects.filter(state__in=DUE_STATES, next_attempt_at__lte=Now())
    words = "How long the command that is due first has been due"
    yield "commands_oldest_due_seconds", words, ("moves_money",), _oldest(due, "next_attempt_at")
    unknown = Command.objects.filter(state=CommandState.OUTCOME_UNKNOWN)
    words = "Since the first try of the oldest command whose outcome is unknown"
    yield (
        "commands_oldest_unknown_seconds",
        words,
        ("moves_money",),
        _oldest(unknown, "first_sent_at"),
    )
    accepted = Command.objects.filter(state=CommandState.ACCEPTED, settled_at=None)
    words = "Since Narvar accepted the oldest command that is not confirmed"
    yield (
        "commands_oldest_accepted_seconds",
        words,
        ("moves_money",),
        _oldest(accepted, "accepted_at"),
    )


def _oldest(commands: QuerySet[Command], since: str) -> Rows:
    """For money and for the rest, 0 where there is none: an alarm needs a number to compare."""
    money = Q(moves_money=True)
    found = commands.aggregate(true=Min(since, filter=money), false=Min(since, filter=~money))
    now = timezone.now()
    return [(kind, now - at if at else timedelta(0)) for kind, at in found.items()]


def _plain(number: Any) -> float:
    return max(number.total_seconds(), 0.0) if isinstance(number, timedelta) else float(number)
