"""What no event brings: cases that the clock opens, sleepers that wake, owners to be warned.

Run by the calendar, a slice at a time; a lost or doubled run changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.returns.causes import NOT_DONE
from returns_ops.returns.desk_rules import desk_rules_of
from returns_ops.returns.models import Case, Notice, Rma
from returns_ops.returns.states import CaseState, Cause, Work
from returns_ops.returns.transitions.desk import wake_up
from returns_ops.returns.transitions.notices import late_key, late_notices
from returns_ops.returns.transitions.standing import DERIVED, restate

SLICE = 200
WARN_BEFORE = timedelta(hours=1)


def open_what_time_brings() -> int:
    """Automations about to end with nothing done; returns how many returns were looked at."""
    now, looked_at = timezone.now(), 0
    for shop in Shop.objects.all():
        warn = timedelta(hours=desk_rules_of([shop])[shop.pk].warn_hours)
        ending = Rma.objects.filter(
            ~Exists(_cases(cause=Cause.AUTOMATION_ENDING, present=True)),
            shop=shop,
            work__in=NOT_DONE,
            deadline_at__gt=now,
            deadline_at__lte=now + warn,
        )
        looked_at += _settle_slice(ending.order_by("deadline_at"))
    return looked_at


def adopt_strays() -> int:
    """Exceptions from before there were cases."""
    return _settle_slice(Rma.objects.filter(~Exists(_cases()), work=Work.EXCEPTION).order_by("id"))


def _cases(**those: object) -> QuerySet[Case]:
    return Case.objects.filter(rma=OuterRef("pk"), **those)


@transaction.atomic
def _settle_slice(rmas: QuerySet[Rma]) -> int:
    locked = list(rmas.select_for_update(of=("self",), skip_locked=True)[:SLICE])
    settle_again(locked)
    return len(locked)


def settle_again(rmas: Iterable[Rma], *, news_failed: bool = False) -> None:
    """The caller holds their locks. Nobody's open form gets stale by it."""
    rmas = list(rmas)
    restate(rmas, news_failed=news_failed)
    for rma in rmas:
        rma.save(update_fields=DERIVED)


@transaction.atomic
def news_failed(shop: Shop, rma_number: str) -> None:
    """News of this return became a dead letter, or is none any more; unknown returns wait."""
    known = Rma.objects.filter(shop=shop, rma_number=rma_number)
    settle_again(known.select_for_update(of=("self",)), news_failed=True)


def wake_sleepers(now: datetime | None = None) -> int:
    """Cases whose time has come."""
    due = Case.objects.filter(
        state=CaseState.SNOOZED, snoozed_until__lte=now or timezone.now()
    ).order_by("snoozed_until")
    woken = 0
    for case_id in due.values_list("pk", flat=True)[:SLICE]:
        woken += _wake(case_id, now or timezone.now())
    return woken


@transaction.atomic
def _wake(case_id: int, now: datetime) -> bool:
    locked = Case.objects.select_for_update(of=("self",), skip_locked=True)
    case = locked.select_related("rma", "parcel").filter(pk=case_id).first()
    asleep = case is not None and case.state == CaseState.SNOOZED
    if case is None or not asleep or case.snoozed_until is None or case.snoozed_until > now:
        return False
    wake_up(case, "Woke up: its time has come")
    return True


@transaction.atomic
def warn_of_lateness(now: datetime | None = None) -> int:
    """One notice for each owner whose case is due within the hour; returns how many were new."""
    now = now or timezone.now()
    soon = Q(due_at__gt=now, due_at__lte=now + WARN_BEFORE)
    cases = Case.objects.filter(soon, state=CaseState.OPEN, owner__isnull=False)
    known = Notice.objects.filter(case__in=cases.values("pk"), kind=Notice.Kind.LATE)
    told = set(known.values_list("user", "case", "key"))
    dates = cases.order_by("due_at").values_list("owner", "pk", "due_at")
    fresh = [pk for owner, pk, due in dates if (owner, pk, late_key(due)) not in told][:SLICE]
    rows = cases.filter(pk__in=fresh).select_related("owner", "rma", "parcel")
    return len(late_notices(rows))
