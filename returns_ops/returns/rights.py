"""What one person may at the shops of a page: asked for once each, however many cases it has."""

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.limits import Limits, limits_of


class Rights:
    """For one answer only: a role or a limit may be another in the next."""

    def __init__(self, user: User) -> None:
        self.user = user
        self._granted: dict[tuple[Permission, int], bool] = {}
        self._limits: dict[tuple[int, str], Limits] = {}

    def may(self, permission: Permission, shop: Shop) -> bool:
        key = (permission, shop.pk)
        if key not in self._granted:
            self._granted[key] = self.user.may(permission, shop)
        return self._granted[key]

    def limits(self, shop: Shop, currency: str) -> Limits:
        key = (shop.pk, currency)
        if key not in self._limits:
            self._limits[key] = limits_of(self.user, shop, currency)
        return self._limits[key]
