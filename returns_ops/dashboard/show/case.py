"""The page of one case: why it is here, what is known, what can be done, and who does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.case_rows import (
    age_of,
    due_in_words,
    number_of,
    snoozed_in_words,
)
from returns_ops.dashboard.show.causes import sums_in_words
from returns_ops.dashboard.show.formats import Clock, moment_of, money
from returns_ops.dashboard.show.words import TRACKS, word
from returns_ops.returns.customers import CustomerFacts, customer_of
from returns_ops.returns.masking import masked_email
from returns_ops.returns.models import Case, CaseEvent, Rma
from returns_ops.returns.states import CaseState

NEWEST = 30
SNOOZES = (
    ("1h", "1 hour"),
    ("3h", "3 hours"),
    ("tomorrow", "Tomorrow, 9:00"),
    ("monday", "Monday, 9:00"),
)
SKIP_REASONS = ("I wait for an answer", "Somebody else knows more", "I do not know how")
ICONS = {
    CaseEvent.Verb.OPENED: ("exclamation-triangle", "err"),
    CaseEvent.Verb.REOPENED: ("arrow-path", "err"),
    CaseEvent.Verb.CHANGED: ("pencil-square", "info"),
    CaseEvent.Verb.CLOSED: ("check-circle", "ok"),
    CaseEvent.Verb.RESOLVED: ("check-circle", "ok"),
    CaseEvent.Verb.ASSIGNED: ("user", "neutral"),
    CaseEvent.Verb.TAKEN: ("hand-raised", "neutral"),
    CaseEvent.Verb.SNOOZED: ("moon", "neutral"),
    CaseEvent.Verb.WOKE: ("bell-alert", "info"),
    CaseEvent.Verb.SKIPPED: ("forward", "neutral"),
    CaseEvent.Verb.NOTED: ("chat-bubble-left", "info"),
    CaseEvent.Verb.EDITED: ("pencil", "neutral"),
    CaseEvent.Verb.ACTED: ("paper-airplane", "ok"),
}


@dataclass(frozen=True)
class CaseHead:
    id: int
    version: int
    title: str
    cause: SafeString
    cause_name: str
    state: SafeString | str
    is_open: bool
    rma_url: str
    about_url: str
    order: str
    shop: str
    email: str
    may_reveal: bool
    opened: SafeString | str
    reopened: str
    due: SafeString | str
    owner: str
    mine: bool
    watching: bool
    snoozed: SafeString | str
    closed: SafeString | str


class Entry(NamedTuple):
    id: int
    verb: str
    icon: str
    tone: str
    text: str
    who: str
    at: SafeString | str


class Other(NamedTuple):
    number: str
    url: str
    status: SafeString
    value: str
    at: SafeString | str


@dataclass(frozen=True)
class Customer:
    words: str
    facts: list[tuple[str, str]]
    others: list[Other]
    more: bool


class ClockLine(NamedTuple):
    icon: str
    tone: str
    words: SafeString


def case_or_404(access: Access, case_id: int) -> Case:
    related = ("shop", "rma", "parcel", "owner", "closed_by")
    shops = access.shops_with(Permission.RESOLVE)
    found = Case.objects.filter(pk=case_id, shop__in=shops).select_related(*related).first()
    if found is None:
        raise Http404("There is no such case.")
    if found.rma is not None:
        found.rma.shop = found.shop
    return found


def head_of(
    access: Access, case: Case, clock: Clock, *, watching: bool, revealed: bool
) -> CaseHead:
    rma, resolved = case.rma, case.state == CaseState.RESOLVED
    email = rma.email if rma else ""
    return CaseHead(
        id=case.pk,
        version=case.version,
        title=number_of(rma.rma_number if rma else None, case.parcel_id),
        cause=badge("cause", case.cause),
        cause_name=case.get_cause_display(),
        state="" if case.state == CaseState.OPEN else badge("case", case.state),
        is_open=not resolved,
        rma_url=rma.get_absolute_url() if rma else "",
        about_url=rma.get_absolute_url() if rma else reverse("parcel", args=[case.parcel_id]),
        order=rma.order_number if rma else "",
        shop=case.shop.domain,
        email=email if revealed else masked_email(email),
        may_reveal=bool(email) and not revealed and access.may(Permission.REVEAL, case.shop),
        opened=clock.ago(case.opened_at),
        reopened=f"came back, {case.times_opened}. time" if case.times_opened > 1 else "",
        due="" if resolved else _due(case, clock),
        owner=case.owner.known_as if case.owner else "",
        mine=case.owner_id == access.user.pk,
        watching=watching,
        snoozed=snoozed_in_words(case.snoozed_until, case.snoozed_sign, clock)
        if case.state == CaseState.SNOOZED
        else "",
        closed=_closed(case, clock) if resolved else "",
    )


def _due(case: Case, clock: Clock) -> SafeString:
    tone, _ = age_of(case.state, case.opened_at, case.due_at, clock.now)
    return due_in_words(case.due_at, clock, tone)


def _closed(case: Case, clock: Clock) -> SafeString:
    who = case.closed_by.known_as if case.closed_by else "by itself"
    return format_html("{}, {}: {}", who, clock.ago(case.closed_at), case.closed_because)


def notes_of(case: Case, clock: Clock, history: list[Entry]) -> list[Entry]:
    """Asked for anew only where older ones may stand before what `history` shows."""
    if len(history) < NEWEST:
        return [one for one in history if one.verb == CaseEvent.Verb.NOTED]
    return history_of(case, clock, verb=CaseEvent.Verb.NOTED)


def history_of(case: Case, clock: Clock, **only: str) -> list[Entry]:
    """The newest first; `verb` for those of one kind."""
    events = case.history.filter(**only).select_related("actor").order_by("-id")[:NEWEST]
    return [_entry(event, clock) for event in events]


def _entry(event: CaseEvent, clock: Clock) -> Entry:
    icon, tone = ICONS.get(CaseEvent.Verb(event.verb), ("information-circle", "neutral"))
    who = event.actor.known_as if event.actor else "By itself"
    return Entry(event.pk, event.verb, icon, tone, event.text, who, clock.ago(event.at))


def clock_lines(rma: Rma, clock: Clock) -> list[ClockLine]:
    """`Refund automation ends in 5 h`: those that are still to end, or ended with nothing done."""
    found = []
    for track in rma.policy:
        until = moment_of(track.get("until"))
        if until and not track.get("succeeded_at"):
            name = word(TRACKS, str(track.get("name")))
            found.append(_clock_line(name, until, clock))
    return found


def _clock_line(name: str, until: datetime, clock: Clock) -> ClockLine:
    over = until < clock.now
    tone = "err" if over else "warn" if until - clock.now < timedelta(hours=24) else "neutral"
    verb = "automation ended" if over else "automation ends"
    when = clock.tag(until) if over else clock.deadline(until)
    return ClockLine("clock", tone, format_html("{} {} {}", name, verb, when))


def customer_at(rma: Rma, clock: Clock) -> Customer | None:
    found = customer_of(rma)
    return _customer(found, clock) if found else None


def _customer(found: CustomerFacts, clock: Clock) -> Customer:
    counts = [
        ("Returns", found.returns),
        ("Approved", found.approved),
        ("Rejected", found.rejected),
        ("Cancelled", found.cancelled),
        ("In trouble", found.in_trouble),
        ("Items kept", found.kept),
    ]
    facts = [(name, f"{number}{'+' if found.more else ''}") for name, number in counts]
    since = f"since {found.first:%b %Y}" if found.first and found.returns > 1 else "first return"
    return Customer(
        words=since,
        facts=[*facts, ("Refunded", sums_in_words(found.refunded))],
        others=[_other(rma, clock) for rma in found.others],
        more=found.returns > len(found.others) + 1,
    )


def _other(rma: Rma, clock: Clock) -> Other:
    return Other(
        rma.rma_number,
        rma.get_absolute_url(),
        badge("narvar_status", rma.narvar_status),
        money(rma.total, rma.currency),
        clock.ago(rma.created_at),
    )


def siblings_of(case: Case) -> list[tuple[int, str]]:
    """Other open cases of the same return."""
    if case.rma_id is None:
        return []
    others = Case.objects.filter(rma=case.rma_id).exclude(pk=case.pk)
    return [(one.pk, one.get_cause_display()) for one in others.exclude(state=CaseState.RESOLVED)]
