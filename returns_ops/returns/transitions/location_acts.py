"""What every act on a location needs: who and how, locks, history, and the way back."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandQuerySet, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS
from returns_ops.returns.location_snapshot import FIELDS, Facts, changes, facts_of, value_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.promising import traces_of

Source = LocationChange.Source
Sync = ReturnLocation.Sync
# What an undone act gives back beside the fields.
STANDING = (
    "narvar_id",
    "other_ids",
    "sync",
    "problem",
    "shown",
    "agreed",
    "followed",
)


class NeedsConfirmation(Refused):
    """Allowed, once the person has confirmed what only they can know."""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """`rules_settled`: no rule at Narvar sends parcels where they should not go afterwards."""

    rules_settled: bool = False
    typed_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who does it, by which form, from where, and what they confirmed."""

    by: User
    submission_token: uuid.UUID
    source: Source = Source.HERE
    confirmed: Confirmation = Confirmation()


def lock_shop(shop: Shop) -> None:
    """Two people who make the same location meet here."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)


def lock_location(shop: Shop, location_id: int) -> ReturnLocation:
    rows = ReturnLocation.objects.select_for_update(of=("self",)).select_related("shop")
    return rows.get(shop=shop, pk=location_id)


def permit(user: User, shop: Shop) -> None:
    if not user.may(Permission.MANAGE_LOCATIONS, shop):
        raise Refused(f"{user} may not change return locations of {shop}.")


def refuse_change(location: ReturnLocation, version: int) -> None:
    if location.removed_at:
        raise Refused(f"{location} was removed.")
    if location.version != version:
        raise Stale(f"{location} changed while you looked at it. Look again, then decide.")
    if _open(location).exclude(state=CommandState.ATTENTION).exists():
        raise Refused(f"{location} is still being saved at Narvar. Wait until it is done.")


def need_confirmation(location: ReturnLocation, confirmed: Confirmation, *, what: str) -> None:
    typed = confirmed.typed_name.strip().casefold()
    if not confirmed.rules_settled or typed != location.name.strip().casefold():
        raise NeedsConfirmation(
            f"{what}: confirm that the rules at Narvar are settled, "
            f"and type “{location.name}” to confirm."
        )


def left_open(location: ReturnLocation) -> CommandQuerySet:
    return _open(location).filter(state=CommandState.ATTENTION).select_for_update()


def replace_left_open(location: ReturnLocation, by: User) -> None:
    """What waits for a person is settled by what the person does now."""
    for command in left_open(location):
        command.state, command.settled_at = CommandState.CANCELLED, Now()
        command.save(update_fields=["state", "settled_at"])
        record(location, "command.replaced", by, command=command.pk, cause=command.cause)


def _open(location: ReturnLocation) -> CommandQuerySet:
    about = Command.objects.about(location.shop_id, location.subject)
    return about.open().filter(kind__in=OF_LOCATIONS)


def store(location: ReturnLocation) -> None:
    location.version = location.version + 1 if location.pk else 1
    location.changed_at = timezone.now()
    location.save()


def put(location: ReturnLocation, facts: Facts) -> None:
    """The row says what the facts say; the caller stores it."""
    for name in FIELDS:
        setattr(location, name, value_of(name, facts[name]))


def bury(location: ReturnLocation) -> None:
    """A tombstone stays; the caller stores it."""
    location.sync, location.removed_at = Sync.DELETED, timezone.now()
    location.problem, location.followed, location.gone_at = "", {}, None


def kept(location: ReturnLocation) -> dict[str, Any]:
    """The row as it is now, for an undo."""
    fields = {name: getattr(location, name) for name in FIELDS}
    gone = location.gone_at
    return {
        "fields": {k: v if isinstance(v, bool | str) else _text(v) for k, v in fields.items()},
        "gone_at": gone.isoformat() if gone else "",
        **{name: getattr(location, name) for name in STANDING},
    }


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def put_back(location: ReturnLocation, was: dict[str, Any]) -> None:
    put(location, was["fields"])
    for name in STANDING:
        setattr(location, name, was[name])
    location.gone_at = datetime.fromisoformat(was["gone_at"]) if was["gone_at"] else None


def remember(
    location: ReturnLocation,
    before: Facts,
    *,
    source: Source,
    verb: str,
    text: str,
    by: User | None = None,
    command: Command | None = None,
    more: dict[str, list[Any]] | None = None,
) -> None:
    """One line of history, with the change or not at all."""
    facts = facts_of(location)
    LocationChange.objects.create(
        location=location,
        source=source,
        verb=verb,
        text=text,
        actor=by,
        command=command,
        version=location.version,
        changes={**changes(before, facts), **(more or {})},
        facts=facts,
    )


def record(location: ReturnLocation, action: str, by: User, **data: Any) -> None:
    audit.record(
        action,
        location.subject,
        shop=location.shop,
        actor=by,
        permission=Permission.MANAGE_LOCATIONS,
        **data,
    )


def trace(location: ReturnLocation, action: str, by: User, command: Command) -> None:
    record(location, action, by, name=location.name, **traces_of(command))
