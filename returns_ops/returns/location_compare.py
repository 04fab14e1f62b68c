"""Ours, Narvar's, and what both last agreed on: who changed which field."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from returns_ops.returns.location_snapshot import FIELDS, Facts, facts_of, spoken
from returns_ops.returns.models import ReturnLocation

Sync = ReturnLocation.Sync


class Change(StrEnum):
    HERE = "here"
    THERE = "there"
    BOTH = "both"
    KEPT = "kept"  # asked for, and Narvar kept it otherwise

    @property
    def words(self) -> str:
        return {
            Change.HERE: "Changed here",
            Change.THERE: "Changed at Narvar",
            Change.BOTH: "Changed here and at Narvar",
            Change.KEPT: "Narvar kept it otherwise",
        }[self]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One field on which nobody has decided yet; values as JSON holds them."""

    name: str
    label: str
    ours: Any
    theirs: Any
    agreed: Any
    change: Change

    @property
    def words(self) -> tuple[str, str, str]:
        """Ours, theirs and the last agreed, as a person reads them."""
        return spoken(self.ours), spoken(self.theirs), spoken(self.agreed)


def compare(location: ReturnLocation) -> list[Comparison]:
    """What is to be settled, field by field; nothing while it is being saved."""
    if location.sync in (Sync.SENDING, Sync.DELETED) or location.gone_at:
        return []
    ours, theirs = facts_of(location), location.shown
    if not theirs:
        return []
    return [
        found
        for name in FIELDS
        if (found := _of_field(name, ours, theirs, location.agreed, location.followed))
    ]


def _of_field(
    name: str, ours: Facts, theirs: Facts, agreed: Facts, followed: dict[str, Any]
) -> Comparison | None:
    if ours[name] == theirs[name]:
        return _followed(name, theirs, followed)
    known = agreed.get(name, "")
    if known == theirs[name]:
        change = Change.HERE
    else:
        change = Change.THERE if known == ours[name] else Change.BOTH
    return Comparison(
        name=name,
        label=FIELDS[name],
        ours=ours[name],
        theirs=theirs[name],
        agreed=known,
        change=change,
    )


def _followed(name: str, theirs: Facts, followed: dict[str, Any]) -> Comparison | None:
    """The row is as Narvar has it; what it was before is what we would put back."""
    told = followed.get(name)
    if told is None:
        return None
    return Comparison(
        name=name,
        label=FIELDS[name],
        ours=told["ours"],
        theirs=theirs[name],
        agreed=told["ours"],
        change=Change.KEPT if told["why"] == "kept" else Change.THERE,
    )


def standing_of(location: ReturnLocation) -> Sync:
    """How it stands when nothing is under way."""
    ours = facts_of(location)
    if location.gone_at:
        return Sync.CONFLICT
    if ours == location.shown:
        return Sync.IN_SYNC
    both = bool(location.shown) and location.shown != location.agreed
    return Sync.CONFLICT if both and ours != location.agreed else Sync.NOT_SAVED


def followed_since(
    earlier: dict[str, Any], before: Facts, after: Facts, *, why: str
) -> dict[str, Any]:
    """What the row held before it followed; what came back by itself is forgotten."""
    found = dict(earlier)
    for name in FIELDS:
        if before[name] != after[name]:
            found.setdefault(name, {"ours": before[name], "why": why})
        if name in found and found[name]["ours"] == after[name]:
            del found[name]
    return found
