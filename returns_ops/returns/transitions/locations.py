"""Save and remove return locations. Only a location admin may; nothing is sent twice."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandQuerySet, CommandState
from returns_ops.messaging.outbox import Request
from returns_ops.returns.kinds import OF_LOCATIONS, Kind
from returns_ops.returns.location_snapshot import FIELDS, facts_of, rounded, same_place
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.promising import Wish, owe, same_form, traces_of

Sync = ReturnLocation.Sync
SAVINGS = {Kind.CREATE_LOCATION, Kind.UPDATE_LOCATION}


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What a person wants a location to be; `location_id` is None for a new one."""

    shop: Shop
    by: User
    order: LocationOrder
    submission_token: uuid.UUID
    location_id: int | None = None
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Removal:
    location_id: int
    by: User
    version: int
    submission_token: uuid.UUID


@transaction.atomic
def save_location(saving: Saving, *, write: Callable[[LocationOrder], Request]) -> Command:
    """Freeze the whole location as a command: Narvar replaces all of it."""
    _lock_shop(saving.shop)
    earlier = same_form(saving.submission_token, saving.shop, SAVINGS)
    if earlier:
        return earlier
    _permit(saving.by, saving.shop)
    order = _rounded(saving.order)
    location = _locked(saving) if saving.location_id else ReturnLocation(shop=saving.shop)
    _refuse_twin(location, order)
    before = location.shown if location.narvar_id else None
    for name in FIELDS:
        setattr(location, name, getattr(order, name))
    location.sync, location.problem = Sync.SENDING, ""
    _changed(location)
    order = replace(order, location_id=location.narvar_id)
    command = owe(
        Wish(
            shop=saving.shop,
            subject=location.subject,
            kind=Kind.UPDATE_LOCATION if location.narvar_id else Kind.CREATE_LOCATION,
            by=saving.by,
            submission_token=saving.submission_token,
            summary={"name": location.name, "asked": facts_of(location), "before": before},
        ),
        lambda: write(order),
    )
    _trace("location.saved", location, command, saving.by)
    return command


@transaction.atomic
def remove_location(removal: Removal, *, write: Callable[[str], Request]) -> Command | None:
    """Remove it at Narvar; None: Narvar never had it, so there is nothing to send."""
    found = ReturnLocation.objects.select_related("shop").get(pk=removal.location_id)
    _lock_shop(found.shop)
    location = _lock(found.shop, removal.location_id)
    subject = location.subject
    earlier = same_form(removal.submission_token, found.shop, {Kind.DELETE_LOCATION}, subject)
    if earlier:
        return earlier
    _permit(removal.by, found.shop)
    _refuse_change(location, removal.version)
    _replace_left_open(location, removal.by)
    if not location.narvar_id:
        _forget(location, removal.by)
        return None
    location.sync, location.problem = Sync.SENDING, ""
    _changed(location)
    command = owe(
        Wish(
            shop=found.shop,
            subject=subject,
            kind=Kind.DELETE_LOCATION,
            by=removal.by,
            submission_token=removal.submission_token,
            summary={"name": location.name, "narvar_id": location.narvar_id},
        ),
        lambda: write(location.narvar_id),
    )
    _trace("location.removed", location, command, removal.by)
    return command


def _lock_shop(shop: Shop) -> None:
    """Two people who make the same location meet here."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)


def _lock(shop: Shop, location_id: int) -> ReturnLocation:
    return ReturnLocation.objects.select_for_update().get(shop=shop, pk=location_id)


def _permit(user: User, shop: Shop) -> None:
    if not user.may(Permission.MANAGE_LOCATIONS, shop):
        raise Refused(f"{user} may not change return locations of {shop}.")


def _locked(saving: Saving) -> ReturnLocation:
    location = _lock(saving.shop, saving.location_id or 0)
    _refuse_change(location, saving.version)
    if not location.narvar_id and _left_open(location).exists():
        raise Refused(f"Narvar may have made {location} already: remove this one, or wait.")
    _replace_left_open(location, saving.by)
    return location


def _refuse_change(location: ReturnLocation, version: int) -> None:
    if location.removed_at:
        raise Refused(f"{location} was removed.")
    if location.version != version:
        raise Stale(f"{location} changed while you looked at it. Look again, then decide.")
    if _open(location).exclude(state=CommandState.ATTENTION).exists():
        raise Refused(f"{location} is still being saved at Narvar. Wait until it is done.")


def _open(location: ReturnLocation) -> CommandQuerySet:
    about = Command.objects.about(location.shop_id, location.subject)
    return about.open().filter(kind__in=OF_LOCATIONS)


def _left_open(location: ReturnLocation) -> CommandQuerySet:
    return _open(location).filter(state=CommandState.ATTENTION).select_for_update()


def _replace_left_open(location: ReturnLocation, by: User) -> None:
    """What waits for a person is settled by what the person does now."""
    for command in _left_open(location):
        command.state, command.settled_at = CommandState.CANCELLED, Now()
        command.save(update_fields=["state", "settled_at"])
        audit.record(
            "command.replaced",
            location.subject,
            shop=location.shop,
            actor=by,
            command=command.pk,
            cause=command.cause,
            permission=Permission.MANAGE_LOCATIONS,
        )


def _refuse_twin(location: ReturnLocation, order: LocationOrder) -> None:
    """Name and address are what a lost answer is looked for by."""
    others = ReturnLocation.objects.filter(shop=location.shop_id, removed_at=None)
    for other in others.exclude(pk=location.pk):
        if same_place(facts_of(order), facts_of(other)):
            raise Refused(f"There is a location {other} at this address already.")


def _forget(location: ReturnLocation, by: User) -> None:
    """Never seen at Narvar; should it be there after all, it comes back with the next reading."""
    location.sync, location.removed_at = Sync.DELETED, timezone.now()
    _changed(location)
    audit.record(
        "location.forgotten",
        location.subject,
        shop=location.shop,
        actor=by,
        name=location.name,
        permission=Permission.MANAGE_LOCATIONS,
    )


def _rounded(order: LocationOrder) -> LocationOrder:
    """What is sent is what our columns hold."""
    return replace(
        order, latitude=rounded(order.latitude), longitude=rounded(order.longitude), location_id=""
    )


def _changed(location: ReturnLocation) -> None:
    location.version = location.version + 1 if location.pk else 1
    location.changed_at = timezone.now()
    location.save()


def _trace(action: str, location: ReturnLocation, command: Command, by: User) -> None:
    audit.record(
        action,
        location.subject,
        shop=location.shop,
        actor=by,
        name=location.name,
        permission=Permission.MANAGE_LOCATIONS,
        **traces_of(command),
    )
