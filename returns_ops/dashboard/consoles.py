"""What the two message lists share: filters as links, pages by key, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self, TypeVar
from urllib.parse import quote, urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.messaging.models import Command, Event

PAGE = 50
# A filter without an index of its own looks through so many messages at a time.
LOOK_BACK = 20_000
MOST_NEWS = 1000
LONGEST_KEY = 18
Message = TypeVar("Message", Event, Command)


class FilterLink(NamedTuple):
    name: str
    url: str
    current: bool
    number: int | None = None
    urgent: bool = False


class Page(NamedTuple):
    """Keys of the next older page, and of the place up to which a search has looked."""

    older: int | None
    looked_to: int | None


@dataclass(frozen=True)
class Asked:
    """What the address of a list asks for; a value it does not know is as good as none."""

    shop: str = ""
    state: str = ""
    reason: str = ""
    before: int | None = None

    @classmethod
    def read(cls, access: Access, query: QueryDict, states: Sequence[str]) -> Self:
        state = query.get("state", "")
        known = state if state in states else ""
        return cls(
            shop=access.chosen if any(s.domain == access.chosen for s in access.shops) else "",
            state=known,
            reason=query.get("reason", "")[:64] if known in ("dead", "parked") else "",
            before=key_of(query.get("before", "")),
        )

    def link(self, screen: str, **other: str) -> str:
        """The same list with something changed; an empty value takes a filter away."""
        query = {"shop": self.shop, "state": self.state, "reason": self.reason, **other}
        kept = {name: value for name, value in query.items() if value}
        return f"{reverse(screen)}?{urlencode(kept)}" if kept else reverse(screen)


def key_of(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY else None


def keys_of(text: str) -> list[int]:
    found = (key_of(part) for part in text.split(",")[:PAGE])
    return [key for key in found if key is not None]


def page_of(
    matching: QuerySet[Message], asked: Asked, *, among: QuerySet[Message] | None = None
) -> tuple[list[Message], Page]:
    """One page; `among`, when the filter has no index, bounds how far back it looks."""
    floor = None
    if asked.before:
        matching = matching.filter(pk__lt=asked.before)
        among = among.filter(pk__lt=asked.before) if among is not None else None
    if among is not None:
        keys = among.order_by("-pk").values_list("pk", flat=True)
        floor = keys[LOOK_BACK - 1 : LOOK_BACK].first()
        matching = matching.filter(pk__gte=floor or 0)
    found = list(matching.order_by("-pk")[: PAGE + 1])
    if len(found) > PAGE:
        return found[:PAGE], Page(found[PAGE - 1].pk, None)
    return found, Page(None, floor)


def newest_key(found: Sequence[Message], everything: QuerySet[Message]) -> int:
    if found:
        return found[0].pk
    return everything.order_by("-pk").values_list("pk", flat=True).first() or 0


def count_since(matching: QuerySet[Message], newest: int) -> int:
    return matching.filter(pk__gt=newest)[:MOST_NEWS].count()


def news(count: int) -> str:
    if not count:
        return ""
    return f"{MOST_NEWS}+ new" if count >= MOST_NEWS else f"{count} new"


def clock_of(access: Access, now: datetime) -> Clock:
    """One clock for a list: that of its shops, or UTC where they have different ones."""
    zones = {shop.timezone for shop in access.shown}
    return Clock(now, zones.pop() if len(zones) == 1 else "UTC")


def broken_at_underscores(text: str) -> SafeString:
    """So that `resolve_manually_without_automation` wraps where a reader would."""
    return format_html_join("_", "{}<wbr>", ((part,) for part in text.split("_")))


def short(shop: Shop) -> str:
    return shop.domain.removesuffix(".myshopify.com")


def subject_url(access: Access, shop: Shop, subject: str) -> str:
    if not subject or not access.may(Permission.VIEW_RMAS, shop):
        return ""
    return f"{reverse('rmas')}{shop.domain}/{quote(subject)}/"
