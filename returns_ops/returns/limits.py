"""How much a person may refund alone, in one refund and in a day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils import timezone

from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import RefundLimit
from returns_ops.returns.money import spoken
from returns_ops.returns.rules import DAY, EACH, default_limit

WITHOUT_EFFECT = [CommandState.CANCELLED, CommandState.REFUSED]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """In major units of `currency`; `spent` is what the person had refunded today."""

    each: Decimal
    day: Decimal
    spent: Decimal
    currency: str

    @property
    def alone(self) -> Decimal:
        """The most that one more refund may be without a second person."""
        return max(min(self.each, self.day - self.spent), Decimal(0))


def limits_of(
    user: User, shop: Shop, currency: str, *, roles: Collection[str] | None = None
) -> Limits:
    """The widest of the person's roles counts; by badge an approver is an agent.

    `roles` are those of this person in this shop, where they were read for the same answer.
    """
    if roles is None:
        roles = Membership.objects.filter(user=user, shop=shop).values_list("role", flat=True)
    held = set(roles)
    if user.by_badge and Role.APPROVER in held:
        held = held - {Role.APPROVER.value} | {Role.AGENT.value}
    counting = [Role(role) for role in held if role in EACH]
    own = {row.role: row for row in RefundLimit.objects.filter(shop=shop, currency=currency)}
    return Limits(
        each=max(
            (own[r].each if r in own else default_limit(EACH, r, currency) for r in counting),
            default=Decimal(0),
        ),
        day=max(
            (own[r].day if r in own else default_limit(DAY, r, currency) for r in counting),
            default=Decimal(0),
        ),
        spent=spent_today(user, shop, currency),
        currency=currency,
    )


def spent_today(user: User, shop: Shop, currency: str) -> Decimal:
    """Asked for alone since midnight at the shop; what a second person approved is theirs."""
    asked = Command.objects.filter(
        shop=shop,
        requested_by=user,
        moves_money=True,
        second_person=False,
        currency=currency,
        created_at__gte=midnight(shop, timezone.now()),
    ).exclude(state__in=WITHOUT_EFFECT)
    return asked.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def midnight(shop: Shop, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(shop.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def why_second_person(amount: Decimal | None, limits: Limits) -> tuple[str, ...]:
    """What asks for a second person; nothing when the person may do it alone."""
    return tuple(_over(amount, limits)) if amount else ()


def _over(amount: Decimal, limits: Limits) -> Iterable[str]:
    if amount > limits.each:
        yield f"Over {spoken(limits.each, limits.currency)} a second person approves."
    elif amount > limits.day - limits.spent:
        yield (
            f"You have refunded {spoken(limits.spent, limits.currency)} today; over "
            f"{spoken(limits.day, limits.currency)} a day a second person approves."
        )
