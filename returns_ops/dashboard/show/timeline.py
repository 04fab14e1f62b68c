"""Everything that happened to an RMA, newest first: snapshots, people, commands, every try."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.safestring import SafeString

from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.contents import pairs
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.words import sentence
from returns_ops.messaging.models import Attempt, Command, Event
from returns_ops.returns.models import Rma, RmaEvent

PAGE = 20
SHOWN = (
    *("rma", "at", "source", "text", "applied", "changes", "event_id", "command__id"),
    *(f"actor__{name}" for name in ("username", "first_name", "last_name")),
)
ICONS = {
    RmaEvent.Source.WEBHOOK: ("arrow-down-tray", "info"),
    RmaEvent.Source.API: ("arrow-path", "info"),
    RmaEvent.Source.PERSON: ("user", "ok"),
    RmaEvent.Source.SYSTEM: ("cog-6-tooth", "neutral"),
}


class Try(NamedTuple):
    number: int
    badge: SafeString
    at: SafeString | str
    detail: str
    answer: str


class Change(NamedTuple):
    field: str
    before: str
    after: str


class Entry(NamedTuple):
    id: int
    icon: str
    tone: str
    text: str
    who: str
    at: SafeString | str
    applied: bool
    changes: list[Change]
    event_id: int | None
    event_gone: str
    command_id: int | None
    tries: list[Try]


class Timeline(NamedTuple):
    entries: list[Entry]
    before: int | None

    @property
    def newest(self) -> int:
        return self.entries[0].id if self.entries else 0


def timeline_of(rma: Rma, clock: Clock, *, before: int | None = None) -> Timeline:
    kept = Exists(Event.objects.filter(pk=OuterRef("event_id")))
    history = rma.history.select_related("actor", "command").annotate(event_kept=kept)
    history = history.prefetch_related("command__attempts").only(*SHOWN)
    if before:
        history = history.filter(pk__lt=before)
    found = list(history.order_by("-pk")[: PAGE + 1])
    shown, seen = found[:PAGE], set[int]()
    entries = [_entry(event, clock, seen) for event in shown]
    return Timeline(entries, shown[-1].pk if len(found) > PAGE else None)


def timeline_of_command(command: Command, clock: Clock) -> Timeline:
    """All that was told of one command; its tries are shown beside it."""
    history = RmaEvent.objects.filter(command=command).select_related("actor").order_by("-pk")
    return Timeline([_entry(event, clock, {command.pk}) for event in history[:PAGE]], None)


def _entry(event: RmaEvent, clock: Clock, seen: set[int]) -> Entry:
    icon, tone = ICONS.get(RmaEvent.Source(event.source), ("information-circle", "neutral"))
    tries: list[Try] = []
    if event.command_id not in {None, *seen} and event.command is not None:
        seen.add(event.command.pk)
        tries = tries_of(event.command.attempts.all(), clock)
    return Entry(
        id=event.pk,
        icon=icon,
        tone=tone,
        text=event.text,
        who=_who(event),
        at=clock.ago(event.at),
        applied=event.applied,
        changes=changes_of(event.changes),
        event_id=event.event_id,
        event_gone="" if getattr(event, "event_kept", True) else no_longer_kept(),
        command_id=event.command_id,
        tries=tries,
    )


def no_longer_kept() -> str:
    return f"the message is no longer kept ({settings.EVENT_DAYS:g} days)"


def _who(event: RmaEvent) -> str:
    if event.actor is not None:
        return event.actor.get_full_name() or event.actor.get_username()
    return str(RmaEvent.Source(event.source).label)


def tries_of(attempts: Iterable[Attempt], clock: Clock) -> list[Try]:
    return [_try(attempt, clock) for attempt in attempts]


def _try(attempt: Attempt, clock: Clock) -> Try:
    facts = [
        f"HTTP {attempt.http_status}" if attempt.http_status else "",
        f"{attempt.milliseconds} ms" if attempt.milliseconds is not None else "",
        _rate(attempt),
        attempt.problem,
        _forgotten(attempt),
    ]
    return Try(
        attempt.number,
        badge("attempt", attempt.outcome),
        clock.ago(attempt.started_at),
        " · ".join(fact for fact in facts if fact),
        attempt.answer,
    )


def _forgotten(attempt: Attempt) -> str:
    kept = timedelta(days=settings.ANSWER_DAYS)
    old = attempt.finished_at is not None and attempt.finished_at < timezone.now() - kept
    return f"answers are kept for {kept.days} days" if old and not attempt.answer else ""


def _rate(attempt: Attempt) -> str:
    """What the headers of the answer said of our limit."""
    if attempt.rate_remaining is None:
        return ""
    limit = "?" if attempt.rate_limit is None else attempt.rate_limit
    reset = "" if attempt.rate_reset is None else f", resets in {attempt.rate_reset} s"
    return f"{attempt.rate_remaining} of {limit} calls left{reset}"


def changes_of(changes: Mapping[str, Any]) -> list[Change]:
    """`field: [before, after]`; what is shaped otherwise is shown as it is."""
    found = []
    for field, change in changes.items():
        if isinstance(change, list) and len(change) == 2:
            found.append(Change(sentence(field), _short(change[0]), _short(change[1])))
        else:
            found.append(Change(sentence(field), "", _short(change)))
    return found


def _short(value: object) -> str:
    if value in (None, "", [], {}):
        return "empty"
    text = "; ".join(f"{k} {v}" for k, v in pairs(value)) if isinstance(value, dict | list) else ""
    text = text or str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
