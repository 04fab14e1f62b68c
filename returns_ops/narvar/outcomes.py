"""Looks at Narvar whether a command was done: one small look for each kind."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from returns_ops.messaging.models import Command
from returns_ops.narvar import locations, lookup
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns.kinds import Kind
from returns_ops.returns.location_snapshot import (
    LocationSnapshot,
    differences,
    facts_of,
    same_place,
    took,
)
from returns_ops.returns.models import ReturnLocation, Rma
from returns_ops.returns.orders import SHOPIFY_ID
from returns_ops.returns.states import label_of
from returns_ops.returns.transitions.location_news import ids_of_others

PRIORITY = Priority.CONFIRMATION


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look brought. `done` is None when looking cannot tell, today or tomorrow."""

    done: bool | None
    words: str
    result: dict[str, Any] = field(default_factory=dict)


def look(command: Command) -> Seen:
    """Raises reading.LookupFailed."""
    return LOOKS[command.kind](command)


def _status(command: Command) -> Seen:
    asked, before = command.summary["status"], command.summary["before"]
    shown = _status_at_narvar(command)
    words = f"Narvar shows the return as {label_of(shown).lower()}"
    if shown == asked:
        return Seen(done=True, words=words)
    # What has moved on must not be set back.
    return Seen(done=False if shown == before else None, words=words)


def _note(command: Command) -> Seen:
    """Narvar tells no notes. A status that came with it shows that the call arrived."""
    if not command.summary["status"]:
        return Seen(done=None, words="a note cannot be read back")
    seen = _status(command)
    if seen.done:
        return Seen(done=True, words=f"{seen.words}; whether its note arrived cannot be seen")
    return seen


def _status_at_narvar(command: Command) -> str:
    found = lookup.ask(command.shop, lookup.Question(rma_number=command.subject), priority=PRIORITY)
    if command.subject not in found.rma_numbers:
        raise LookupFailed("Narvar does not know this return")
    return Rma.objects.get(shop=command.shop_id, rma_number=command.subject).narvar_status


def _location_made(command: Command) -> Seen:
    found = _not_others(command, twins(command))
    if len(found) == 1:
        words = "Narvar has a location of this name and address"
        return Seen(done=True, words=words, result={"location_id": found[0].narvar_id})
    if found:
        words = f"Narvar has {len(found)} locations of this name and address"
        return Seen(done=None, words=words)
    return Seen(done=False, words="Narvar has no location of this name and address")


def twins(command: Command) -> list[LocationSnapshot]:
    """Locations at Narvar that are what the command asks for."""
    everything = locations.read_all(command.shop, PRIORITY)
    asked = command.summary["asked"]
    return [one for one in everything if same_place(asked, facts_of(one))]


def _not_others(command: Command, found: list[LocationSnapshot]) -> list[LocationSnapshot]:
    """What another location of ours is called is not what this command made."""
    taken = ids_of_others(_location(command))
    return [one for one in found if one.narvar_id not in taken]


def _location_saved(command: Command) -> Seen:
    shown = location_at_narvar(command)
    if shown is None:
        return Seen(done=None, words="Narvar does not have this location any more")
    asked, before, seen = command.summary["asked"], command.summary["before"], facts_of(shown)
    if seen == before and asked != before:
        return Seen(done=False, words="Narvar shows the location as it was")
    if not differences(asked, seen):
        return Seen(done=True, words="Narvar shows the location as asked for")
    if before and took(asked, before, seen):
        return Seen(done=True, words="Narvar shows the location changed")
    return Seen(done=None, words="Narvar shows the location as somebody else wrote it")


def location_at_narvar(command: Command) -> LocationSnapshot | None:
    return locations.read_one(command.shop, _location(command).narvar_id, PRIORITY)


def _location(command: Command) -> ReturnLocation:
    pk = int(command.subject.removeprefix("location "))
    return ReturnLocation.objects.get(shop=command.shop_id, pk=pk)


def _location_gone(command: Command) -> Seen:
    if location_at_narvar(command) is None:
        return Seen(done=True, words="Narvar does not have this location any more")
    return Seen(done=False, words="Narvar still has this location")


def _return_made(command: Command) -> Seen:
    """One return of the order, new since we asked, with the very items we asked for."""
    asked = _units(command.summary["lines"])
    fresh = [
        number
        for number in returns_of_order(command)
        if number not in command.result.get("known", []) and _items(command, number) == asked
    ]
    if len(fresh) == 1:
        return Seen(done=True, words=f"Narvar has {fresh[0]}", result={"rma_number": fresh[0]})
    if fresh:
        return Seen(done=None, words=f"Narvar has several that fit: {', '.join(fresh)}")
    return Seen(done=False, words="Narvar shows no new return of this order with these items")


def returns_of_order(command: Command) -> list[str]:
    question = lookup.Question(order_number=command.summary["order_number"])
    return lookup.ask(command.shop, question, priority=PRIORITY).rma_numbers


def _items(command: Command, rma_number: str) -> Counter[str]:
    rma = Rma.objects.get(shop=command.shop_id, rma_number=rma_number)
    rows = rma.items.filter(removed_at=None, quantity__gt=0)
    return _units([[row.item_id, row.quantity] for row in rows])


def _units(lines: list[list[Any]]) -> Counter[str]:
    """Units per item, whether its id came bare or as a GID."""
    units: Counter[str] = Counter()
    for item_id, quantity in lines:
        match = SHOPIFY_ID.fullmatch(item_id)
        units[match[1] if match else item_id] += quantity
    return units


LOOKS: dict[str, Callable[[Command], Seen]] = {
    Kind.SHIPMENT_STATUS: _status,
    Kind.SHIPMENT_NOTE: _note,
    Kind.CREATE_LOCATION: _location_made,
    Kind.UPDATE_LOCATION: _location_saved,
    Kind.DELETE_LOCATION: _location_gone,
    Kind.CREATE_RETURN: _return_made,
}
