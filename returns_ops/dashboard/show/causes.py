"""Causes as cards, and the clocks of Narvar's automations."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.show.formats import NOTHING, Clock, money
from returns_ops.dashboard.show.spark import bars, in_words
from returns_ops.dashboard.show.words import TRACKS, word
from returns_ops.returns.clocks import ShopClock, ending_names
from returns_ops.returns.desk import Card, Group
from returns_ops.returns.models import Rma

GROUPS = 3


class GroupLink(NamedTuple):
    text: str
    number: int
    url: str


class CauseCard(NamedTuple):
    cause: str
    title: str
    url: str
    number: int
    value: str
    oldest: SafeString
    spark: SafeString
    trend: str
    groups: list[GroupLink]
    more_groups: int
    playbook: str


class ClockRow(NamedTuple):
    number: str
    url: str
    what: str
    value: str
    ends: SafeString | str


class ClockGroup(NamedTuple):
    title: str
    words: str
    rows: list[ClockRow]
    more: str
    more_url: str


def sums_in_words(values: Mapping[str, Decimal]) -> str:
    """Never one number over several currencies."""
    return " + ".join(money(values[currency], currency) for currency in sorted(values)) or NOTHING


def cause_cards(cards: Sequence[Card], now: datetime, link: Callable[..., str]) -> list[CauseCard]:
    """`link(cause=, group=)` is the list of such cases."""
    clock = Clock(now, "UTC")
    return [_card(card, clock, link) for card in cards]


def _card(card: Card, clock: Clock, link: Callable[..., str]) -> CauseCard:
    cause = card.cause.value
    several = card.groups if len(card.groups) > 1 or card.groups[0].text else ()
    return CauseCard(
        cause=cause,
        title=str(card.cause.label),
        url=link(cause=cause, group=""),
        number=card.count,
        value=sums_in_words(card.values),
        oldest=clock.age(card.oldest),
        spark=bars(card.trend),
        trend=in_words(card.trend),
        groups=[
            GroupLink(
                one.text or "Without words", one.count, link(cause=cause, group=one.fingerprint)
            )
            for one in several[:GROUPS]
        ],
        more_groups=max(len(several) - GROUPS, 0),
        playbook=reverse("playbook", args=[cause]),
    )


def _link_to(group: Group, cause: str, link: Callable[..., str]) -> GroupLink:
    url = link(cause=cause, group=group.fingerprint)
    return GroupLink(group.text or "Without words", group.count, url)


def clock_groups(
    shops: Sequence[Shop], sums: Sequence[ShopClock], rows: Sequence[Rma], now: datetime
) -> list[ClockGroup]:
    """One group per shop that has any: the sums of all, the rows of those that end first."""
    known = {clock.shop_id for clock in sums}
    return [
        _group(
            shop,
            [clock for clock in sums if clock.shop_id == shop.pk],
            [rma for rma in rows if rma.shop_id == shop.pk],
            Clock(now, shop.timezone),
        )
        for shop in shops
        if shop.pk in known
    ]


def _group(shop: Shop, sums: Sequence[ShopClock], rmas: Sequence[Rma], clock: Clock) -> ClockGroup:
    count = sum(one.count for one in sums)
    values = {one.currency: one.value for one in sums if one.value}
    left = count - len(rmas)
    return ClockGroup(
        title=shop.domain,
        words=f"{count} return{'' if count == 1 else 's'} · {sums_in_words(values)}",
        rows=[_clock_row(rma, clock) for rma in rmas],
        more=f"And {left} more, later: all within 7 days" if left > 0 else "",
        more_url=f"{reverse('rmas')}?tab=all&shop={shop.domain}&deadline=7d",
    )


def _clock_row(rma: Rma, clock: Clock) -> ClockRow:
    return ClockRow(
        number=rma.rma_number,
        url=rma.get_absolute_url(),
        what=ending_in_words(ending_names(rma)),
        value=money(rma.at_stake, rma.currency),  # type: ignore[attr-defined]
        ends=clock.deadline(rma.deadline_at) if rma.deadline_at else "",
    )


def ending_in_words(tracks: Sequence[str]) -> str:
    """`Refund and restock end`: which of Narvar's automations stop."""
    names = [word(TRACKS, one).lower() for one in tracks] or ["automation"]
    said = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
    return f"{said[:1].upper()}{said[1:]}"
