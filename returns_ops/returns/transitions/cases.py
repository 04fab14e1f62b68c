"""Opens, closes and opens again the cases of returns and parcels, by rule.

Called wherever the standing of one changes, inside the same transaction and under its lock; for
many returns at once it asks the same few questions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging import bulk
from returns_ops.messaging.models import Event, EventState
from returns_ops.returns.causes import CauseFacts, DeadLetter, Finding, causes_of
from returns_ops.returns.desk_rules import desk_rules_of, due_at, rank_at
from returns_ops.returns.models import Case, CaseEvent, DeskRules, Parcel, Rma
from returns_ops.returns.states import CaseState, Cause
from returns_ops.returns.transitions.notices import tell_who_cares
from returns_ops.returns.transitions.signs import sign_of_parcel, signs_of
from returns_ops.returns.transitions.taken_back import taken_back

Verb = CaseEvent.Verb
OVER = "What opened it is over"
TAKEN_BACK = "What was done about it does not stand any more"
TOLD = {Verb.CHANGED, Verb.CLOSED, Verb.REOPENED, Verb.WOKE}  # to owners and watchers
# What the rule may write of a case that exists.
WRITTEN = [
    "state",
    "text",
    "group",
    "fingerprint",
    "marker",
    "present",
    "value",
    "currency",
    "deadline_at",
    "due_at",
    "rank_at",
    "owner",
    "held_by",
    "held_until",
    "snoozed_until",
    "snoozed_sign",
    "opened_at",
    "times_opened",
    "closed_at",
    "closed_by",
    "closed_because",
    "version",
    "changed_at",
]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a case is about, and what it is worth."""

    shop: Shop
    rma_id: int | None = None
    parcel_id: int | None = None
    value: Decimal = Decimal(0)
    currency: str = ""
    deadline_at: datetime | None = None
    owner_id: int | None = None  # whose it is when it opens


@dataclass
class Moves:
    """What came of it, written at once in the end."""

    now: datetime
    rules: dict[int, DeskRules]
    taken_back: set[int] = field(default_factory=set)  # cases whose act was
    opened: list[Case] = field(default_factory=list)
    changed: dict[int, Case] = field(default_factory=dict)
    told: list[tuple[Case, Verb, str]] = field(default_factory=list)

    def write(self) -> None:
        Case.objects.bulk_create(self.opened)
        bulk.update(list(self.changed.values()), WRITTEN)
        bulk.insert([self._event(*one) for one in self.told])
        tell_who_cares((case, text) for case, verb, text in self.told if verb in TOLD)

    def _event(self, case: Case, verb: Verb, text: str) -> CaseEvent:
        return CaseEvent(
            case=case, shop_id=case.shop_id, cause=case.cause, at=self.now, verb=verb, text=text
        )


def settle_cases(
    rmas: Sequence[Rma], known: Mapping[int, CauseFacts], *, news_failed: bool
) -> None:
    """Bring the cases of these locked RMAs in line with what is known, by RMA id."""
    held: dict[int, list[Case]] = defaultdict(list)
    locked = Case.objects.filter(rma__in=rmas).select_for_update(of=("self",))
    for case in locked.order_by("id"):
        held[case.rma_id or 0].append(case)
    facts = _with_dead_letters(rmas, known, held, news_failed)
    touched = [rma for rma in rmas if _may_matter(rma, facts[rma.pk], held)]
    if not touched:
        return
    shops = Shop.objects.in_bulk({rma.shop_id for rma in touched})
    undone = taken_back(one for rma in touched for one in held[rma.pk])
    moves = Moves(timezone.now(), desk_rules_of(shops.values()), undone)
    signs = signs_of(rma for rma in touched if any(one.snoozed_sign for one in held[rma.pk]))
    for rma in touched:
        found = _found(rma, facts[rma.pk], held[rma.pk], moves)
        _settle(_about(rma, shops[rma.shop_id]), found, held[rma.pk], moves)
        _wake(held[rma.pk], signs.get(rma.pk, ""), moves)
    moves.write()


def _with_dead_letters(
    rmas: Sequence[Rma],
    known: Mapping[int, CauseFacts],
    held: Mapping[int, list[Case]],
    news_failed: bool,
) -> Mapping[int, CauseFacts]:
    """They are asked for only where one may have come, or may have gone."""
    asked = [
        rma
        for rma in rmas
        if news_failed or any(one.cause == Cause.DEAD_LETTER for one in held.get(rma.pk, []))
    ]
    if not asked:
        return known
    dead = dead_letters_of(asked)
    told = {
        rma.pk: replace(known[rma.pk], dead_letters=dead[rma.shop_id, rma.rma_number])
        for rma in asked
    }
    return {**known, **told}


def _may_matter(rma: Rma, facts: CauseFacts, held: Mapping[int, list[Case]]) -> bool:
    """Most returns have no case and nothing to open one: they cost nothing more."""
    return bool(held.get(rma.pk)) or rma.deadline_at is not None or bool(causes_of(facts))


def _found(
    rma: Rma, facts: CauseFacts, cases: Sequence[Case], moves: Moves
) -> dict[Cause, Finding]:
    warned = any(one.cause == Cause.AUTOMATION_ENDING and one.present for one in cases)
    return causes_of(facts.timed(moves.now, moves.rules[rma.shop_id].warn_hours, warned=warned))


def _about(rma: Rma, shop: Shop) -> About:
    first = rma.first_cap if rma.first_cap is not None else rma.estimated_refund
    at_stake = (rma.total if first is None else first) - rma.refunded
    return About(
        shop=shop,
        rma_id=rma.pk,
        value=max(at_stake, Decimal(0)),
        currency=rma.currency,
        deadline_at=rma.deadline_at,
    )


def _settle(
    about: About, found: Mapping[Cause, Finding], cases: Sequence[Case], moves: Moves
) -> None:
    known = {Cause(case.cause): case for case in cases}
    for cause, finding in found.items():
        case = known.get(cause)
        if case is None:
            _open(about, cause, finding, moves)
        elif case.state == CaseState.RESOLVED:
            _come_back(case, about, finding, moves)
        else:
            _keep(case, about, finding, moves)
    for cause, case in known.items():
        if cause not in found and case.present:
            _end(case, moves)


def _open(about: About, cause: Cause, finding: Finding, moves: Moves) -> None:
    case = Case(
        shop=about.shop,
        rma_id=about.rma_id,
        parcel_id=about.parcel_id,
        cause=cause,
        owner_id=about.owner_id,
        opened_at=moves.now,
        first_opened_at=moves.now,
        changed_at=moves.now,
    )
    _say(case, finding)
    _weigh(case, about, moves, anew=True)
    moves.opened.append(case)
    moves.told.append((case, Verb.OPENED, finding.text))


def _come_back(case: Case, about: About, finding: Finding, moves: Moves) -> None:
    """What a person resolved stays so while its cause merely lasts, and their act stands."""
    undone = case.pk in moves.taken_back
    if case.present and case.marker == finding.marker and not undone:
        return
    case.state, case.present = CaseState.OPEN, True
    case.opened_at, case.times_opened = moves.now, case.times_opened + 1
    case.closed_at, case.closed_because = None, ""
    case.closed_by = None
    case.owner_id = about.owner_id or case.owner_id
    _say(case, finding)
    _weigh(case, about, moves, anew=True)
    _moved(case, moves, Verb.REOPENED, TAKEN_BACK if undone else f"It came back: {finding.text}")


def _keep(case: Case, about: About, finding: Finding, moves: Moves) -> None:
    anew = (case.marker, case.text) != (finding.marker, finding.text)
    if anew:
        if case.marker != finding.marker and about.owner_id:
            case.owner_id = about.owner_id
        _say(case, finding)
        _moved(case, moves, Verb.CHANGED, finding.text)
    before = (case.value, case.currency, case.deadline_at)
    if before != (about.value, about.currency, about.deadline_at):
        _weigh(case, about, moves, anew=False)
        moves.changed[case.pk] = case


def _end(case: Case, moves: Moves) -> None:
    case.present = False
    if case.state == CaseState.RESOLVED:
        moves.changed[case.pk] = case
        return
    case.state, case.closed_at = CaseState.RESOLVED, moves.now
    case.closed_by, case.closed_because = None, OVER
    case.snoozed_until, case.snoozed_sign = None, ""
    case.held_by = case.held_until = None
    _moved(case, moves, Verb.CLOSED, f"Closed by itself: {OVER.lower()}")


def _wake(cases: Iterable[Case], sign: str, moves: Moves) -> None:
    for case in cases:
        if case.state == CaseState.SNOOZED and case.snoozed_sign and case.snoozed_sign != sign:
            case.state, case.snoozed_until, case.snoozed_sign = CaseState.OPEN, None, ""
            _moved(case, moves, Verb.WOKE, "Woke up: something changed")


def _say(case: Case, finding: Finding) -> None:
    case.text, case.group, case.marker = finding.text, finding.group, finding.marker
    case.fingerprint = finding.fingerprint(Cause(case.cause))


def _weigh(case: Case, about: About, moves: Moves, *, anew: bool) -> None:
    rules = moves.rules[about.shop.pk]
    case.value, case.currency = about.value, about.currency
    case.deadline_at = about.deadline_at
    if anew:
        case.due_at = due_at(Cause(case.cause), moves.now, rules, about.shop)
    case.rank_at = rank_at(case.due_at, case.deadline_at, case.value, rules.high_value)


def _moved(case: Case, moves: Moves, verb: Verb, text: str) -> None:
    case.version += 1
    case.changed_at = moves.now
    moves.changed[case.pk] = case
    moves.told.append((case, verb, text))


def dead_letters_of(rmas: Iterable[Rma]) -> dict[tuple[int, str], list[DeadLetter]]:
    """(shop, RMA number) → its news that failed, the newest first."""
    rmas = list(rmas)
    about = Q(shop__in={r.shop_id for r in rmas}, subject__in={r.rma_number for r in rmas})
    found: dict[tuple[int, str], list[DeadLetter]] = defaultdict(list)
    dead = Event.objects.filter(about, state=EventState.DEAD).order_by("-id")
    columns: Any = ("shop", "subject", "pk", "reason", "problem", "done_at")
    for shop, subject, pk, reason, problem, at in dead.values_list(*columns):
        letter = DeadLetter(number=pk, reason=reason, problem=problem, failed_at=at)
        found[shop, subject].append(letter)
    return found


def settle_parcel(parcel: Parcel) -> None:
    """A box that was handed to somebody of the desk is a case; the caller holds its lock."""
    owner = parcel.owner
    handed_over = parcel.state == Parcel.State.OPEN and owner is not None
    handed_over = handed_over and bool(owner and owner.may(Permission.RESOLVE, parcel.shop))
    cases = list(Case.objects.filter(parcel=parcel).select_for_update(of=("self",)))
    if not (handed_over or cases):
        return
    moves = Moves(timezone.now(), desk_rules_of([parcel.shop]))
    found = {Cause.MYSTERY_PARCEL: _handed_over(parcel)} if handed_over else {}
    about = About(shop=parcel.shop, parcel_id=parcel.pk, owner_id=parcel.owner_id)
    _settle(about, found, cases, moves)
    _wake(cases, sign_of_parcel(parcel.version), moves)
    moves.write()


def _handed_over(parcel: Parcel) -> Finding:
    seen = [parcel.carrier, parcel.tracking_number, parcel.text]
    said = ", ".join(part for part in seen if part)
    text = "A parcel that nobody could place was handed to the desk"
    return Finding(
        text=f"{text}: {said}" if said else f"{text}.",
        about="handed over",
        marker=f"to {parcel.owner_id}",
    )
