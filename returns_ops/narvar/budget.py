"""How often a shop may call Narvar: learned from its headers, shared by all workers in one row.

A row update per call is free at Narvar's rates, and survives what Redis would not.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.messaging.retrying import retried
from returns_ops.narvar.models import Budget

# Until a header says otherwise.
WINDOW_SECONDS = 60
SHORTEST, LONGEST = 1, 900


class Priority(IntEnum):
    """The share of the limit, in percent, that a call of this kind must leave to the others."""

    MONEY = 0
    PERSON = 5  # somebody is waiting in front of a screen
    CONFIRMATION = 10
    BULK = 20  # one of many that somebody ordered at once
    BACKFILL = 30


_RESERVE = """
UPDATE narvar_budget SET
    remaining = CASE WHEN reset_at <= now() THEN "limit" ELSE remaining END - 1,
    reset_at = CASE WHEN reset_at <= now() THEN now() + make_interval(secs => %(window)s)
                    ELSE reset_at END
WHERE shop_id = %(shop)s
  AND CASE WHEN reset_at <= now() THEN "limit" ELSE remaining END > "limit" * %(floor)s / 100
"""

_LEARN = """
UPDATE narvar_budget SET
    "limit" = coalesce(%(limit)s::int, "limit"),
    remaining = CASE
        WHEN %(wait)s::float8 IS NOT NULL THEN 0
        WHEN %(remaining)s::int IS NULL THEN remaining
        -- Nothing goes out until then: this is an answer to what had gone out before.
        WHEN remaining <= 0 AND reset_at > now() THEN remaining
        WHEN learned_at IS NULL THEN %(remaining)s::int
        -- A later end is a new window: what we had counted belongs to the old one.
        WHEN now() + make_interval(secs => %(reset)s::float8) > reset_at + interval '2 seconds'
            THEN %(remaining)s::int
        ELSE least(remaining, %(remaining)s::int) END,
    reset_at = CASE
        WHEN %(wait)s::float8 IS NOT NULL THEN now() + make_interval(secs => %(wait)s::float8)
        WHEN %(reset)s::float8 IS NULL THEN reset_at
        WHEN remaining <= 0 AND reset_at > now() THEN reset_at
        ELSE now() + make_interval(secs => %(reset)s::float8) END,
    learned_at = now()
WHERE shop_id = %(shop)s
"""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What the headers of one answer said; `wait` when the answer was 429."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None
    wait: float | None = None


def reserve(shop_id: int, priority: Priority) -> bool:
    """Take one call from the shop's budget, unless this kind of call must leave it to others."""
    Budget.objects.get_or_create(shop_id=shop_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE, {"shop": shop_id, "window": WINDOW_SECONDS, "floor": int(priority)}
        )
        return bool(cursor.rowcount == 1)


@retried
def learn(shop_id: int, rate: Rate) -> None:
    """Adopt Narvar's view: it counts the calls of others as well."""
    Budget.objects.get_or_create(shop_id=shop_id)
    if rate.remaining is None and rate.wait is None:
        return
    reset = None if rate.reset is None else min(max(rate.reset, SHORTEST), LONGEST)
    limit = rate.limit if rate.limit and rate.limit > 0 else None
    remaining = None if rate.remaining is None else max(rate.remaining, 0)
    values = {"shop": shop_id, "limit": limit, "remaining": remaining}
    with connection.cursor() as cursor:
        cursor.execute(_LEARN, {**values, "reset": reset, "wait": rate.wait})


def exhausted_shops() -> list[int]:
    """Shops that may not make even a money call now."""
    spent = Budget.objects.filter(remaining__lte=0, reset_at__gt=Now())
    return list(spent.values_list("shop", flat=True))


def seconds_until_reset(shop_id: int) -> float:
    found = Budget.objects.filter(shop=shop_id).first()
    return seconds_left(found) if found else 0.0


def seconds_left(budget: Budget) -> float:
    """Until the window resets, by our clock; for the screen."""
    return max((budget.reset_at - timezone.now()) / timedelta(seconds=1), 0.0)
