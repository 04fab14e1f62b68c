"""A shop that has gone quiet: by its own habit at that hour of the week, and never by guessing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop
from returns_ops.narvar import silence
from returns_ops.narvar.models import ShopRhythm
from tests.builders import make_shop

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def events(shop: Shop, since: datetime, until: datetime, every: timedelta) -> None:
    """By day only, from 8 to 20 o'clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messaging_event (shop_id, dedup_key, webhook_id, topic, api_version,
                sender_timestamp, body, body_sha256, headers, received_at, state)
            SELECT %(shop)s, sha256(at::text::bytea), '', '', '', '', '', sha256(''), '{}', at,
                'done'
            FROM generate_series(
                %(since)s::timestamptz, %(until)s, make_interval(secs => %(every)s)) at
            WHERE extract(hour FROM at AT TIME ZONE 'UTC') BETWEEN 8 AND 19 ORDER BY at""",
            {"shop": shop.pk, "since": since, "until": until, "every": every.total_seconds()},
        )


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """An event every six minutes by day, for five weeks; the last at 12:00."""
    events(shop, NOON - 35 * DAY, NOON, 6 * MINUTE)
    silence.count_events()
    return shop


def test_a_pause_of_three_hours_is_quiet_where_six_minutes_are_usual(busy: Shop) -> None:
    found = silence.silence(busy, now=NOON + 3 * HOUR)

    assert found.quiet
    assert found.words == "last event 3 h ago, usually every 6 min"
    assert found.last_event_at == NOON


@pytest.mark.parametrize(("minutes", "quiet"), [(5, False), (14, False), (17, False), (19, True)])
def test_three_usual_gaps_and_a_quarter_of_an_hour(busy: Shop, minutes: int, quiet: bool) -> None:
    assert silence.silence(busy, now=NOON + minutes * MINUTE).quiet is quiet


def test_at_night_nothing_is_expected(shop: Shop) -> None:
    evening = NOON.replace(hour=19, minute=54)
    events(shop, NOON - 35 * DAY, evening, 6 * MINUTE)
    silence.count_events()

    night = silence.silence(shop, now=evening + 11 * HOUR)
    morning = silence.silence(shop, now=evening + 13 * HOUR)

    assert (night.quiet, morning.quiet) == (False, True)


def test_a_busy_shop_is_not_quiet_for_less_than_a_quarter_of_an_hour(shop: Shop) -> None:
    events(shop, NOON - 35 * DAY, NOON, MINUTE)
    silence.count_events()

    assert not silence.silence(shop, now=NOON + 14 * MINUTE).quiet
    assert silence.silence(shop, now=NOON + 16 * MINUTE).quiet


@pytest.mark.parametrize("weeks", [0, 1])
def test_a_shop_that_is_hardly_known_is_never_quiet(shop: Shop, weeks: int) -> None:
    events(shop, NOON - weeks * 7 * DAY - HOUR, NOON, 6 * MINUTE)
    silence.count_events()

    found = silence.silence(shop, now=NOON + 48 * HOUR)

    assert (found.quiet, found.words) == (False, "last event 2 d ago")


def test_a_shop_without_any_event_is_never_quiet(shop: Shop) -> None:
    found = silence.silence(shop, now=NOON)

    assert (found.quiet, found.words, found.last_event_at) == (False, "no event yet", None)


def test_a_silence_of_weeks_does_not_become_the_habit(busy: Shop) -> None:
    assert silence.silence(busy, now=NOON + 60 * DAY).quiet


def test_every_event_is_counted_once(shop: Shop) -> None:
    events(shop, NOON - 2 * HOUR, NOON - HOUR, 10 * MINUTE)
    silence.count_events()
    events(shop, NOON - HOUR + MINUTE, NOON - 31 * MINUTE, 10 * MINUTE)
    for _ in range(3):
        silence.count_events()

    counted = list(ShopRhythm.objects.order_by("hour").values_list("hour", "events"))
    assert counted == [(NOON - 2 * HOUR, 6), (NOON - HOUR, 1 + 3)]


def test_hours_older_than_five_weeks_are_forgotten(shop: Shop) -> None:
    events(shop, NOON - 40 * DAY, NOON, HOUR)
    silence.count_events()

    assert ShopRhythm.objects.earliest("hour").hour >= NOON - 35 * DAY
    assert ShopRhythm.objects.count() <= 36 * 12


def test_all_shops_are_asked_in_one_query(
    busy: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    others = [make_shop() for _ in range(3)]

    with django_assert_num_queries(1):
        found = silence.quiet_shops([busy, *others], now=NOON + HOUR)

    assert [one.shop_id for one in found] == [busy.pk]
