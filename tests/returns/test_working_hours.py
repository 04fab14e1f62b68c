"""When so many working hours are over: nights, weekends, holidays, zones, clocks that change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns.working_hours import Week, after_working_hours, working_time_between

BERLIN = Week(zone="Europe/Berlin")
NIGHTS = Week(zone="Europe/Berlin", days=range(1, 8), opens=time(22), closes=time(6))
ROUND_THE_CLOCK = Week(days=range(1, 8), opens=time(0), closes=time(0))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "week", "ends"),
    [
        # 2026-11-23 is a Monday; Berlin is an hour ahead of UTC in winter, two in summer.
        ("2026-11-23 09:00", 4, BERLIN, "2026-11-23 13:00"),
        ("2026-11-23 14:00", 4, BERLIN, "2026-11-24 10:00"),  # two today, two tomorrow
        ("2026-11-23 03:00", 1, BERLIN, "2026-11-23 09:00"),  # before it opens
        ("2026-11-27 15:30", 1, BERLIN, "2026-11-30 08:30"),  # over the weekend
        ("2026-11-28 12:00", 8, BERLIN, "2026-11-30 16:00"),  # opened on a Saturday
        ("2026-03-27 15:00", 2, BERLIN, "2026-03-30 08:00"),  # clocks go forward in between
        ("2026-10-23 14:30", 1, BERLIN, "2026-10-26 08:30"),  # and back
        ("2026-11-23 12:00", 5, ROUND_THE_CLOCK, "2026-11-23 17:00"),
        # The night of 28 to 29 March has an hour less between 22:00 and 06:00.
        ("2026-03-28 21:00", 8, NIGHTS, "2026-03-29 21:00"),
        ("2026-10-24 20:00", 9, NIGHTS, "2026-10-25 05:00"),  # and this one an hour more
        ("2026-11-23 12:00", 0, BERLIN, "2026-11-23 12:00"),
    ],
)
def test_the_hours_end_when_a_person_would_say(
    start: str, hours: int, week: Week, ends: str
) -> None:
    assert after_working_hours(utc(start), timedelta(hours=hours), week) == utc(ends)


def test_a_holiday_is_no_working_day() -> None:
    week = Week(holidays=[date(2026, 12, 25)])

    ends = after_working_hours(utc("2026-12-24 16:00"), timedelta(hours=2), week)

    assert ends == utc("2026-12-28 10:00")


def test_who_never_works_is_measured_by_the_clock() -> None:
    ends = after_working_hours(utc("2026-12-24 16:00"), timedelta(hours=2), Week(days=()))

    assert ends == utc("2026-12-24 18:00")


@given(
    start=st.integers(0, 730 * 24 * 60).map(lambda n: utc("2026-01-01") + timedelta(minutes=n)),
    minutes=st.integers(1, 60 * 60),
    zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
    ),
)
def test_what_was_counted_off_is_what_lies_between(
    start: datetime, minutes: int, zone: str
) -> None:
    week, span = Week(zone=zone), timedelta(minutes=minutes)

    ends = after_working_hours(start, span, week)

    assert ends > start
    assert working_time_between(start, ends, week) == span
