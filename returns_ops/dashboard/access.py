"""Who sees which shops. Every view names its permission; every object comes through these shops."""

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Concatenate

from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse

from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import (
    BY_PASSWORD_ONLY,
    PERMISSIONS,
    Permission,
    Role,
    roles_with,
)
from returns_ops.dashboard.health import ShopHealth, health_of
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.returns.counters import Counts, counts
from returns_ops.returns.models import Notice
from returns_ops.returns.states import Work

UNREAD = Subquery(
    Notice.objects.filter(user=OuterRef("user"), read_at=None)
    .order_by()
    .values("user")
    .values(n=Count("id"))
)
PASSWORD_NEEDED = "Log in with your password for this."


class Access:
    """One person's rights in one request, read once. A badge gives fewer than a password."""

    def __init__(self, user: User, *permissions: Permission, chosen: str = "") -> None:
        self.user = user
        self.permissions = permissions
        self.chosen = chosen.lower()

    @cached_property
    def memberships(self) -> list[Membership]:
        held = Membership.objects.filter(user=self.user).select_related("shop")
        return list(held.annotate(unread=UNREAD))

    @property
    def unread(self) -> int:
        """Notices of the desk: counted along with the memberships, so that it costs no query."""
        return next((getattr(one, "unread", None) or 0 for one in self.memberships), 0)

    @cached_property
    def _granted(self) -> dict[Permission, dict[int, Shop]]:
        granted: dict[Permission, dict[int, Shop]] = defaultdict(dict)
        withheld = BY_PASSWORD_ONLY if self.user.by_badge else frozenset()
        for membership in sorted(self.memberships, key=lambda one: one.shop.domain):
            for permission in PERMISSIONS[membership.role] - withheld:
                granted[permission][membership.shop_id] = membership.shop
        return granted

    def shops_with(self, permission: Permission) -> list[Shop]:
        return list(self._granted.get(permission, {}).values())

    def may(self, permission: Permission, shop: Shop | None = None) -> bool:
        granted = self._granted.get(permission, {})
        return bool(granted) if shop is None else shop.pk in granted

    def roles_in(self, shop: Shop) -> set[str]:
        return {one.role for one in self.memberships if one.shop_id == shop.pk}

    @cached_property
    def roles(self) -> dict[int, set[str]]:
        """By the key of the shop."""
        return {one.shop_id: self.roles_in(one.shop) for one in self.memberships}

    def why_not(self, *permissions: Permission) -> str:
        """One sentence for a person who may not: a password is missing, or a role."""
        asked = BY_PASSWORD_ONLY.intersection(permissions) if self.user.by_badge else frozenset()
        held = {one for membership in self.memberships for one in PERMISSIONS[membership.role]}
        return PASSWORD_NEEDED if asked & held else who_can(*permissions)

    @cached_property
    def shops(self) -> list[Shop]:
        """Where the person holds a permission that the view names."""
        granted = {s.pk: s for one in self.permissions for s in self.shops_with(one)}
        return sorted(granted.values(), key=lambda shop: shop.domain)

    @cached_property
    def shown(self) -> list[Shop]:
        """The shops of `?shop=`: one, or all of them when it names none of theirs."""
        return [shop for shop in self.shops if shop.domain == self.chosen] or self.shops

    @property
    def shop_set(self) -> QuerySet[Shop]:
        return Shop.objects.filter(pk__in=[shop.pk for shop in self.shown])

    def shop_or_404(self, domain: str) -> Shop:
        for shop in self.shops:
            if shop.domain == domain.lower():
                return shop
        raise Http404("There is no such shop, or you do not work for it.")

    @cached_property
    def _counts(self) -> Counts:
        queues, desks = self.shops_with(Permission.VIEW_RMAS), self.shops_with(Permission.RESOLVE)
        return counts(self._shown_of(queues), self._shown_of(desks))

    def _shown_of(self, shops: list[Shop]) -> list[Shop]:
        return [shop for shop in shops if shop.domain == self.chosen] or shops

    @property
    def work_counts(self) -> dict[str, int]:
        """How many stand in each queue of the shops that are shown."""
        return self._counts.work

    @property
    def open_cases(self) -> dict[str, int]:
        """How many are open at the desk, by cause."""
        return self._counts.causes

    @property
    def in_trouble(self) -> int:
        """What "Exceptions" leads to: cases for the desk, for all others returns."""
        if self.may(Permission.RESOLVE):
            return sum(self.open_cases.values())
        return self.work_counts.get(Work.EXCEPTION, 0)

    @cached_property
    def health(self) -> list[ShopHealth]:
        shops = {shop.pk: shop for membership in self.memberships for shop in [membership.shop]}
        return health_of(list(shops.values()))


def access_of(request: StaffRequest, *permissions: Permission) -> Access:
    known = getattr(request, "access", None)
    if isinstance(known, Access):
        return known
    return Access(request.user, *permissions, chosen=request.GET.get("shop", ""))


def who_can(*permissions: Permission) -> str:
    """One sentence for a person who may not."""
    roles = [role for role in Role if any(role in roles_with(one) for one in permissions)]
    names = [str(role.label).lower() for role in roles]
    people = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    rights = " or ".join(f"“{permission.label}”" for permission in permissions)
    return f"{rights} belongs to these roles: {people}."


View = Callable[Concatenate[StaffRequest, ...], HttpResponse]


def needs(*permissions: Permission) -> Callable[[View], View]:
    """Let in whoever holds one of the permissions in at least one shop, and say which shops."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: object, **kwargs: object) -> HttpResponse:
            access = access_of(request, *permissions)
            if not access.shops:
                raise PermissionDenied(access.why_not(*permissions))
            request.access = access
            return view(request, *args, **kwargs)

        guarded.permissions = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to_all_staff(view: View) -> View:
    """Needs a login and nothing else: what it shows is the person's own."""

    @wraps(view)
    def welcomed(request: StaffRequest, *args: object, **kwargs: object) -> HttpResponse:
        request.access = access_of(request)
        return view(request, *args, **kwargs)

    welcomed.permissions = ()  # type: ignore[attr-defined]
    return welcomed
