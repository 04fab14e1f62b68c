"""Which return a box without one may belong to: facts weighed, and the reasons in words. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from returns_ops.returns.states import NOTHING_ARRIVES, NarvarStatus, Receipt

SHOWN = 9
TAIL = 8  # so many last characters of a tracking number say whose it is
LONG_AGO = timedelta(days=90)
ZIP = re.compile(r"(\d{5})(\d{4})?")


@dataclass(frozen=True, kw_only=True)
class PackedItem:
    """What lies in the box. `words`: its code in every form in which it may be stored."""

    sku: str
    units: int
    words: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ParcelFacts:
    """`tracking` and `words` (what is written on it) are in normal form; empty: not known."""

    items: tuple[PackedItem, ...] = ()
    tracking: frozenset[str] = frozenset()
    postcode: str = ""
    country: str = ""
    words: frozenset[str] = frozenset()
    found_at: datetime


@dataclass(frozen=True, kw_only=True)
class AwaitedItem:
    """`sku` in normal form; `left`: units of which the bench has said nothing yet."""

    sku: str
    left: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An open return, as far as a box can be compared with it. Tracking numbers and the keys of
    `names` are in normal form; a name says what kind of word that is."""

    rma_id: int
    number: str
    names: Mapping[str, str] = field(default_factory=dict)
    items: tuple[AwaitedItem, ...] = ()
    tracking: tuple[str, ...] = ()
    postcode: str = ""
    country: str = ""
    narvar_status: str
    receipt: str = Receipt.EXPECTED
    return_method: str = ""
    created_at: datetime


class Reason(NamedTuple):
    """What speaks for it, or against it when the weight is negative."""

    weight: int
    text: str
    specific: bool = True  # speaks for this return and not for any


@dataclass(frozen=True)
class Guess:
    candidate: Candidate
    score: int
    reasons: tuple[str, ...] = field(default=())  # the heaviest first

    @property
    def how_likely(self) -> str:
        if self.score >= 80:
            return "Very likely"
        return "Likely" if self.score >= 45 else "Possible"


def guess(parcel: ParcelFacts, candidates: Iterable[Candidate]) -> list[Guess]:
    """The best nine, likeliest first. What only could be any return is not among them."""
    found = [_weighed(parcel, candidate) for candidate in candidates]
    fitting = [one for one in found if one is not None]
    fitting.sort(key=lambda one: (-one.score, -one.candidate.created_at.timestamp()))
    return fitting[:SHOWN]


def postcode_key(text: str) -> str:
    """One form for all spellings: `sw1a 1aa` as `SW1A1AA`, ZIP+4 as its five digits."""
    plain = re.sub(r"[\W_]", "", text).upper()
    number = ZIP.fullmatch(plain)
    return number[1] if number else plain


def _weighed(parcel: ParcelFacts, candidate: Candidate) -> Guess | None:
    reasons = [
        *_by_label(parcel, candidate),
        *_by_writing(parcel, candidate),
        *_by_content(parcel, candidate),
        *_by_origin(parcel, candidate),
        *_by_standing(parcel, candidate),
    ]
    score = sum(reason.weight for reason in reasons)
    if score <= 0 or not any(one.specific and one.weight > 0 for one in reasons):
        return None
    told = sorted(reasons, key=lambda one: -one.weight)
    return Guess(candidate, score, tuple(one.text for one in told))


def _by_label(parcel: ParcelFacts, candidate: Candidate) -> Iterator[Reason]:
    if parcel.tracking.intersection(candidate.tracking):
        yield Reason(100, "The tracking number is the same")
        return
    for ours in parcel.tracking:
        for theirs in candidate.tracking:
            if len(ours) >= TAIL and theirs[-TAIL:] == ours[-TAIL:]:
                yield Reason(50, f"The last {TAIL} of the tracking number fit")
                return
            if len(ours) >= TAIL and theirs.startswith(ours):
                yield Reason(45, f"Its tracking number begins with {ours}")
                return


def _by_writing(parcel: ParcelFacts, candidate: Candidate) -> Iterator[Reason]:
    for word, kind in candidate.names.items():
        if word in parcel.words:
            yield Reason(80, f"Its {kind} is written on the parcel")


def _by_content(parcel: ParcelFacts, candidate: Candidate) -> Iterator[Reason]:
    packed = sum(item.units for item in parcel.items)
    fitting = 0
    for item in parcel.items:
        same = [one for one in candidate.items if one.sku in item.words]
        left = min(sum(one.left for one in same), item.units)
        fitting += left
        if left:
            yield Reason(max(30 * left // packed, 1), f"SKU {item.sku} is in it")
        elif same:
            yield Reason(2, f"SKU {item.sku} was in it, but all of it was counted already")
    if not fitting or fitting < packed:
        return
    yield Reason(10, "Everything in the parcel fits")
    if fitting == sum(one.left for one in candidate.items):
        yield Reason(10, "It is exactly what is still expected")


def _by_origin(parcel: ParcelFacts, candidate: Candidate) -> Iterator[Reason]:
    if parcel.postcode and parcel.postcode == candidate.postcode:
        yield Reason(25, "Same postcode")
    elif len(parcel.country) == len(candidate.country) == 2 and parcel.country != candidate.country:
        yield Reason(-15, f"But it comes from {candidate.country}")


def _by_standing(parcel: ParcelFacts, candidate: Candidate) -> Iterator[Reason]:
    age = parcel.found_at - candidate.created_at
    since = _since(age)
    if candidate.receipt == Receipt.RECEIVED:
        yield Reason(-30, "But all of it was received already", specific=False)
    elif candidate.return_method in NOTHING_ARRIVES:
        yield Reason(-15, "But nothing of it should arrive", specific=False)
    elif candidate.narvar_status == NarvarStatus.ON_ITS_WAY:
        yield Reason(8, f"On its way, {since}", specific=False)
    elif candidate.narvar_status == NarvarStatus.DELIVERED and candidate.receipt != Receipt.ARRIVED:
        yield Reason(8, f"Narvar says it arrived, {since}", specific=False)
    else:
        yield Reason(0, f"{since[:1].upper()}{since[1:]}", specific=False)
    if age > LONG_AGO:
        yield Reason(-10, "But that is long ago", specific=False)
    elif age < timedelta(0):
        yield Reason(-15, "But the parcel was here before", specific=False)


def _since(age: timedelta) -> str:
    if age < timedelta(0):
        return "started later"
    if age < timedelta(days=1):
        return "started on the same day"
    return "started 1 day earlier" if age.days == 1 else f"started {age.days} days earlier"
