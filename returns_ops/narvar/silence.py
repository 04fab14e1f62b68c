"""Whether a shop has gone quiet: measured by its own habit at that hour of the week.

Events are counted by the hour in a small table, each once. How many came in the same hours of
the four weeks before the last event says how many were to be expected since.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop

SHORTEST = timedelta(minutes=15)
USUAL_GAPS = 3
WEEKS = 4
ENOUGH_WEEKS = 2

_COUNT = """
INSERT INTO narvar_shoprhythm AS rhythm (shop_id, hour, events, last_event)
SELECT shop_id, date_trunc('hour', received_at, 'UTC'), count(*), max(id)
FROM messaging_event
WHERE shop_id = %(shop)s AND id > coalesce(
    (SELECT max(last_event) FROM narvar_shoprhythm WHERE shop_id = %(shop)s), 0)
GROUP BY 1, 2
ON CONFLICT (shop_id, hour) DO UPDATE
    SET events = rhythm.events + excluded.events, last_event = excluded.last_event
"""
_FORGET = """
DELETE FROM narvar_shoprhythm WHERE shop_id = %(shop)s AND hour < (
    SELECT max(hour) FROM narvar_shoprhythm WHERE shop_id = %(shop)s) - interval '5 weeks'
"""
# The silence, moved back by one to four weeks; hours that it only touches count in part.
_EXPECTED = """
SELECT last.shop_id, last.at, habit.weeks, habit.events
FROM (
    SELECT shop.id AS shop_id, event.received_at AS at
    FROM unnest(%(shops)s::bigint[]) AS shop (id)
    LEFT JOIN LATERAL (
        SELECT received_at FROM messaging_event
        WHERE shop_id BETWEEN shop.id AND shop.id  -- see dashboard/health.py
        ORDER BY shop_id, id DESC LIMIT 1) event ON true
) last
LEFT JOIN LATERAL (
    SELECT count(DISTINCT week) AS weeks,
        sum(extract(epoch FROM least(hour + interval '1 hour', ending) - greatest(hour, beginning))
            / 3600 * events) AS events
    FROM generate_series(1, %(weeks)s) week
    CROSS JOIN LATERAL (
        SELECT last.at - week * interval '1 week' AS beginning,
            least(%(now)s, last.at + interval '1 week') - week * interval '1 week' AS ending) span
    LEFT JOIN narvar_shoprhythm ON shop_id = last.shop_id
        AND hour > beginning - interval '1 hour' AND hour < ending
    WHERE beginning >= (
        SELECT min(hour) FROM narvar_shoprhythm WHERE shop_id = last.shop_id)
) habit ON true
"""


@dataclass(frozen=True, kw_only=True)
class Silence:
    shop_id: int
    last_event_at: datetime | None
    usual_gap: timedelta | None  # in these hours of the week; None: too little is known
    gap: timedelta | None

    @property
    def quiet(self) -> bool:
        if self.gap is None or self.usual_gap is None:
            return False
        return self.gap >= SHORTEST and self.gap > USUAL_GAPS * self.usual_gap

    @property
    def words(self) -> str:
        if self.gap is None:
            return "no event yet"
        usually = f", usually every {_spoken(self.usual_gap)}" if self.usual_gap else ""
        return f"last event {_spoken(self.gap)} ago{usually}"


def silence(shop: Shop, *, now: datetime | None = None) -> Silence:
    return silences([shop], now=now)[0]


def quiet_shops(shops: Iterable[Shop], *, now: datetime | None = None) -> list[Silence]:
    """Those that are silent for longer than is usual for them: one query for all."""
    return [found for found in silences(list(shops), now=now) if found.quiet]


def silences(shops: Sequence[Shop], *, now: datetime | None = None) -> list[Silence]:
    now = now or timezone.now()
    with connection.cursor() as cursor:
        ids = [shop.pk for shop in shops]
        cursor.execute(_EXPECTED, {"shops": ids, "weeks": WEEKS, "now": now})
        rows = cursor.fetchall()
    return [_silence(now, *row) for row in rows]


def _silence(
    now: datetime, shop_id: int, last_at: datetime | None, weeks: int, events: float | None
) -> Silence:
    gap = max(now - last_at, timedelta(0)) if last_at else None
    usual = None
    if gap and events and weeks >= ENOUGH_WEEKS:
        usual = min(gap, timedelta(weeks=1)) / (float(events) / weeks)
    return Silence(shop_id=shop_id, last_event_at=last_at, usual_gap=usual, gap=gap)


def count_events() -> None:
    """Add what came since the last count; the caller is alone at it."""
    for shop_id in Shop.objects.values_list("pk", flat=True):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, {"shop": shop_id})
            cursor.execute(_FORGET, {"shop": shop_id})


def _spoken(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
