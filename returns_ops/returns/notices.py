"""What a person of the desk has been told, and the daily summary of what waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns import desk
from returns_ops.returns.clocks import count as ending_count
from returns_ops.returns.models import Case, DeskPreference, Notice

TRAY = 20
LISTED = 10


def notices(user: User, limit: int = TRAY) -> list[Notice]:
    """The newest first, of cases at shops where they still work."""
    shops = Shop.objects.where(user, Permission.RESOLVE)
    rows = Notice.objects.filter(user=user, case__shop__in=shops)
    return list(
        rows.select_related("case__rma", "case__shop", "case__parcel", "by").order_by("-id")[:limit]
    )


def unread(user: User) -> int:
    return Notice.objects.filter(user=user, read_at=None).count()


@dataclass(frozen=True, kw_only=True)
class Digest:
    """One person's morning."""

    user: User
    tabs: desk.Tabs
    ending: int
    first: Sequence[Case]  # their most urgent ones

    @property
    def is_empty(self) -> bool:
        return not (self.tabs.mine or self.tabs.unassigned or self.tabs.late or self.ending)


def digest_of(user: User, now: datetime) -> Digest:
    shops = list(Shop.objects.where(user, Permission.RESOLVE))
    mine = desk.matching(desk.Wanted(tab=desk.Tab.MINE), shops, user, now)
    return Digest(
        user=user,
        tabs=desk.tabs(shops, user, now),
        ending=ending_count(shops, now, timedelta(hours=24)),
        first=list(mine.select_related("rma", "parcel").order_by("rank_at", "id")[:LISTED]),
    )


def due_digests(now: datetime) -> list[DeskPreference]:
    """Whoever wants one, whose hour has come today where they are, and who has not had it."""
    wanted = DeskPreference.objects.filter(digest=True, user__is_active=True)
    rows = wanted.exclude(user__email="").select_related("user")
    return [row for row in rows if is_due(row, now)]


def is_due(row: DeskPreference, now: datetime) -> bool:
    there = now.astimezone(ZoneInfo(row.timezone))
    return there.hour >= row.digest_hour and row.digest_sent_on != there.date()
