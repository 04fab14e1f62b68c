"""What the desk tells one person: assigned, mentioned, about to be late, changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns.models import Notice

PAGE = 30
ICONS = {
    Notice.Kind.ASSIGNED: "user-plus",
    Notice.Kind.MENTIONED: "at-symbol",
    Notice.Kind.LATE: "clock",
    Notice.Kind.WATCHED: "eye",
}


class Told(NamedTuple):
    id: int
    url: str
    icon: str
    kind: str
    text: str
    at: SafeString | str
    unread: bool


@dataclass(frozen=True)
class Notices:
    rows: list[Told]
    unread: bool
    older: str

    @property
    def unread_ids(self) -> str:
        return ",".join(str(row.id) for row in self.rows if row.unread)


def notices_of(access: Access, now: datetime, *, before: int | None = None) -> Notices:
    """One query; of the shops at which this person still works."""
    found = list(_newest(access, before)[: PAGE + 1])
    rows = [_told(notice, now) for notice in found[:PAGE]]
    older = f"{reverse('notices')}?before={rows[-1].id}" if len(found) > PAGE else ""
    return Notices(rows, any(row.unread for row in rows), older)


def _newest(access: Access, before: int | None) -> QuerySet[Notice]:
    shops = access.shops_with(Permission.RESOLVE)
    mine = Notice.objects.filter(user=access.user, case__shop__in=shops)
    if before:
        mine = mine.filter(pk__lt=before)
    return mine.select_related("case__shop").order_by("-id")


def _told(notice: Notice, now: datetime) -> Told:
    return Told(
        id=notice.pk,
        url=reverse("case", args=[notice.case_id]),
        icon=ICONS.get(Notice.Kind(notice.kind), "bell"),
        kind=notice.get_kind_display(),
        text=notice.text,
        at=Clock(now, notice.case.shop.timezone).ago(notice.at),
        unread=notice.read_at is None,
    )
