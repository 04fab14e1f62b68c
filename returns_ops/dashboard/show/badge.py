"""The page on which a person makes, prints and revokes their own badge."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from returns_ops.accounts.badges import PREFIX
from returns_ops.accounts.permissions import BY_PASSWORD_ONLY, PERMISSIONS
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns.code128 import svg


@dataclass(frozen=True)
class BadgePage:
    """`bars` is empty but on the answer that a new badge comes with."""

    name: str
    shops: list[str]
    has_badge: bool
    made: SafeString | str
    bars: SafeString | str
    less_by_badge: bool
    idle_minutes: int


def badge_page(access: Access, now: datetime, *, token: str = "") -> BadgePage:
    person = access.user
    shops = sorted({one.shop.domain: one.shop for one in access.memberships}.items())
    held = {right for one in access.memberships for right in PERMISSIONS[one.role]}
    clock = Clock(now, shops[0][1].timezone if shops else "UTC")
    # One pixel for the narrowest bar: about 10 cm on paper with its margins, for a holder of A7.
    bars = mark_safe(svg(PREFIX + token, module=1)) if token else ""
    return BadgePage(
        name=person.known_as,
        shops=[domain for domain, _ in shops],
        has_badge=person.badge_sha256 is not None,
        made=clock.ago(person.badge_made_at),
        bars=bars,
        less_by_badge=person.is_staff or bool(BY_PASSWORD_ONLY & held),
        idle_minutes=round(settings.BADGE_IDLE_MINUTES),
    )
