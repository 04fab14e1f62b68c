"""All that the page of one case shows, in a number of queries that does not grow with the case."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.desk import Asked
from returns_ops.dashboard.show.acting import Act, Tried, acts_of
from returns_ops.dashboard.show.case import (
    SKIP_REASONS,
    SNOOZES,
    CaseHead,
    ClockLine,
    Customer,
    Entry,
    clock_lines,
    customer_at,
    head_of,
    history_of,
    notes_of,
    siblings_of,
)
from returns_ops.dashboard.show.customer_text import CustomerText, text_for
from returns_ops.dashboard.show.diff import diff
from returns_ops.dashboard.show.formats import Clock, moment_of
from returns_ops.dashboard.show.found import ItemFound, found_in
from returns_ops.dashboard.show.funds import Funds, funds_of
from returns_ops.dashboard.show.macros import StepShown, steps_at
from returns_ops.dashboard.show.people import Here, People, here_of, people_of
from returns_ops.dashboard.show.photos import Photos, photos_to_look_at
from returns_ops.dashboard.show.policy import Track, tracks_of
from returns_ops.dashboard.show.rma import errors_of
from returns_ops.dashboard.show.timeline import changes_of
from returns_ops.narvar import macros
from returns_ops.narvar.trying_again import rest_of
from returns_ops.returns import presence
from returns_ops.returns.models import Case, CaseWatch, Macro, Rma
from returns_ops.returns.playbooks import PlaybookText, playbook_of
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.rights import Rights


class Line(NamedTuple):
    field: str
    diff: SafeString


class Version(NamedTuple):
    at: SafeString | str
    by: str
    lines: list[Line]


class MacroButton(NamedTuple):
    id: int
    version: int
    name: str
    steps: list[StepShown]


@dataclass(frozen=True)
class OfRma:
    """What is known of the return; a parcel that nobody could place has none of it."""

    clocks: list[ClockLine]
    errors: list[tuple[str, SafeString | str]]
    funds: Funds
    found: list[ItemFound]
    photos: Photos
    customer: Customer | None
    tracks: list[Track]
    versions: list[Version]
    people: People
    text: CustomerText


@dataclass(frozen=True)
class CasePage:
    case: Case
    asked: Asked
    head: CaseHead
    of: OfRma | None
    siblings: list[tuple[str, str]]
    history: list[Entry]
    notes: list[Entry]
    mentions: list[str]
    colleagues: list[tuple[int, str]]
    findings: str
    acts: list[Act]
    seen: int
    macros: list[MacroButton]
    playbook: PlaybookText
    playbook_url: str
    here: Here | None  # who else; with a return, its people say it
    token: UUID = field(default_factory=uuid4)

    @property
    def query(self) -> str:
        return self.asked.query()

    @property
    def url(self) -> str:
        return f"{reverse('case', args=[self.case.pk])}?{self.query}"

    @property
    def skip_reasons(self) -> tuple[str, ...]:
        return SKIP_REASONS

    @property
    def snoozes(self) -> tuple[tuple[str, str], ...]:
        return SNOOZES


def case_page(
    access: Access,
    case: Case,
    asked: Asked,
    now: datetime,
    *,
    revealed: bool = False,
    tried: Tried | None = None,
    language: str = "",
) -> CasePage:
    clock = Clock(now, case.shop.timezone)
    bundle = _bundle_of(case.rma) if case.rma else None
    watching = CaseWatch.objects.filter(case=case, user=access.user).exists()
    people, history = colleagues_of(case), history_of(case, clock)
    rights = Rights(access.user, access.roles)
    acts = acts_of(case, rights, tried or Tried(), bundle)
    return CasePage(
        case=case,
        asked=asked,
        head=head_of(access, case, clock, watching=watching, revealed=revealed),
        of=_of_rma(access, bundle, clock, language) if bundle else None,
        siblings=[
            (f"{reverse('case', args=[pk])}?{asked.query()}", name)
            for pk, name in siblings_of(case)
        ],
        history=history,
        notes=notes_of(case, clock, history),
        mentions=[one.username for one in people if one.pk != access.user.pk][:8],
        colleagues=[(one.pk, one.known_as) for one in people if one.pk != case.owner_id],
        findings=case.findings,
        acts=acts,
        seen=history[0].id if history else 0,
        macros=[_macro_button(one, acts) for one in macros.offered(case)],
        playbook=playbook_of(case.shop, case.cause, case.fingerprint),
        playbook_url=f"{reverse('playbook', args=[case.cause])}?shop={case.shop.domain}",
        here=here_of(presence.others(case.parcel, access.user)) if case.parcel else None,
    )


def _macro_button(macro: Macro, acts: list[Act]) -> MacroButton:
    return MacroButton(macro.pk, macro.version, macro.name, steps_at(macro, acts))


def colleagues_of(case: Case) -> list[User]:
    """Who resolves cases of the shop."""
    memberships = case.shop.memberships.granting(Permission.RESOLVE)
    people = User.objects.filter(is_active=True, pk__in=memberships.values("user"))
    return list(people.order_by("first_name", "last_name", "username"))


def _bundle_of(rma: Rma) -> Bundle:
    """All parts of the page read the same rows."""
    lines = rma.receipt_lines.select_related("command", "entered_by").defer("command__body")
    return Bundle(rma, lines=list(lines))


def _of_rma(access: Access, bundle: Bundle, clock: Clock, language: str) -> OfRma:
    rma = bundle.rma
    verdict, _ = judge(bundle, Wanted(refund=True, rest=rest_of(bundle)))
    return OfRma(
        clocks=clock_lines(rma, clock),
        errors=errors_of(rma, clock),
        funds=funds_of(rma, bundle.transactions, verdict.cap, clock, bundle.items),
        found=found_in(rma, lines=bundle.lines, items=bundle.items),
        photos=photos_to_look_at(access, rma, clock),
        customer=customer_at(rma, clock),
        tracks=tracks_of(rma, clock),
        versions=versions_of(rma, clock),
        people=people_of(access, rma, clock.now),
        text=text_for(bundle, language),
    )


def versions_of(rma: Rma, clock: Clock) -> list[Version]:
    """What each edit at Narvar changed, the newest first, word by word."""
    return [
        Version(
            at=clock.ago(moment_of(version.get("at"))),
            by=str(version.get("edited_by") or ""),
            lines=[
                Line(change.field, diff(change.before, change.after))
                for change in changes_of(version.get("changes") or {})
            ],
        )
        for version in reversed(rma.versions)
    ]
