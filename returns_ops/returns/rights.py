"""What one person may at the shops of a page: asked for once each, however many cases it has."""

from collections.abc import Collection, Mapping

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission, roles_with
from returns_ops.returns.limits import Limits, limits_of


class Rights:
    """For one answer only: a role or a limit may be another in the next.

    `roles` are the person's, by the key of the shop, where they were read for the same answer.
    """

    def __init__(self, user: User, roles: Mapping[int, Collection[str]] | None = None) -> None:
        self.user = user
        self._roles = roles
        self._granted: dict[tuple[Permission, int], bool] = {}
        self._limits: dict[tuple[int, str], Limits] = {}

    def may(self, permission: Permission, shop: Shop) -> bool:
        key = (permission, shop.pk)
        if key not in self._granted:
            self._granted[key] = self._may(permission, shop)
        return self._granted[key]

    def _may(self, permission: Permission, shop: Shop) -> bool:
        if self._roles is None:
            return self.user.may(permission, shop)
        held = not set(roles_with(permission)).isdisjoint(self._roles.get(shop.pk, ()))
        return held and self.user.can_hold(permission)

    def limits(self, shop: Shop, currency: str) -> Limits:
        key = (shop.pk, currency)
        if key not in self._limits:
            self._limits[key] = limits_of(self.user, shop, currency, roles=self._roles_in(shop))
        return self._limits[key]

    def _roles_in(self, shop: Shop) -> Collection[str] | None:
        return None if self._roles is None else self._roles.get(shop.pk, ())
