"""When so many working hours are over. Pure: a week of a shop and an instant in, an instant out.

Hours are real hours: a day on which the clocks change has one more or one less of them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

# Far beyond any shop's longest closure: whoever gets here has no working day at all.
LONGEST = 3650


@dataclass(frozen=True, kw_only=True)
class Week:
    """`days` from 1 for Monday to 7; `closes` at midnight is the end of the day."""

    zone: str = "UTC"
    days: Collection[int] = (1, 2, 3, 4, 5)
    opens: time = time(9)
    closes: time = time(17)
    holidays: Collection[date] = ()


def after_working_hours(start: datetime, span: timedelta, week: Week) -> datetime:
    """The instant, in UTC, at which `span` of working time since `start` is over."""
    left = span
    for opens, closes in _windows(start, week):
        begun = max(opens, start)
        if begun + left <= closes:
            return begun + left
        left -= closes - begun
    return start + span  # no day is worked: then the hours of the clock count


def working_time_between(start: datetime, end: datetime, week: Week) -> timedelta:
    """How much working time lies between two instants."""
    total = timedelta(0)
    for opens, closes in _windows(start, week):
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total


def _windows(start: datetime, week: Week) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing of each working day that ends after `start`, in UTC."""
    zone = ZoneInfo(week.zone)
    first = start.astimezone(zone).date()
    for number in range(LONGEST):
        day = first + timedelta(days=number)
        if day.isoweekday() not in week.days or day in week.holidays:
            continue
        opens = _instant(day, week.opens, zone)
        ends_on = day if week.closes > week.opens else day + timedelta(days=1)
        closes = _instant(ends_on, week.closes, zone)
        if closes > max(opens, start):
            yield opens, closes


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def zone_is_known(name: str) -> bool:
    return name in available_timezones()
