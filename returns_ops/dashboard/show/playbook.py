"""The playbook of one cause at one shop: the text that holds, and every edit of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.diff import diff
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns.models import Playbook
from returns_ops.returns.playbooks import DEFAULTS, history_of, playbook_of
from returns_ops.returns.states import Cause

NEWEST = 20


class Edit(NamedTuple):
    number: int
    who: str
    at: SafeString | str
    change: SafeString


@dataclass(frozen=True)
class PlaybookPage:
    cause: Cause
    badge: SafeString
    shop: Shop
    url: str
    shops: list[tuple[str, str, bool]]
    text: str
    is_default: bool
    number: int  # the edit that a save has to name
    edits: list[Edit]
    list_url: str


def playbook_page(access: Access, cause: Cause, now: datetime) -> PlaybookPage:
    shop = access.shown[0]
    known, address = playbook_of(shop, cause), reverse("playbook", args=[cause.value])
    found = list(history_of(shop, cause.value)[: NEWEST + 1])
    return PlaybookPage(
        cause=cause,
        badge=badge("cause", cause.value),
        shop=shop,
        url=f"{address}?shop={shop.domain}",
        shops=[(one.domain, f"{address}?shop={one.domain}", one == shop) for one in access.shops],
        text=known.text,
        is_default=known.is_default,
        number=found[0].number if found else 0,
        edits=_edits(found, DEFAULTS.get(cause, ""), Clock(now, shop.timezone)),
        list_url=f"{reverse('exceptions')}?cause={cause.value}",
    )


def _edits(found: list[Playbook], default: str, clock: Clock) -> list[Edit]:
    """Each beside what it changed; before the first edit stands the text of the product."""
    before = [*(one.text or default for one in found[1:]), default]
    return [
        Edit(one.number, one.by.known_as, clock.ago(one.at), diff(old, one.text or default))
        for one, old in zip(found[:NEWEST], before, strict=False)
    ]
