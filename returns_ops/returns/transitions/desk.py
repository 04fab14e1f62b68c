"""What people of the desk do with a case. None of it is told to Narvar."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.models import Case, CaseEvent, CaseWatch, Notice, Parcel, Rma, Viewing
from returns_ops.returns.presence import LIFE
from returns_ops.returns.states import CaseState
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.notices import notify, notify_watchers
from returns_ops.returns.transitions.signs import sign_of

HOLD = timedelta(minutes=10)
SKIP = timedelta(hours=4)
LONGEST_SNOOZE = timedelta(days=90)
LONGEST_NOTE = 4000
MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")
Verb = CaseEvent.Verb


class Diverged(Stale):
    """Somebody saved another text meanwhile: both are here, and nothing was saved."""

    def __init__(self, case: Case, *, yours: str) -> None:
        super().__init__("Somebody changed the findings while you wrote. Bring both together.")
        self.theirs, self.yours, self.version = case.findings, yours, case.version


def permit_desk(user: User, shop: Shop) -> None:
    if not user.may(Permission.RESOLVE, shop):
        raise Refused(f"{user.known_as} may not resolve cases of {shop}.")


def lock_case(case_id: int, *, by: User, version: int | None = None) -> Case:
    """Locks in one order everywhere: what the case is about, then the case. Judged: this person
    works at that desk, and the case is as they saw it."""
    found = Case.objects.only("rma", "parcel").get(pk=case_id)
    rmas, parcels = Rma.objects.filter(cases=found), Parcel.objects.filter(cases=found)
    if found.rma_id is not None:
        rmas.select_for_update(of=("self",)).only("pk").get()
    else:
        parcels.select_for_update(of=("self",)).only("pk").get()
    locked = Case.objects.select_for_update(of=("self",))
    case = locked.select_related("shop", "rma", "parcel", "owner").get(pk=case_id)
    permit_desk(by, case.shop)
    if version is not None and case.version != version:
        raise Stale("This case changed while you looked at it. Look again, then decide.")
    return case


@transaction.atomic
def assign(case_id: int, to: User | None, *, by: User) -> Case:
    """Who looks after it from now on; nobody when `to` is None."""
    case = lock_case(case_id, by=by)
    if to is not None:
        permit_desk(to, case.shop)
    if case.owner_id == (to.pk if to else None):
        return case
    _hand_to(case, to, by=by, verb=Verb.ASSIGNED)
    return case


@transaction.atomic
def claim(case_id: int, *, by: User) -> Case:
    """Mine, if it is nobody's. Whose it is already is said in the refusal."""
    case = lock_case(case_id, by=by)
    if case.owner is not None and case.owner_id != by.pk:
        raise Refused(f"{case.owner.known_as} has it already. Take it over if you must.")
    if case.owner_id is None:
        _hand_to(case, by, by=by, verb=Verb.ASSIGNED)
    return case


@transaction.atomic
def take_case_over(case_id: int, *, by: User) -> User | None:
    """Mine, whoever had it; returns who had, if it was somebody else."""
    case = lock_case(case_id, by=by)
    before = case.owner
    if case.owner_id != by.pk:
        _hand_to(case, by, by=by, verb=Verb.TAKEN)
        if before is not None:
            notify(before, case, Notice.Kind.WATCHED, f"{by.known_as} took over {case}", by=by)
    return before if before != by else None


def _hand_to(case: Case, to: User | None, *, by: User, verb: Verb) -> None:
    before, case.owner = case.owner, to
    # Whoever was given it to work on has it no longer, unless it is theirs now.
    if to is not None and case.held_by_id != to.pk:
        case.held_by = case.held_until = None
    save_case(case, "owner", "held_by", "held_until")
    text = f"Assigned to {to.known_as}" if to else "Assigned to nobody"
    if verb == Verb.TAKEN and to is not None:
        text = f"{to.known_as} took it over from {before.known_as if before else 'nobody'}"
    tell_case(case, verb, text, by=by, to=to.pk if to else None)
    if to is not None:
        notify(to, case, Notice.Kind.ASSIGNED, f"{by.known_as} assigned you {case}", by=by)


@transaction.atomic
def watch(case_id: int, *, by: User) -> None:
    case = lock_case(case_id, by=by)
    CaseWatch.objects.get_or_create(case=case, user=by)


@transaction.atomic
def unwatch(case_id: int, *, by: User) -> None:
    CaseWatch.objects.filter(case=case_id, user=by).delete()


@transaction.atomic
def snooze(
    case_id: int,
    *,
    by: User,
    until: datetime | None = None,
    until_change: bool = False,
    why: str = "",
) -> Case:
    """Out of the queue until a time, or until something of it changes, or whichever is first."""
    case = lock_case(case_id, by=by)
    _judge_snooze(case, until, until_change)
    case.state = CaseState.SNOOZED
    case.snoozed_until = until
    case.snoozed_sign = sign_of(case) if until_change else ""
    case.held_by = case.held_until = None
    save_case(case, "state", "snoozed_until", "snoozed_sign", "held_by", "held_until")
    parts = [f"until {_spoken(until, case.shop)}"] if until else []
    parts += ["until something changes"] if until_change else []
    text = f"Snoozed {' or '.join(parts)}" + (f": {why.strip()}" if why.strip() else "")
    tell_case(case, Verb.SNOOZED, text, by=by)
    return case


def _spoken(at: datetime, shop: Shop) -> str:
    """On the clocks of the shop."""
    return f"{at.astimezone(ZoneInfo(shop.timezone)):%d %b, %H:%M %Z}"


def _judge_snooze(case: Case, until: datetime | None, until_change: bool) -> None:
    if case.state == CaseState.RESOLVED:
        raise Refused("This case is resolved. Open it again first.")
    if until is None and not until_change:
        raise Refused("Say until when: a time, or until something changes.")
    now = timezone.now()
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise Refused(f"Choose a time within the next {LONGEST_SNOOZE.days} days.")


@transaction.atomic
def wake(case_id: int, *, by: User) -> Case:
    case = lock_case(case_id, by=by)
    if case.state == CaseState.SNOOZED:
        wake_up(case, "Woken", by=by)
    return case


def wake_up(case: Case, text: str, *, by: User | None = None) -> None:
    """The caller holds the locks."""
    case.state, case.snoozed_until, case.snoozed_sign = CaseState.OPEN, None, ""
    save_case(case, "state", "snoozed_until", "snoozed_sign")
    tell_case(case, Verb.WOKE, text, by=by)
    notify_watchers(case, f"{case} woke up", by=by)


@transaction.atomic
def resolve(case_id: int, *, by: User, because: str, version: int) -> Case:
    """Done with, by a person. It opens again only when its cause comes anew."""
    because = because.strip()[:500]
    if not because:
        raise Refused("Say how it was resolved: the next person will want to know.")
    case = lock_case(case_id, by=by, version=version)
    if case.state == CaseState.RESOLVED:
        raise Refused("This case is resolved already.")
    close_case(case, by=by, because=because)
    tell_case(case, Verb.RESOLVED, f"Resolved: {because}", by=by)
    notify_watchers(case, f"{by.known_as} resolved {case}", by=by)
    return case


CLOSED = (
    "state",
    "closed_at",
    "closed_by",
    "closed_because",
    "snoozed_until",
    "snoozed_sign",
    "held_by",
    "held_until",
)


def close_case(case: Case, *, by: User, because: str) -> None:
    case.state, case.closed_at = CaseState.RESOLVED, timezone.now()
    case.closed_by, case.closed_because = by, because
    case.snoozed_until, case.snoozed_sign = None, ""
    case.held_by = case.held_until = None
    save_case(case, *CLOSED)


@transaction.atomic
def reopen(case_id: int, *, by: User, because: str = "") -> Case:
    """Only while its cause still holds: without one there is nothing to do."""
    case = lock_case(case_id, by=by)
    if case.state != CaseState.RESOLVED:
        return case
    if not case.present:
        raise Refused("What opened this case is over, so it cannot be opened again by hand.")
    case.state, case.opened_at = CaseState.OPEN, timezone.now()
    case.times_opened += 1
    case.closed_at = case.closed_by = None
    case.closed_because = ""
    save_case(case, *CLOSED, "opened_at", "times_opened")
    text = "Opened again" + (f": {because.strip()}" if because.strip() else "")
    tell_case(case, Verb.REOPENED, text, by=by)
    notify_watchers(case, f"{by.known_as} opened {case} again", by=by)
    return case


@transaction.atomic
def note(case_id: int, text: str, *, by: User, token: str = "") -> CaseEvent:
    """An internal note; @name tells that person. Two notes at once are two notes, the same form
    twice (`token`) is one."""
    case = lock_case(case_id, by=by)
    same = {"verb": Verb.NOTED, "actor": by, "data__token": token}
    earlier = CaseEvent.objects.filter(case=case, **same).first() if token else None
    if earlier is not None:
        return earlier
    text = text.strip()
    if not text:
        raise Refused("The note is empty.")
    if len(text) > LONGEST_NOTE:
        raise Refused(f"A note has at most {LONGEST_NOTE} characters.")
    people = mentioned(text, case.shop)
    said_to = [one.pk for one in people]
    told = tell_case(case, Verb.NOTED, text, by=by, mentioned=said_to, token=token)
    for person in people:
        said = f"{by.known_as} mentioned you at {case}"
        notify(person, case, Notice.Kind.MENTIONED, said, by=by, key=f"note {told.pk}")
    if case.snoozed_sign and case.state == CaseState.SNOOZED:
        wake_up(case, "A colleague wrote", by=by)
    return told


def mentioned(text: str, shop: Shop) -> list[User]:
    """The people of this shop's desk who are named in a text, each once."""
    names = {name.lower() for name in MENTION.findall(text)}
    if not names:
        return []
    named = Q()
    for name in names:
        named |= Q(username__iexact=name)
    people = User.objects.filter(named, is_active=True).order_by("pk")
    return [one for one in people if one.may(Permission.RESOLVE, shop)]


@transaction.atomic
def save_findings(case_id: int, text: str, *, by: User, version: int) -> Case:
    """The text that all at the desk share. Raises Diverged, with both texts, when it is late."""
    case = lock_case(case_id, by=by)
    text = text.strip()
    if text == case.findings:
        return case
    if case.version != version and case.findings != _as_seen(case, version):
        raise Diverged(case, yours=text)
    before, case.findings = case.findings, text
    save_case(case, "findings")
    data = {"before": before, "after": text, "version": case.version}
    tell_case(case, Verb.EDITED, "Findings edited", by=by, **data)
    return case


def _as_seen(case: Case, version: int) -> str:
    """The findings as that version of the case had them: other changes do no harm to a text."""
    edits = case.history.filter(verb=Verb.EDITED).order_by("id").values_list("data", flat=True)
    text = ""
    for edit in edits:
        if int(edit["version"]) <= version:
            text = str(edit["after"])
    return text


@transaction.atomic
def work_next(
    shops: QuerySet[Shop] | list[Shop], *, by: User, among: Q | None = None
) -> Case | None:
    """The most urgent case that nobody has, looks at or skipped; given to this person for ten
    minutes. Two people who ask at once are never given the same one."""
    mine = Shop.objects.where(by, Permission.RESOLVE).filter(pk__in=[shop.pk for shop in shops])
    waiting = _waiting_for(by).filter(among or Q(), shop__in=list(mine))
    free = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("rank_at", "id")
    case = free.first()
    if case is None:
        return None
    Case.objects.filter(pk=case.pk).update(held_by=by, held_until=Now() + HOLD)
    case.refresh_from_db()
    return case


def _waiting_for(user: User) -> QuerySet[Case]:
    free = Q(owner__isnull=True) | Q(owner=user)
    unheld = Q(held_until__isnull=True) | Q(held_until__lt=Now()) | Q(held_by=user)
    about = Q(rma=OuterRef("rma")) | Q(parcel=OuterRef("parcel"))
    looked_at = Viewing.objects.filter(about, seen_at__gt=Now() - LIFE)
    skipped = CaseEvent.objects.filter(
        case=OuterRef("pk"), actor=user, verb="skipped", at__gt=Now() - SKIP
    )
    waiting = Case.objects.filter(free, unheld, state=CaseState.OPEN)
    return waiting.filter(~Exists(looked_at.exclude(user=user)), ~Exists(skipped))


@transaction.atomic
def skip(case_id: int, *, by: User, why: str) -> Case:
    """Not now and not me: it is offered to this person no more for four hours."""
    why = why.strip()[:200]
    if not why:
        raise Refused("Say why you skip it: it is kept, and helps the next person.")
    case = lock_case(case_id, by=by)
    if case.held_by_id == by.pk:
        Case.objects.filter(pk=case.pk).update(held_by=None, held_until=None)
    tell_case(case, Verb.SKIPPED, f"Skipped: {why}", by=by, why=why)
    return case


def let_go(case_id: int, *, by: User) -> None:
    """What `work_next` gave is free again for others."""
    Case.objects.filter(pk=case_id, held_by=by).update(held_by=None, held_until=None)


def save_case(case: Case, *fields: str) -> None:
    case.version += 1
    case.changed_at = timezone.now()
    case.save(update_fields=[*fields, "version", "changed_at"])


def tell_case(case: Case, verb: Verb, text: str, *, by: User | None, **data: Any) -> CaseEvent:
    """One line into the history of the case."""
    return CaseEvent.objects.create(
        case=case,
        shop_id=case.shop_id,
        cause=case.cause,
        verb=verb,
        text=text,
        actor=by,
        data=data,
    )
