"""The queues: which RMAs stand where, newest first, by key and never by offset."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db.models import Count, Q, QuerySet

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma
from returns_ops.returns.search import carries, find, is_frequent
from returns_ops.returns.states import Money, NarvarStatus, Work

PAGE = 50
MANY = 1_000
COLUMNS = (
    "id",
    "shop_id",
    "rma_number",
    "order_number",
    "narvar_status",
    "return_method",
    "gift",
    "is_shop_now_return",
    "money",
    "work",
    "total",
    "currency",
    "item_count",
    "items_text",
    "deadline_at",
    "created_at",
)
OPEN_WORK = [work for work in Work if work != Work.DONE]
OLD = timedelta(days=3)


class Cursor(NamedTuple):
    """The place of one row in the order of a list: what comes after it is the next page."""

    at: datetime
    id: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        at, separator, number = text.rpartition("~")
        try:
            moment = datetime.fromisoformat(at)
            return cls(moment, int(number)) if separator and moment.tzinfo else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.at.isoformat().replace('+00:00', 'Z')}~{self.id}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person asked a list for; an empty field asks for nothing."""

    work: str = ""
    query: str = ""
    status: str = ""
    method: str = ""
    money: str = ""
    due_before: datetime | None = None
    since: datetime | None = None


class Page(NamedTuple):
    rows: list[dict[str, Any]]
    after: Cursor | None


class Changes(NamedTuple):
    new: int
    changed: int


class Late(NamedTuple):
    past: int  # at most one more than `MANY`
    soon: int
    oldest: datetime | None


def page(
    wanted: Wanted, shops: Sequence[Shop], *, after: Cursor | None = None, size: int = PAGE
) -> Page:
    rows = _newest(wanted, shops, after, size + 1)
    shown = rows[:size]
    more = len(rows) > size
    return Page(shown, Cursor(shown[-1]["created_at"], shown[-1]["id"]) if more else None)


def _newest(
    wanted: Wanted, shops: Sequence[Shop], after: Cursor | None, size: int
) -> list[dict[str, Any]]:
    by_walking = not wanted.query or is_frequent(wanted.query, shops)
    if not by_walking:
        return list(_slice(_matching(find(wanted.query, shops), wanted), after, size))
    # One slice per shop, then the newest of them: each slice is a walk along an index, where
    # `shop IN (…) ORDER BY created_at` would sort every row of every shop.
    slices = [_slice(_matching(_carrying(wanted, [s]), wanted), after, size) for s in shops]
    if not slices:
        return []
    if len(slices) == 1:
        return list(slices[0])
    merged = slices[0].union(*slices[1:], all=True).order_by("-created_at", "-id")
    return list(merged[:size])


def _carrying(wanted: Wanted, shops: Sequence[Shop]) -> QuerySet[Rma]:
    rmas = Rma.objects.filter(shop__in=shops)
    return rmas.filter(carries(wanted.query)) if wanted.query else rmas


def _slice(rmas: QuerySet[Rma], after: Cursor | None, size: int) -> QuerySet[Rma, dict[str, Any]]:
    if after:
        rmas = rmas.filter(created_at__lte=after.at).exclude(created_at=after.at, id__gte=after.id)
    rows: QuerySet[Rma, dict[str, Any]] = rmas.order_by("-created_at", "-id").values(*COLUMNS)
    return rows[:size]


def _matching(rmas: QuerySet[Rma], wanted: Wanted) -> QuerySet[Rma]:
    asked = {
        "work": wanted.work,
        "narvar_status": "" if wanted.status == "unknown" else wanted.status,
        "return_method": wanted.method,
        "money": wanted.money,
        "deadline_at__lt": wanted.due_before,
        "created_at__gte": wanted.since,
    }
    rmas = rmas.filter(**{field: value for field, value in asked.items() if value})
    if wanted.status == "unknown":
        rmas = rmas.exclude(narvar_status__in=NarvarStatus.values)
    if wanted.due_before and not wanted.work:
        rmas = rmas.filter(work__in=OPEN_WORK)
    return rmas


def changes(
    wanted: Wanted, shops: Sequence[Shop], *, seen_at: datetime, last: Cursor | None
) -> Changes:
    """What a shown page does not show yet: rows of its stretch that moved after it was read."""
    by_walking = not wanted.query or is_frequent(wanted.query, shops)
    rmas = _carrying(wanted, shops) if by_walking else find(wanted.query, shops)
    rmas = _matching(rmas, wanted).filter(changed_at__gt=seen_at)
    if last:
        rmas = rmas.filter(created_at__gte=last.at)
    new = Count("id", filter=Q(first_seen_at__gt=seen_at))
    total = rmas.order_by().aggregate(new=new, all=Count("id"))
    return Changes(total["new"], total["all"] - total["new"])


def late(shops: Sequence[Shop], now: datetime) -> Late:
    """Open RMAs whose automation runs out or has run out, and the oldest that waits for us."""
    due = Rma.objects.filter(shop__in=shops, work__in=OPEN_WORK, deadline_at__isnull=False)
    soon = due.filter(deadline_at__gte=now, deadline_at__lt=now + timedelta(hours=24))
    return Late(_few(due.filter(deadline_at__lt=now)), _few(soon), _oldest(shops))


def _few(rmas: QuerySet[Rma]) -> int:
    """Counted as far as anybody cares: one more than `MANY` is "more than"."""
    return rmas.order_by()[: MANY + 1].count()


def _oldest(shops: Sequence[Shop]) -> datetime | None:
    """One end of an index for each shop and queue."""
    mine = [Work.TO_INSPECT, Work.TO_DECIDE, Work.EXCEPTION, Work.NEEDS_APPROVAL]
    ends = [
        Rma.objects.filter(shop=shop, work=work)
        .order_by("created_at", "id")
        .values_list("created_at", flat=True)[:1]
        for shop in shops
        for work in mine
    ]
    return min(ends[0].union(*ends[1:], all=True), default=None) if ends else None


def refused(shops: Sequence[Shop]) -> int:
    """RMAs whose money Narvar refused to move and nobody has taken up."""
    return Rma.objects.filter(shop__in=shops, work=Work.EXCEPTION, money=Money.REFUSED).count()
