"""Automations that end in the next hours: when, what, and what hangs on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, Min, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils.dateparse import parse_datetime

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma
from returns_ops.returns.queues import OPEN_WORK, Cursor

PAGE = 50
SOON = timedelta(hours=48)
# What is still to be refunded.
AT_STAKE = Greatest(
    Coalesce(F("first_cap"), F("estimated_refund"), F("total")) - F("refunded"), Decimal(0)
)


@dataclass(frozen=True, kw_only=True)
class ShopClock:
    """What ends at one shop within the time asked for, in one currency."""

    shop_id: int
    currency: str
    count: int
    value: Decimal
    first: datetime


class Clocks(NamedTuple):
    rows: list[Rma]
    after: Cursor | None


def clocks(
    shops: Sequence[Shop],
    now: datetime,
    within: timedelta = SOON,
    *,
    after: Cursor | None = None,
    size: int = PAGE,
) -> Clocks:
    """Returns nobody has finished, by the end of their next automation.

    Each with `.ending`, and with `.at_stake`: what is still to be refunded.
    """
    found = ending(shops, now, within).annotate(at_stake=AT_STAKE)
    if after:
        found = found.filter(deadline_at__gte=after.at).exclude(
            deadline_at=after.at, id__lte=after.id
        )
    rows = list(found.select_related("shop").order_by("deadline_at", "id")[: size + 1])
    for row in rows:
        row.ending = ending_names(row)  # type: ignore[attr-defined]
    shown, last = rows[:size], rows[:size][-1] if rows else None
    more = len(rows) > size and last is not None and last.deadline_at is not None
    return Clocks(shown, Cursor(last.deadline_at, last.pk) if more and last else None)  # type: ignore[arg-type]


def ending(shops: Sequence[Shop], now: datetime, within: timedelta = SOON) -> QuerySet[Rma]:
    until = now + within
    return Rma.objects.filter(
        shop__in=shops, work__in=OPEN_WORK, deadline_at__gt=now, deadline_at__lte=until
    )


def per_shop(shops: Sequence[Shop], now: datetime, within: timedelta = SOON) -> list[ShopClock]:
    """One query: how many end at each shop, and what is still to be refunded on them."""
    rows: Any = (
        ending(shops, now, within)
        .values("shop_id", "currency")
        .annotate(n=Count("id"), worth=Sum(AT_STAKE), first=Min("deadline_at"))
        .order_by("first")
    )
    return [
        ShopClock(
            shop_id=row["shop_id"],
            currency=row["currency"],
            count=row["n"],
            value=row["worth"] or Decimal(0),
            first=row["first"],
        )
        for row in rows
    ]


def count(shops: Sequence[Shop], now: datetime, within: timedelta = SOON) -> int:
    """For the tab: along the index of deadlines."""
    return ending(shops, now, within).count()


def ending_names(rma: Rma) -> tuple[str, ...]:
    """Which of its automations end with its deadline: `refund`, `restock`…"""
    return tuple(
        str(track.get("name"))
        for track in rma.policy
        if track.get("fires_at")
        and not track.get("succeeded_at")
        and parse_datetime(str(track.get("until") or "")) == rma.deadline_at
    )
