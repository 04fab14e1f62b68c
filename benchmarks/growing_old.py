"""What a long reader costs: dead rows pile up behind it, and the drain must not feel them.

Webhooks are stored and drained without a pause while, for a time, somebody reads in one long
transaction, as a backup or a report does. What an hour leaves
behind is made at once. Ends by itself after at most three minutes.
"""

import statistics
import time
from dataclasses import dataclass, field

import psycopg
from django.db import connection

from benchmarks.bodies import bodies
from benchmarks.table import Row
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.narvar import inbound
from returns_ops.returns import counters

SLICE = 500
WARM, BEFORE, READING, PILED, AFTER_AT_MOST, LAST = 5.0, 15.0, 25.0, 15.0, 90.0, 10.0
AN_HOUR = 50 * 3600  # events, at fifty a second
FOLD_EVERY = 10.0
HOT = [
    *("messaging_event", "messaging_heartbeat", "returns_rma", "returns_rmaitem"),
    *("returns_workcount", "returns_searchtoken"),
]


@dataclass
class Phase:
    """What was measured, slice by slice."""

    rates: list[float] = field(default_factory=list)
    counted: list[float] = field(default_factory=list)  # seconds that the tabs' numbers took
    dead: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


class Stream:
    """New returns that never end, some hundred at a time."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.bodies = bodies(10**7, f"OLD{time.time_ns()}-")
        self.folded = time.monotonic()

    def run(self, seconds: float, *, until_dead: int | None = None) -> Phase:
        phase, end = Phase(), time.monotonic() + seconds
        while time.monotonic() < end:
            self._slice(phase)
            if until_dead is not None and phase.dead[-1] <= until_dead:
                break
        return phase

    def _slice(self, phase: Phase) -> None:
        for _ in range(SLICE):
            body = next(self.bodies)
            inbox.store(inbox.Delivery(shop_id=self.shop.pk, body=body, headers={}))
        started = time.monotonic()
        while inbound.drain_batch():
            pass
        phase.rates.append(SLICE / (time.monotonic() - started))
        phase.counted.append(_timed_counts(self.shop))
        if time.monotonic() > self.folded + FOLD_EVERY:
            counters.fold()
            self.folded = time.monotonic()
        phase.dead.append(sum(dead_rows().values()))


def run() -> list[Row]:
    shop = Shop.objects.get_or_create(domain="old.myshopify.com")[0]
    stream = Stream(shop)
    stream.run(WARM)
    before = stream.run(BEFORE)
    with _reader():
        reading = stream.run(READING)
        _pass_an_hour(shop)
        piled = stream.run(PILED)
        most = dead_rows()
    ended = time.monotonic()
    after = stream.run(AFTER_AT_MOST, until_dead=max(before.dead))
    took, last = time.monotonic() - ended, stream.run(LAST)
    return [
        *_rates(before, reading, piled, last),
        Row("dead rows of the hot tables, before, at most", f"{max(before.dead):,}"),
        Row("… at the reader's end", f"{sum(most.values()):,}: {_told(most)}"),
        Row("… when back, after seconds", f"{after.dead[-1]:,} after {took:.0f} s", "≤ before"),
        *(Row(f"updates of {table} without an index entry", hot) for table, hot in _hot()),
    ]


def _pass_an_hour(shop: Shop) -> None:
    """What an hour of fifty events a second leaves behind, without waiting for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messaging_event (shop_id, dedup_key, webhook_id, topic, api_version,
                sender_timestamp, body, body_sha256, headers)
            SELECT %s, sha256(('hour' || n)::bytea), '', '', '', '', '', sha256(''), '{}'
            FROM generate_series(1, %s) n""",
            [shop.pk, AN_HOUR],
        )
        cursor.execute("UPDATE messaging_event SET lease_until = now() WHERE state = 'pending'")
        cursor.execute(
            "UPDATE messaging_event SET state = 'done', outcome = 'same', done_at = now()"
            " WHERE state = 'pending'"
        )


def _rates(before: Phase, reading: Phase, piled: Phase, last: Phase) -> list[Row]:
    return [
        Row("drained a second before the reader came", f"{before.rate:,.0f}"),
        Row("… while it reads ÷ before", f"{reading.rate / before.rate:.2f}", "≥ 0.8"),
        Row("… when it has read for an hour ÷ before", f"{piled.rate / before.rate:.2f}", "≥ 0.8"),
        Row("… after it ended ÷ before", f"{last.rate / before.rate:.2f}", "≥ 0.8"),
        Row(
            "the tabs' numbers, ms: before, after that hour, at last",
            ", ".join(
                f"{1000 * statistics.median(one.counted):.1f}" for one in (before, piled, last)
            ),
        ),
    ]


class _reader:
    """Somebody who sees the database as it was when they came, for as long as they stay."""

    def __enter__(self) -> None:
        given = connection.get_connection_params()
        names = ("host", "port", "user", "password", "dbname")
        self.line = psycopg.connect(**{name: given[name] for name in names if name in given})
        self.line.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.line.execute("SELECT count(*) FROM accounts_shop")

    def __exit__(self, *error: object) -> None:
        self.line.rollback()
        self.line.close()


def dead_rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE relname = ANY(%s)", [HOT]
        )
        return dict(cursor.fetchall())


def _hot() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_hot_upd, n_tup_upd FROM pg_stat_user_tables"
            " WHERE relname = ANY(%s) AND n_tup_upd > 0 ORDER BY n_tup_upd DESC",
            [HOT],
        )
        return [(name, f"{hot:,} of {all_:,}") for name, hot, all_ in cursor.fetchall()]


def _told(dead: dict[str, int]) -> str:
    most = sorted(dead.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {count:,}" for name, count in most if count)


def _timed_counts(shop: Shop) -> float:
    started = time.monotonic()
    counters.counts([shop], [shop])
    return time.monotonic() - started
