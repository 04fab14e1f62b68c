"""Two versions of one location become one again: each field ours, or Narvar's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from returns_ops.messaging.models import Command
from returns_ops.returns.location_compare import Comparison, compare
from returns_ops.returns.location_snapshot import facts_of
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.orders import CONTROL
from returns_ops.returns.transitions import location_acts as acts
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.location_acts import Act
from returns_ops.returns.transitions.locations import SAVINGS, Sync, Write, ask_for, order_of
from returns_ops.returns.transitions.promising import same_form

OURS, THEIRS = "ours", "theirs"
GONE = "gone"  # what is chosen on when Narvar does not have the location any more


@dataclass(frozen=True, kw_only=True)
class Settling:
    """`choices`: ours or theirs for each field that `compare` lists, or for GONE."""

    location_id: int
    act: Act
    version: int
    choices: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Linking:
    location_id: int
    act: Act
    version: int
    other_id: str


@transaction.atomic
def settle_location(settling: Settling, *, write: Write) -> Command | None:
    """What is kept of ours becomes a new command; None: all is Narvar's, nothing is to send."""
    location, act = _lock(settling.location_id), settling.act
    earlier = same_form(act.submission_token, location.shop, SAVINGS, location.subject)
    if earlier:
        return earlier
    acts.permit(act.by, location.shop)
    acts.refuse_change(location, settling.version)
    if location.gone_at:
        return _settle_gone(location, settling, write)
    found = compare(location)
    _need_choices(found, settling.choices)
    kept = [one for one in found if settling.choices[one.name] == OURS]
    if not kept:
        _take_theirs(location, act)
        return None
    facts = {**location.shown, **{one.name: one.ours for one in kept}}
    text = f"Kept ours: {', '.join(one.label for one in kept)}"
    if len(kept) < len(found):
        rest = [one.label for one in found if one not in kept]
        text = f"{text}; took Narvar's: {', '.join(rest)}"
    return ask_for(location, order_of(facts), act, write=write, verb="settled", text=text)


@transaction.atomic
def link_location(linking: Linking) -> ReturnLocation:
    """From now on parcels with this id are known to go there."""
    location, other_id = _lock(linking.location_id), linking.other_id.strip()
    _may_link(location, linking)
    if not other_id or len(other_id) > 255 or CONTROL.search(other_id):
        raise Refused("Say which id, in up to 255 characters that can be read.")
    if other_id in [location.narvar_id, *location.other_ids]:
        return location
    others = ReturnLocation.objects.filter(shop=location.shop, removed_at=None)
    for other in others.exclude(pk=location.pk):
        if other_id in [other.narvar_id, *other.other_ids]:
            raise Refused(f"{other_id} belongs to {other} already.")
    _set_links(location, [*location.other_ids, other_id], linking, f"{other_id} linked")
    return location


@transaction.atomic
def unlink_location(linking: Linking) -> ReturnLocation:
    location = _lock(linking.location_id)
    _may_link(location, linking)
    left = [one for one in location.other_ids if one != linking.other_id]
    if left != location.other_ids:
        _set_links(location, left, linking, f"{linking.other_id} is not linked any more")
    return location


def _lock(location_id: int) -> ReturnLocation:
    found = ReturnLocation.objects.select_related("shop").get(pk=location_id)
    acts.lock_shop(found.shop)
    return acts.lock_location(found.shop, location_id)


def _need_choices(found: list[Comparison], choices: Mapping[str, str]) -> None:
    if not found:
        raise Refused("Nothing is left to settle.")
    missing = [one.label for one in found if choices.get(one.name) not in (OURS, THEIRS)]
    if missing:
        raise Refused(f"Choose for each of them: {', '.join(missing)}.")


def _take_theirs(location: ReturnLocation, act: Act) -> None:
    before = facts_of(location)
    acts.replace_left_open(location, act.by)
    acts.put(location, location.shown)
    location.sync, location.problem = Sync.IN_SYNC, ""
    location.agreed, location.followed = location.shown, {}
    acts.store(location)
    _told(location, before, act, "Took Narvar's")


def _settle_gone(location: ReturnLocation, settling: Settling, write: Write) -> Command | None:
    act, choice = settling.act, settling.choices.get(GONE)
    if choice == OURS:
        was = acts.kept(location)
        location.other_ids = [*location.other_ids, location.narvar_id]
        location.narvar_id, location.shown, location.agreed = "", {}, {}
        order, text = order_of(facts_of(location)), "Kept ours: made anew at Narvar"
        return ask_for(location, order, act, write=write, verb="settled", text=text, was=was)
    if choice != THEIRS:
        raise Refused("Choose: make it anew, or let it go.")
    before = facts_of(location)
    acts.replace_left_open(location, act.by)
    acts.bury(location)
    acts.store(location)
    _told(location, before, act, "Took Narvar's: removed")
    return None


def _told(location: ReturnLocation, before: dict[str, Any], act: Act, text: str) -> None:
    acts.record(location, "location.settled", act.by, name=location.name, text=text)
    acts.remember(location, before, source=act.source, verb="took", text=text, by=act.by)


def _may_link(location: ReturnLocation, linking: Linking) -> None:
    acts.permit(linking.act.by, location.shop)
    acts.refuse_change(location, linking.version)


def _set_links(location: ReturnLocation, ids: list[str], linking: Linking, text: str) -> None:
    before, act = location.other_ids, linking.act
    location.other_ids = ids
    acts.store(location)
    acts.record(location, "location.linked", act.by, name=location.name, other_ids=ids)
    acts.remember(
        location,
        facts_of(location),
        source=act.source,
        verb="linked",
        text=text,
        by=act.by,
        more={"other_ids": [before, ids]},
    )
