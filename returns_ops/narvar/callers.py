"""Who may knock at the door of a shop: remembered, since the row that is written says if it holds.

`Shop.door_version` counts every change of names and credentials. A process that remembers an older
one finds its INSERT writing nothing (`inbox.store`), and asks again.
"""

import hmac
from dataclasses import dataclass
from uuid import UUID

from returns_ops.accounts.models import Shop
from returns_ops.narvar import secrets
from returns_ops.narvar.models import WebhookCredential

PAIRS = 2  # two are valid at once, for rotation


@dataclass(frozen=True, slots=True)
class Callers:
    shop_id: int
    domain: str
    names: frozenset[str]
    pairs: tuple[tuple[bytes, bytes], ...]
    version: int

    def know(self, username: str, password: str) -> bool:
        fingerprint, name = secrets.fingerprint(password), username.encode()
        known = False
        for their_name, their_fingerprint in self.pairs:
            # Every pair is compared in full, so that time tells nothing.
            same_name = hmac.compare_digest(their_name, name)
            same_word = hmac.compare_digest(their_fingerprint, fingerprint)
            known |= same_name and same_word
        return known

    def are_of(self, domain: str) -> bool:
        """Whether the header names this shop. A missing one is odd, not wrong."""
        domain = domain.strip().lower()
        return not domain or domain in self.names


_remembered: dict[UUID, Callers] = {}


def remembered(shop: UUID) -> Callers | None:
    return _remembered.get(shop)


def read(shop: UUID) -> Callers | None:
    """As the database says now; None when there is no such shop."""
    # The version first: what is read after it can only be newer.
    found = Shop.objects.filter(uuid=shop).first()
    if found is None:
        _remembered.pop(shop, None)
        return None
    valid = WebhookCredential.objects.filter(shop=found, retired_at=None).order_by("pk")
    callers = Callers(
        shop_id=found.pk,
        domain=found.domain,
        names=frozenset(name.lower() for name in (found.domain, *found.aliases)),
        pairs=tuple(
            (pair.username.encode(), bytes(pair.password_sha256)) for pair in valid[:PAIRS]
        ),
        version=found.door_version,
    )
    _remembered[shop] = callers
    return callers
