"""When a shop's desk works, and how urgent a case is by it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from returns_ops.accounts.models import Shop
from returns_ops.returns.causes import ABOUT_MONEY
from returns_ops.returns.models import DeskRules
from returns_ops.returns.states import Cause, Language
from returns_ops.returns.working_hours import Week, after_working_hours

# What a case of high value is ahead of others, for each time that value, up to a day.
AHEAD, MOST_AHEAD = timedelta(hours=4), 6


def desk_rules_of(shops: Iterable[Shop]) -> dict[int, DeskRules]:
    """shop id → its row, or the defaults, unsaved. One query."""
    shops = list(shops)
    own = {row.shop_id: row for row in DeskRules.objects.filter(shop__in=shops)}
    return {shop.pk: own.get(shop.pk) or DeskRules(shop=shop) for shop in shops}


def languages_of(shop: Shop) -> Sequence[str]:
    """In which its customers are written to, the usual one first."""
    return desk_rules_of([shop])[shop.pk].languages or Language.values


def week_of(rules: DeskRules, shop: Shop) -> Week:
    return Week(
        zone=shop.timezone,
        days=tuple(rules.days),
        opens=rules.opens,
        closes=rules.closes,
        holidays=tuple(rules.holidays),
    )


def due_at(cause: Cause, opened_at: datetime, rules: DeskRules, shop: Shop) -> datetime:
    hours = rules.money_due_hours if cause in ABOUT_MONEY else rules.due_hours
    return after_working_hours(opened_at, timedelta(hours=hours), week_of(rules, shop))


def rank_at(
    due: datetime, deadline: datetime | None, value: Decimal, high_value: Decimal
) -> datetime:
    """Where a case stands in the order of work: at what comes first, less for its value."""
    times = min(value / high_value, Decimal(MOST_AHEAD)) if value > 0 else Decimal(0)
    first = min(due, deadline) if deadline else due
    return first - AHEAD * float(times)
