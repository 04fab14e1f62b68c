"""The page of one box without a return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import roles_with
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import Look, saying
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.photos import Photos, photos_of_parcel
from returns_ops.returns.candidates import candidates_for, facts_of
from returns_ops.returns.guessing import Guess, guess
from returns_ops.returns.models import Parcel, ParcelItem, ParcelMatch
from returns_ops.returns.transitions.evidence import HANDLING

LOOKS = {
    Parcel.State.OPEN: Look("warn", "question-mark-circle"),
    Parcel.State.MATCHED: Look("ok", "check-circle"),
    Parcel.State.CLOSED: Look("neutral", "archive-box"),
}
TONES = {"Very likely": "ok", "Likely": "info", "Possible": "neutral"}
LONG, TOO_LONG = timedelta(days=2), timedelta(days=7)


class Hint(NamedTuple):
    """A return that the parcel may belong to."""

    number: str
    url: str
    match_url: str
    badge: SafeString
    reasons: tuple[str, ...]


class Entry(NamedTuple):
    sku: str
    quantity: int
    left: int


class Went(NamedTuple):
    units: str
    number: str
    url: str
    who: str
    at: SafeString | str
    stranger: bool


@dataclass(frozen=True)
class ParcelPage:
    parcel: Parcel
    title: str
    state: SafeString
    is_open: bool
    found_by: str
    found_at: SafeString | str
    waited: SafeString | str
    owner: str
    is_mine: bool
    people: list[tuple[int, str]]
    facts: list[tuple[str, str]]
    entries: list[Entry]
    units_left: int
    went: list[Went]
    settled: str
    settled_at: SafeString | str
    photos: Photos
    hints: list[Hint]


def parcel_or_404(access: Access, parcel_id: int) -> Parcel:
    parcels = Parcel.objects.select_related("shop", "owner", "found_by", "settled_by", "rma__shop")
    found = parcels.filter(pk=parcel_id, shop__in=access.shops).first()
    if found is None:
        raise Http404("There is no such parcel, or you do not work for its shop.")
    return found


def page_of_parcel(
    access: Access, parcel: Parcel, now: datetime, *, guesses: bool = True
) -> ParcelPage:
    """Five queries, and three more for the guesses of an open one."""
    clock = Clock(now, parcel.shop.timezone)
    items, is_open = list(parcel.items.all()), parcel.state == Parcel.State.OPEN
    return ParcelPage(
        parcel=parcel,
        title=str(parcel),
        state=state_of(parcel),
        is_open=is_open,
        found_by=parcel.found_by.known_as,
        found_at=clock.ago(parcel.found_at),
        waited=waited(parcel, now),
        owner=parcel.owner.known_as if parcel.owner else "",
        is_mine=parcel.owner_id == access.user.pk,
        people=_people(parcel) if is_open else [],
        facts=_facts(parcel),
        entries=[Entry(item.sku, item.quantity, item.left) for item in items],
        units_left=sum(item.left for item in items),
        went=_went(parcel, clock),
        settled=parcel.settled_by.known_as if parcel.settled_by else "",
        settled_at=clock.ago(parcel.settled_at),
        photos=photos_of_parcel(access, parcel, clock),
        hints=_hints(parcel, items) if guesses and is_open else [],
    )


def state_of(parcel: Parcel) -> SafeString:
    state = Parcel.State(parcel.state)
    words = "Partly matched" if state == Parcel.State.OPEN and parcel.rma_id else str(state.label)
    return saying(LOOKS[state], words)


def waited(parcel: Parcel, now: datetime) -> SafeString:
    """How long it has stood here, in words; amber and red when that is long."""
    end = parcel.settled_at or now
    age = end - parcel.found_at
    tone = "late" if age > TOO_LONG else "soon" if age > LONG else ""
    tone = tone if parcel.state == Parcel.State.OPEN else ""
    full = Clock(now, parcel.shop.timezone).full(parcel.found_at)
    return format_html(
        '<time class="due {}" datetime="{}" title="{}">{}</time>',
        tone,
        parcel.found_at.isoformat(),
        full,
        _age_in_words(age),
    )


def _age_in_words(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    for size, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count >= 1:
            return f"1 {name}" if count == 1 else f"{count} {name}s"
    return "just now"


def colleagues_in(shop: Shop) -> QuerySet[User]:
    """Whoever may look after a parcel of this shop."""
    roles = {role for permission in HANDLING for role in roles_with(permission)}
    people = User.objects.filter(
        is_active=True, memberships__shop=shop, memberships__role__in=roles
    )
    return people.order_by("first_name", "last_name", "username").distinct()


def _people(parcel: Parcel) -> list[tuple[int, str]]:
    others = colleagues_in(parcel.shop).exclude(pk=parcel.owner_id or 0)
    return [(user.pk, user.known_as) for user in others]


def _facts(parcel: Parcel) -> list[tuple[str, str]]:
    place = " ".join(text for text in (parcel.origin_postal_code, parcel.origin_country) if text)
    facts = [
        ("Tracking number", parcel.tracking_number),
        ("Carrier", parcel.carrier),
        ("Sent from", place),
        ("Shop", parcel.shop.domain),
        ("Bench", parcel.bench),
    ]
    return [fact for fact in facts if fact[1]]


def _went(parcel: Parcel, clock: Clock) -> list[Went]:
    matches = parcel.matches.select_related("of", "item", "rma__shop", "by")
    return [_one_went(match, clock) for match in matches]


def _one_went(match: ParcelMatch, clock: Clock) -> Went:
    sku = match.item.sku or match.item.item_id if match.item else match.of.sku if match.of else ""
    return Went(
        units=f"{match.quantity} × {sku}",
        number=match.rma.rma_number,
        url=match.rma.get_absolute_url(),
        who=match.by.known_as,
        at=clock.ago(match.at),
        stranger=match.item is None,
    )


def _hints(parcel: Parcel, items: Sequence[ParcelItem]) -> list[Hint]:
    facts = facts_of(parcel, items)
    return [_hint(parcel, one) for one in guess(facts, candidates_for(parcel, facts))]


def _hint(parcel: Parcel, found: Guess) -> Hint:
    number, likely = found.candidate.number, found.how_likely
    return Hint(
        number=number,
        url=reverse("rma", args=[parcel.shop.domain, number]),
        match_url=match_url(parcel, number),
        badge=saying(Look(TONES[likely], "sparkles"), likely),
        reasons=found.reasons,
    )


def match_url(parcel: Parcel, number: str) -> str:
    return f"{reverse('parcel_match', args=[parcel.pk])}?{urlencode({'rma': number})}"
