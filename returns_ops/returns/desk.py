"""The desk's lists: which cases wait, the most urgent first, by key and never by offset."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import Case, CaseCount, CaseEvent, CaseWatch, SavedView
from returns_ops.returns.queues import Cursor
from returns_ops.returns.search import find
from returns_ops.returns.states import CaseState, Cause

PAGE = 50
TREND_DAYS = 7
COLUMNS = (
    "id",
    "shop_id",
    "shop__domain",
    "rma_id",
    "rma__rma_number",
    "rma__order_number",
    "rma__email",
    "rma__items_text",
    "rma__narvar_status",
    "parcel_id",
    "parcel__tracking_number",
    "cause",
    "state",
    "text",
    "group",
    "fingerprint",
    "value",
    "currency",
    "deadline_at",
    "due_at",
    "rank_at",
    "owner_id",
    "owner__username",
    "owner__first_name",
    "owner__last_name",
    "held_by_id",
    "held_until",
    "snoozed_until",
    "snoozed_sign",
    "opened_at",
    "first_opened_at",
    "times_opened",
    "closed_at",
    "closed_because",
    "version",
)


class Tab(StrEnum):
    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    LATE = "late"
    SNOOZED = "snoozed"
    WATCHING = "watching"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person asked the list for; an empty field asks for nothing."""

    tab: Tab = Tab.ALL
    cause: str = ""
    fingerprint: str = ""
    query: str = ""
    currency: str = ""
    owner_id: int | None = None


class Page(NamedTuple):
    rows: list[dict[str, Any]]
    after: Cursor | None


@dataclass(frozen=True, kw_only=True)
class Tabs:
    """The numbers on the tabs, and by cause; of what is open, but for `snoozed`."""

    all: int
    mine: int
    unassigned: int
    late: int
    snoozed: int
    watching: int
    by_cause: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Cases of one cause whose texts say the same."""

    fingerprint: str
    text: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """One cause: how many are open, what they are worth, how they came."""

    cause: Cause
    count: int
    values: dict[str, Decimal]  # currency: sum
    oldest: datetime
    trend: tuple[int, ...]  # opened per day, today last
    groups: tuple[Group, ...]  # the largest first


def page(
    wanted: Wanted,
    shops: Sequence[Shop],
    user: User,
    now: datetime,
    *,
    after: Cursor | None = None,
    size: int = PAGE,
) -> Page:
    """The most urgent first; of resolved ones, what was closed last."""
    by = "closed_at" if wanted.tab == Tab.RESOLVED else "rank_at"
    slices = [_slice(matching(wanted, [shop], user, now), by, after, size + 1) for shop in shops]
    rows = _merged(slices, by, size + 1)
    shown = rows[:size]
    more = len(rows) > size
    return Page(shown, Cursor(shown[-1][by], shown[-1]["id"]) if more else None)


def matching(wanted: Wanted, shops: Sequence[Shop], user: User, now: datetime) -> QuerySet[Case]:
    """All that a list shows, unordered: what *all that match* takes."""
    cases = Case.objects.filter(of_tab(wanted.tab, user, now), shop__in=shops)
    asked = {
        "cause": wanted.cause,
        "fingerprint": wanted.fingerprint,
        "currency": wanted.currency,
        "owner": wanted.owner_id,
    }
    cases = cases.filter(**{field: value for field, value in asked.items() if value})
    if wanted.query:
        found = find(wanted.query, Shop.objects.filter(pk__in=[shop.pk for shop in shops]))
        cases = cases.filter(rma__in=found.values("pk"))
    return cases


def of_tab(tab: Tab, user: User, now: datetime) -> Q:
    is_open = Q(state=CaseState.OPEN)
    match tab:
        case Tab.MINE:
            return is_open & Q(owner=user)
        case Tab.UNASSIGNED:
            return is_open & Q(owner__isnull=True)
        case Tab.LATE:
            return is_open & Q(due_at__lt=now)
        case Tab.SNOOZED:
            return Q(state=CaseState.SNOOZED)
        case Tab.WATCHING:
            watched = CaseWatch.objects.filter(user=user).values("case")
            return ~Q(state=CaseState.RESOLVED) & Q(pk__in=watched)
        case Tab.RESOLVED:
            return Q(state=CaseState.RESOLVED)
        case _:
            return is_open


def _slice(
    cases: QuerySet[Case], by: str, after: Cursor | None, size: int
) -> QuerySet[Case, dict[str, Any]]:
    newest_first = by == "closed_at"
    if after and newest_first:
        cases = cases.filter(closed_at__lte=after.at).exclude(closed_at=after.at, id__gte=after.id)
    elif after:
        cases = cases.filter(rank_at__gte=after.at).exclude(rank_at=after.at, id__lte=after.id)
    rows: QuerySet[Case, dict[str, Any]] = cases.order_by(*_order(by)).values(*COLUMNS)
    return rows[:size]


def _order(by: str) -> tuple[str, str]:
    return ("-closed_at", "-id") if by == "closed_at" else (by, "id")


def _merged(
    slices: list[QuerySet[Case, dict[str, Any]]], by: str, size: int
) -> list[dict[str, Any]]:
    """One walk along an index per shop, then the first of them."""
    if len(slices) < 2:
        return list(slices[0]) if slices else []
    return list(slices[0].union(*slices[1:], all=True).order_by(*_order(by))[:size])


def tabs(shops: Sequence[Shop], user: User, now: datetime) -> Tabs:
    """Three queries: sums of deltas, what is late by its index, what this person watches."""
    rows = CaseCount.objects.filter(shop__in=shops).values_list("state", "cause", "owner")
    found = list(rows.annotate(n=Sum("delta")).values_list("state", "cause", "owner", "n"))
    waiting = [row for row in found if row[0] == CaseState.OPEN]
    by_cause: dict[str, int] = defaultdict(int)
    for _, cause, _, n in waiting:
        by_cause[cause] += n
    late = Case.objects.filter(of_tab(Tab.LATE, user, now), shop__in=shops)
    watched = CaseWatch.objects.filter(user=user, case__shop__in=shops)
    return Tabs(
        all=sum(by_cause.values()),
        mine=sum(n for _, _, owner, n in waiting if owner == user.pk),
        unassigned=sum(n for _, _, owner, n in waiting if owner is None),
        late=late.count(),
        snoozed=sum(n for state, _, _, n in found if state == CaseState.SNOOZED),
        watching=watched.exclude(case__state=CaseState.RESOLVED).count(),
        by_cause={cause: n for cause, n in by_cause.items() if n},
    )


def cards(shops: Sequence[Shop], now: datetime) -> list[Card]:
    """Two queries, however many cases: the fullest cause first."""
    waiting = Case.objects.filter(shop__in=shops, state=CaseState.OPEN)
    rows: list[Any] = list(
        waiting.values("cause", "fingerprint", "currency").annotate(
            n=Count("id"), worth=Sum("value"), oldest=Min("opened_at"), said=Min("group")
        )
    )
    trends = _trends(shops, now)
    by_cause: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_cause[row["cause"]].append(row)
    found = [_card(Cause(cause), of, trends.get(cause, {}), now) for cause, of in by_cause.items()]
    return sorted(found, key=lambda card: (-card.count, card.cause))


def _card(cause: Cause, rows: list[dict[str, Any]], opened: dict[date, int], now: datetime) -> Card:
    values: dict[str, Decimal] = defaultdict(Decimal)
    groups: dict[str, Group] = {}
    for row in rows:
        if row["worth"]:
            values[row["currency"]] += row["worth"]
        before = groups.get(row["fingerprint"])
        groups[row["fingerprint"]] = Group(
            fingerprint=row["fingerprint"],
            text=row["said"],
            count=row["n"] + (before.count if before else 0),
        )
    days = [now.date() - timedelta(days=back) for back in reversed(range(TREND_DAYS))]
    return Card(
        cause=cause,
        count=sum(row["n"] for row in rows),
        values=dict(values),
        oldest=min(row["oldest"] for row in rows),
        trend=tuple(opened.get(day, 0) for day in days),
        groups=tuple(sorted(groups.values(), key=lambda one: (-one.count, one.text))),
    )


def _trends(shops: Sequence[Shop], now: datetime) -> dict[str, dict[date, int]]:
    """cause → day (UTC) → how many were opened, or opened again."""
    first = (now - timedelta(days=TREND_DAYS - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    verbs = [CaseEvent.Verb.OPENED.value, CaseEvent.Verb.REOPENED.value]
    opened = CaseEvent.objects.filter(shop__in=shops, at__gte=first, verb__in=verbs)
    per_day = opened.annotate(day=TruncDate("at")).values_list("cause", "day")
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for cause, day, n in per_day.annotate(n=Count("id")).order_by():
        found[cause][day] = n
    return found


def views_of(user: User, shops: Sequence[Shop]) -> list[SavedView]:
    """Their own, and what colleagues share at these shops; by name."""
    seen = Q(owner=user, shop__isnull=True) | Q(owner=user, shop__in=shops) | Q(shop__in=shops)
    return list(SavedView.objects.filter(seen).select_related("owner").order_by("name", "id"))
