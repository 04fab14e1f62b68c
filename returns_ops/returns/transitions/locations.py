"""Save and remove return locations. Only a location admin may; nothing is sent twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command
from returns_ops.messaging.outbox import Request
from returns_ops.returns.kinds import Kind
from returns_ops.returns.location_snapshot import facts_of, moves, rounded, same_place
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.transitions import location_acts as acts
from returns_ops.returns.transitions.approval import Refused, hold_of
from returns_ops.returns.transitions.location_acts import Act
from returns_ops.returns.transitions.promising import Wish, owe, same_form

Sync = ReturnLocation.Sync
SAVINGS = {Kind.CREATE_LOCATION, Kind.UPDATE_LOCATION}
WAS = "was"  # in a command's summary: the row before, or nothing where there was none

Write = Callable[[LocationOrder], Request]


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What a person wants a location to be; `location_id` is None for a new one."""

    shop: Shop
    order: LocationOrder
    act: Act
    location_id: int | None = None
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Removal:
    location_id: int
    act: Act
    version: int


@dataclass(frozen=True, kw_only=True)
class Restoring:
    """An earlier version, wanted again."""

    location_id: int
    change_id: int
    act: Act
    version: int


@transaction.atomic
def save_location(saving: Saving, *, write: Write) -> Command:
    """Freeze the whole location as a command: Narvar replaces all of it."""
    acts.lock_shop(saving.shop)
    earlier = same_form(saving.act.submission_token, saving.shop, SAVINGS)
    if earlier:
        return earlier
    acts.permit(saving.act.by, saving.shop)
    if saving.location_id is None:
        location = ReturnLocation(shop=saving.shop)
        return ask_for(location, saving.order, saving.act, write=write, verb="created")
    location = acts.lock_location(saving.shop, saving.location_id)
    acts.refuse_change(location, saving.version)
    _refuse_unsettled(location)
    return ask_for(location, saving.order, saving.act, write=write, verb="saved")


@transaction.atomic
def restore_location(restoring: Restoring, *, write: Write) -> Command:
    """An earlier version of it, as a new edit."""
    change = LocationChange.objects.select_related("location__shop").get(
        pk=restoring.change_id, location=restoring.location_id
    )
    shop, act = change.location.shop, restoring.act
    acts.lock_shop(shop)
    location = acts.lock_location(shop, restoring.location_id)
    earlier = same_form(act.submission_token, shop, SAVINGS, location.subject)
    if earlier:
        return earlier
    acts.permit(act.by, shop)
    acts.refuse_change(location, restoring.version)
    _refuse_unsettled(location)
    order = order_of(change.facts)
    text = f"Version {change.version} restored"
    return ask_for(location, order, act, write=write, verb="restored", text=text)


@transaction.atomic
def remove_location(removal: Removal, *, write: Callable[[str], Request]) -> Command | None:
    """Remove it at Narvar; None: Narvar never had it, so there is nothing to send."""
    found = ReturnLocation.objects.select_related("shop").get(pk=removal.location_id)
    act = removal.act
    acts.lock_shop(found.shop)
    location = acts.lock_location(found.shop, removal.location_id)
    kinds = {Kind.DELETE_LOCATION}
    earlier = same_form(act.submission_token, found.shop, kinds, location.subject)
    if earlier:
        return earlier
    acts.permit(act.by, found.shop)
    acts.refuse_change(location, removal.version)
    if not location.narvar_id or location.gone_at:
        acts.replace_left_open(location, act.by)
        _forget(location, act)
        return None
    acts.need_confirmation(location, act.confirmed, what="It is removed for good")
    return _ask_to_remove(location, act, write)


def ask_for(
    location: ReturnLocation,
    order: LocationOrder,
    act: Act,
    *,
    write: Write,
    verb: str,
    text: str = "",
    was: dict[str, Any] | None = None,
) -> Command:
    """The caller holds the locks and has judged. `was`: the row before, where it changed since."""
    order = _rounded(order)
    _refuse_needless(location, order)
    _refuse_twin(location, order)
    if will_move(location, order):
        acts.need_confirmation(location, act.confirmed, what="The address changes")
    acts.replace_left_open(location, act.by)
    was = was or (acts.kept(location) if location.pk else None)
    before = facts_of(location) if location.pk else {}
    at_narvar = (location.shown or None) if location.narvar_id else None
    acts.put(location, facts_of(order))
    location.sync, location.problem = Sync.SENDING, ""
    location.followed, location.gone_at = {}, None
    acts.store(location)
    summary = {"name": location.name, "asked": facts_of(location), "before": at_narvar, WAS: was}
    kind = Kind.UPDATE_LOCATION if location.narvar_id else Kind.CREATE_LOCATION
    order = replace(order, location_id=location.narvar_id)
    command = owe(_wish(location, kind, act, summary), lambda: write(order))
    acts.trace(location, "location.saved", act.by, command)
    acts.remember(
        location,
        before,
        source=act.source,
        verb=verb,
        text=text or verb.capitalize(),
        by=act.by,
        command=command,
    )
    return command


def _wish(location: ReturnLocation, kind: Kind, act: Act, summary: dict[str, Any]) -> Wish:
    return Wish(
        shop=location.shop,
        subject=location.subject,
        kind=kind,
        by=act.by,
        submission_token=act.submission_token,
        summary=summary,
        hold=hold_of(location.shop),
    )


def will_move(location: ReturnLocation, order: LocationOrder) -> bool:
    """Whether Narvar would send parcels to another address than it does now."""
    if not location.narvar_id:
        return False
    return moves(location.shown or facts_of(location), facts_of(order))


def order_of(facts: dict[str, Any]) -> LocationOrder:
    try:
        return LocationOrder.from_facts(facts)
    except ValueError as error:
        raise Refused(f"This cannot be sent to Narvar: {error}.") from error


def _ask_to_remove(location: ReturnLocation, act: Act, write: Callable[[str], Request]) -> Command:
    acts.replace_left_open(location, act.by)
    was, before = acts.kept(location), facts_of(location)
    location.sync, location.problem = Sync.SENDING, ""
    acts.store(location)
    summary = {"name": location.name, "narvar_id": location.narvar_id, WAS: was}
    wish = _wish(location, Kind.DELETE_LOCATION, act, summary)
    command = owe(wish, lambda: write(location.narvar_id))
    acts.trace(location, "location.removed", act.by, command)
    acts.remember(
        location,
        before,
        source=act.source,
        verb="removed",
        text="Removed",
        by=act.by,
        command=command,
    )
    return command


def _refuse_unsettled(location: ReturnLocation) -> None:
    if location.sync == Sync.CONFLICT:
        raise Refused(f"{location} was changed at Narvar too: settle that first.")
    if not location.narvar_id and acts.left_open(location).exists():
        raise Refused(f"Narvar may have made {location} already: remove this one, or wait.")


def _refuse_needless(location: ReturnLocation, order: LocationOrder) -> None:
    """What both sides have already is not sent again."""
    same = location.pk and facts_of(location) == facts_of(order)
    if same and location.sync == Sync.IN_SYNC:
        raise Refused(f"Nothing of {location} was changed.")


def _refuse_twin(location: ReturnLocation, order: LocationOrder) -> None:
    """Name and address are what a lost answer is looked for by."""
    others = ReturnLocation.objects.filter(shop=location.shop_id, removed_at=None)
    near = others.filter(postal_code__icontains=order.postal_code.strip())
    for other in near.exclude(pk=location.pk):
        if same_place(facts_of(order), facts_of(other)):
            raise Refused(f"There is a location {other} at this address already.")


def _forget(location: ReturnLocation, act: Act) -> None:
    """Not at Narvar; should it be there after all, it comes back with the next reading."""
    before = facts_of(location)
    acts.bury(location)
    acts.store(location)
    acts.record(location, "location.forgotten", act.by, name=location.name)
    text = "Removed; Narvar does not have it"
    acts.remember(location, before, source=act.source, verb="removed", text=text, by=act.by)


def _rounded(order: LocationOrder) -> LocationOrder:
    """What is sent is what our columns hold."""
    return replace(
        order, latitude=rounded(order.latitude), longitude=rounded(order.longitude), location_id=""
    )
