"""Money and time as people read them. Called once per cell, in Python: a template only places."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.returns.money import spoken

NOTHING = "–"
DAY = timedelta(days=1)


def money(amount: Decimal | None, currency: str) -> str:
    return NOTHING if amount is None else spoken(amount, currency)


def decimal_of(value: object) -> Decimal | None:
    """A number that a document keeps as text."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment_of(value: object) -> datetime | None:
    moment = parse_datetime(value) if isinstance(value, str) else None
    return moment if moment and moment.tzinfo else None


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def span(time: timedelta) -> str:
    seconds = time.total_seconds()
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{max(int(seconds), 0)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"


class Clock:
    """Writes moments for one shop's wall clock, as of one now."""

    def __init__(self, now: datetime, timezone: str) -> None:
        self.now = now
        self.zone = zone_of(timezone)

    def wall(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        year = "" if local.year == self.now.astimezone(self.zone).year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M}"

    def time_of_day(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        today = local.date() == self.now.astimezone(self.zone).date()
        return f"{local:%H:%M}" if today else self.wall(at)

    def to_the_second(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        today = local.date() == self.now.astimezone(self.zone).date()
        return f"{local:%H:%M:%S}" if today else self.wall(at)

    def tag(self, at: datetime | None, text: str = "") -> SafeString | str:
        if at is None:
            return NOTHING
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            at.isoformat(),
            self.full(at),
            text or self.wall(at),
        )

    def full(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"

    def ago(self, at: datetime | None) -> SafeString | str:
        """`3 h ago`, kept fresh by the browser; from a day on, the date."""
        if at is None:
            return NOTHING
        age = self.now - at
        if age >= DAY or age < -timedelta(minutes=1):
            return self.tag(at)
        return format_html(
            '<time datetime="{}" title="{}" data-ago>{}</time>',
            at.isoformat(),
            self.full(at),
            "just now" if age < timedelta(seconds=60) else f"{span(age)} ago",
        )

    def age(self, at: datetime) -> SafeString:
        """`3 h` or `12 d`: how long something has waited, for a narrow column."""
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            at.isoformat(),
            self.full(at),
            span(self.now - at),
        )

    def until(self, at: datetime | None) -> SafeString | str:
        """`in 1 d 3 h`, amber within a day and red once past; the words say so as well."""
        if at is None:
            return NOTHING
        left = at - self.now
        tone, text = "", f"in {span(abs(left))}"
        if left < timedelta(0):
            tone, text = "late", f"{span(abs(left))} late"
        elif left < DAY:
            tone = "soon"
        return format_html(
            '<time class="due {}" datetime="{}" title="{}">{}</time>',
            tone,
            at.isoformat(),
            self.full(at),
            text,
        )

    def countdown(self, at: datetime | None) -> SafeString | str:
        """`40 s`, counted down by the browser."""
        if at is None:
            return ""
        left = max(int((at - self.now).total_seconds()), 0)
        text = f"{left} s" if left < 120 else f"{left // 60} min"
        return format_html('<time datetime="{}" data-left>{}</time>', at.isoformat(), text)

    def deadline(self, at: datetime) -> SafeString:
        return format_html('{} <span class="muted">({})</span>', self.until(at), self.wall(at))
