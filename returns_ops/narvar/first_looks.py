"""Looks before a call is made for the first time: is it still what the person meant?

A look also makes the one after a lost answer sound: what was there before was not made by us.
"""

from collections.abc import Callable
from typing import Any

from returns_ops.messaging.models import AttemptOutcome, Command
from returns_ops.messaging.outbox import Answer
from returns_ops.narvar import outcomes
from returns_ops.returns.kinds import Kind
from returns_ops.returns.location_snapshot import differences, facts_of
from returns_ops.returns.models import Rma
from returns_ops.returns.states import label_of


def first_look(command: Command) -> Answer | None:
    """What keeps it from being sent; None: nothing does. Raises reading.LookupFailed."""
    look = FIRST_LOOKS.get(command.kind)
    return look(command) if look else None


def _status_since(command: Command) -> Answer | None:
    """No call for it: what Narvar told us last is what the person saw, or news."""
    if not command.summary["status"]:
        return None
    rma = Rma.objects.get(shop=command.shop_id, rma_number=command.subject)
    if rma.narvar_status == command.summary["before"]:
        return None
    shown = label_of(rma.narvar_status).lower()
    return _refused(f"Narvar shows the return as {shown} meanwhile")


def _location_twins(command: Command) -> Answer | None:
    if not outcomes.twins(command):
        return None
    return _refused("Narvar has a location of this name and address already")


def _location_since(command: Command) -> Answer | None:
    shown = outcomes.location_at_narvar(command)
    if shown is None:
        return _refused("Narvar does not have this location any more", gone=True)
    seen = facts_of(shown)
    before = command.summary["before"]  # None: Narvar named it, and never showed it
    changes = differences(before, seen, said="was") if before else []
    if not changes:
        return None
    if not differences(command.summary["asked"], seen):
        told = "Narvar shows the location so already"
        return Answer(outcome=AttemptOutcome.ACCEPTED, problem=told)
    return _refused(f"it was changed at Narvar meanwhile. {'; '.join(changes)}", seen=seen)


def _returns_before(command: Command) -> Answer | None:
    """The returns that the order has already: none of them is the one we ask for."""
    command.result = {**command.result, "known": outcomes.returns_of_order(command)}
    held = Command.objects.filter(pk=command.pk, lease_token=command.lease_token)
    held.update(result=command.result)
    return None


def _refused(why: str, **found: Any) -> Answer:
    """`found`: what was seen, for whoever settles it."""
    return Answer(outcome=AttemptOutcome.REFUSED, problem=f"Not sent: {why}", result=found)


FIRST_LOOKS: dict[str, Callable[[Command], Answer | None]] = {
    Kind.SHIPMENT_STATUS: _status_since,
    Kind.SHIPMENT_NOTE: _status_since,
    Kind.CREATE_LOCATION: _location_twins,
    Kind.UPDATE_LOCATION: _location_since,
    Kind.CREATE_RETURN: _returns_before,
}
