"""Who else is at a return, and who has it in hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns import presence
from returns_ops.returns.models import Rma, Viewing
from returns_ops.returns.transitions.claiming import CLAIM, holder_of


class Person(NamedTuple):
    name: str
    writing: bool


@dataclass(frozen=True)
class Here:
    """`seen` goes to the browser and back: what it shows already is not sent again."""

    others: list[Person]
    seen: str


@dataclass(frozen=True)
class People:
    """`seen` and `holder_id` go to the browser and back: what it shows already is not sent again.

    `holder` is empty when nobody has the return in hand; `claimed` is when they last took it.
    """

    shop: str
    number: str
    others: list[Person]
    seen: str
    holder: str
    holder_id: int
    claimed: SafeString | str
    mine: bool
    may_take: bool


def people_of(access: Access, rma: Rma, now: datetime, *, alone: bool = False) -> People:
    """Two queries, or three when somebody has it in hand.

    `alone`: who else is there is not asked, because the page asks for it at once.
    """
    others, holder = [] if alone else presence.others(rma, access.user), holder_of(rma)
    taken_at = rma.claimed_until - CLAIM if holder and rma.claimed_until else None
    return People(
        shop=rma.shop.domain,
        number=rma.rma_number,
        **vars(here_of(others)),
        holder=holder.known_as if holder else "",
        holder_id=holder.pk if holder else 0,
        claimed=Clock(now, rma.shop.timezone).ago(taken_at) if taken_at else "",
        mine=holder == access.user,
        may_take=access.may(Permission.RECEIVE, rma.shop),
    )


def here_of(others: Sequence[Viewing]) -> Here:
    return Here([Person(one.user.known_as, one.editing) for one in others], _seen(others))


def _seen(others: Sequence[Viewing]) -> str:
    return " ".join(f"{one.user_id}{'w' if one.editing else ''}" for one in others)
