"""A state as icon and word; the colour only repeats what they say."""

from functools import lru_cache
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_micro

from returns_ops.messaging.models import AttemptOutcome, CommandState, EventState, ReplayJob
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.states import CaseState, Cause, Money, NarvarStatus, Receipt, Work

Sync = ReturnLocation.Sync


class Look(NamedTuple):
    tone: str
    icon: str


UNKNOWN = Look("neutral", "question-mark-circle")
LOOKS: dict[str, dict[str, Look]] = {
    "narvar_status": {
        NarvarStatus.INITIATED: Look("neutral", "pencil-square"),
        NarvarStatus.ON_ITS_WAY: Look("info", "truck"),
        NarvarStatus.DELIVERED: Look("warn", "inbox-arrow-down"),
        NarvarStatus.RECEIVED: Look("info", "inbox-stack"),
        NarvarStatus.APPROVED: Look("ok", "check-circle"),
        NarvarStatus.REJECTED: Look("err", "x-circle"),
        NarvarStatus.CANCELLED_BY_RETAILER: Look("neutral", "no-symbol"),
        NarvarStatus.CANCELLED_BY_USER: Look("neutral", "no-symbol"),
        NarvarStatus.EXCEPTION: Look("err", "exclamation-triangle"),
        NarvarStatus.OUT_OF_STOCK: Look("err", "archive-box-x-mark"),
        NarvarStatus.BY_HAND: Look("warn", "hand-raised"),
    },
    "receipt": {
        Receipt.EXPECTED: Look("neutral", "clock"),
        Receipt.ARRIVED: Look("warn", "inbox-arrow-down"),
        Receipt.PARTLY_RECEIVED: Look("warn", "inbox"),
        Receipt.RECEIVED: Look("ok", "inbox-stack"),
        Receipt.NOT_RECEIVED: Look("err", "x-circle"),
    },
    "money": {
        Money.NONE: Look("neutral", "minus-circle"),
        Money.NEEDS_APPROVAL: Look("warn", "user-plus"),
        Money.QUEUED: Look("info", "clock"),
        Money.SENDING: Look("info", "paper-airplane"),
        Money.OUTCOME_UNKNOWN: Look("warn", "question-mark-circle"),
        Money.ACCEPTED: Look("info", "check"),
        Money.CONFIRMED: Look("ok", "check-circle"),
        Money.REFUSED: Look("err", "x-circle"),
        Money.MOVED_ELSEWHERE: Look("warn", "arrow-top-right-on-square"),
    },
    "command": {
        CommandState.NEEDS_APPROVAL: Look("warn", "user-plus"),
        CommandState.QUEUED: Look("info", "clock"),
        CommandState.SENDING: Look("info", "paper-airplane"),
        CommandState.OUTCOME_UNKNOWN: Look("warn", "question-mark-circle"),
        CommandState.ACCEPTED: Look("info", "check"),
        CommandState.CONFIRMED: Look("ok", "check-circle"),
        CommandState.REFUSED: Look("err", "x-circle"),
        CommandState.CANCELLED: Look("neutral", "arrow-uturn-left"),
        CommandState.ATTENTION: Look("err", "exclamation-triangle"),
    },
    "location": {
        Sync.IN_SYNC: Look("ok", "check-circle"),
        Sync.SENDING: Look("info", "paper-airplane"),
        Sync.NOT_SAVED: Look("err", "x-circle"),
        Sync.CONFLICT: Look("warn", "arrows-right-left"),
        Sync.DELETED: Look("neutral", "trash"),
    },
    "event": {
        EventState.PENDING: Look("info", "clock"),
        EventState.DONE: Look("ok", "check-circle"),
        EventState.DEAD: Look("err", "x-circle"),
        EventState.PARKED: Look("neutral", "pause-circle"),
    },
    # An event by what came of it: its outcome once it is applied, else its state.
    "result": {
        "created": Look("ok", "check-circle"),
        "applied": Look("ok", "check-circle"),
        "older": Look("neutral", "clock"),
        "same": Look("neutral", "equals"),
        EventState.PENDING: Look("info", "clock"),
        EventState.DEAD: Look("err", "x-circle"),
        EventState.PARKED: Look("neutral", "pause-circle"),
    },
    "replay": {
        ReplayJob.State.RUNNING: Look("info", "arrow-path"),
        ReplayJob.State.DONE: Look("ok", "check-circle"),
        ReplayJob.State.STOPPED: Look("neutral", "stop-circle"),
    },
    "attempt": {
        AttemptOutcome.STARTED: Look("info", "paper-airplane"),
        AttemptOutcome.ACCEPTED: Look("ok", "check"),
        AttemptOutcome.REFUSED: Look("err", "x-circle"),
        AttemptOutcome.NOT_SENT: Look("neutral", "arrow-path"),
        AttemptOutcome.UNKNOWN: Look("warn", "question-mark-circle"),
        AttemptOutcome.WAIT: Look("neutral", "clock"),
        AttemptOutcome.UNAUTHORISED: Look("err", "key"),
        AttemptOutcome.MISCONFIGURED: Look("err", "link-slash"),
    },
    "work": {
        Work.TO_RECEIVE: Look("neutral", "truck"),
        Work.TO_INSPECT: Look("info", "magnifying-glass"),
        Work.TO_DECIDE: Look("warn", "scale"),
        Work.NEEDS_APPROVAL: Look("warn", "user-plus"),
        Work.EXCEPTION: Look("err", "exclamation-triangle"),
        Work.WAITING: Look("info", "clock"),
        Work.DONE: Look("ok", "check-circle"),
    },
    "cause": {
        Cause.EXCEPTION: Look("err", "exclamation-triangle"),
        Cause.SHOPIFY_REFUND: Look("warn", "arrow-top-right-on-square"),
        Cause.OUT_OF_STOCK: Look("err", "archive-box-x-mark"),
        Cause.BY_HAND: Look("warn", "hand-raised"),
        Cause.UNKNOWN_STATUS: Look("neutral", "question-mark-circle"),
        Cause.BENCH: Look("warn", "magnifying-glass"),
        Cause.REFUSED: Look("err", "x-circle"),
        Cause.UNSETTLED: Look("warn", "question-mark-circle"),
        Cause.MONEY_DIFFERS: Look("err", "scale"),
        Cause.LATE_PARCEL: Look("warn", "truck"),
        Cause.DEAD_LETTER: Look("err", "envelope"),
        Cause.MYSTERY_PARCEL: Look("info", "cube"),
        Cause.AUTOMATION_ENDING: Look("warn", "clock"),
    },
    "case": {
        CaseState.OPEN: Look("info", "folder-open"),
        CaseState.SNOOZED: Look("neutral", "moon"),
        CaseState.RESOLVED: Look("ok", "check-circle"),
    },
}
LABELS: dict[str, dict[str, str]] = {
    "narvar_status": dict(NarvarStatus.choices),
    "receipt": dict(Receipt.choices),
    "money": dict(Money.choices),
    "command": dict(CommandState.choices),
    "location": dict(Sync.choices),
    "event": dict(EventState.choices),
    "result": {
        "created": "Applied",
        "applied": "Applied",
        "older": "Older, kept as history",
        "same": "Nothing new",
        EventState.PENDING: "Waiting",
        EventState.DEAD: "Failed",
        EventState.PARKED: "Set aside",
    },
    "replay": dict(ReplayJob.State.choices),
    "attempt": dict(AttemptOutcome.choices),
    "work": dict(Work.choices),
    "cause": dict(Cause.choices),
    "case": dict(CaseState.choices),
}


@lru_cache(maxsize=128)
def icon(name: str, size: int = 16) -> SafeString:
    svg = heroicon_micro(name, size=size, aria_hidden="true")
    return mark_safe("".join(line.strip() for line in svg.splitlines()))


def look_of(kind: str, value: str) -> Look:
    return LOOKS[kind].get(value, UNKNOWN)


def label_of(kind: str, value: str) -> str:
    return LABELS[kind].get(value) or f"{value} (unknown)"


@lru_cache(maxsize=512)
def badge(kind: str, value: str, label: str = "") -> SafeString:
    return saying(look_of(kind, value), label or label_of(kind, value))


def saying(look: Look, words: SafeString | str) -> SafeString:
    """A badge whose words change from one look to the next."""
    return format_html(
        '<span class="badge {}">{}<span>{}</span></span>', look.tone, icon(look.icon), words
    )


@lru_cache(maxsize=64)
def hint(name: str, words: str) -> SafeString:
    return format_html('<span class="hint">{}<span>{}</span></span>', icon(name), words)
