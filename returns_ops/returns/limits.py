"""How much a person, and a shop, may refund without a second person: at a time and in a day."""

from collections.abc import Collection, Iterable, Mapping
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
    """In major units of `currency`; `spent` is what the person had refunded alone today.

    `shop_spent` is what all people of the shop had, where the shop limits that (`shop_day`).
    """

    each: Decimal
    day: Decimal
    spent: Decimal
    currency: str
    shop_day: Decimal | None = None
    shop_spent: Decimal = Decimal(0)

    @property
    def alone(self) -> Decimal:
        """The most that one more refund may be without a second person."""
        left = [self.each, self.day - self.spent]
        if self.shop_day is not None:
            left.append(self.shop_day - self.shop_spent)
        return max(min(left), Decimal(0))


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
    rows = RefundLimit.objects.filter(shop=shop, currency=currency)
    own = {row.role: row for row in rows.order_by()}
    of_shop = own.get(RefundLimit.EVERYBODY)
    return Limits(
        each=each_of(own, counting, currency),
        day=day_of(own, counting, currency),
        spent=spent_today(shop, currency, requested_by=user),
        currency=currency,
        shop_day=of_shop.day if of_shop else None,
        shop_spent=spent_today(shop, currency) if of_shop else Decimal(0),
    )


Own = Mapping[str, RefundLimit]  # by role, of one shop and currency


def each_of(own: Own, roles: Iterable[Role], currency: str) -> Decimal:
    """The widest of the roles, and never more than the shop allows to anybody."""
    widest = max(
        (own[r].each if r in own else default_limit(EACH, r, currency) for r in roles),
        default=Decimal(0),
    )
    of_shop = own.get(RefundLimit.EVERYBODY)
    return min(widest, of_shop.each) if of_shop else widest


def day_of(own: Own, roles: Iterable[Role], currency: str) -> Decimal:
    return max(
        (own[r].day if r in own else default_limit(DAY, r, currency) for r in roles),
        default=Decimal(0),
    )


def spent_today(shop: Shop, currency: str, **whose: User) -> Decimal:
    """Asked for alone since midnight at the shop; what a second person approved is theirs."""
    asked = Command.objects.filter(
        shop=shop,
        **whose,
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
    elif limits.shop_day is not None and amount > limits.shop_day - limits.shop_spent:
        yield (
            f"The shop has refunded {spoken(limits.shop_spent, limits.currency)} today; over "
            f"{spoken(limits.shop_day, limits.currency)} a day a second person approves."
        )
