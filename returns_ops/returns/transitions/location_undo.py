"""Take an act on a location back, or stop its clock, while nothing of it was sent."""

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.location_snapshot import facts_of
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import location_acts as acts
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.location_acts import Source
from returns_ops.returns.transitions.location_news import locked_location
from returns_ops.returns.transitions.locations import WAS


def lock(found: Command, by: User) -> tuple[Command, ReturnLocation]:
    """In one order everywhere: the location, then its command."""
    acts.lock_shop(found.shop)
    location = locked_location(found)
    acts.permit(by, found.shop)
    return Command.objects.select_for_update().get(pk=found.pk), location


def undo_location(found: Command, *, by: User) -> Command:
    """The row becomes what it was before; in the caller's transaction."""
    command, location = lock(found, by)
    if command.state == CommandState.CANCELLED:
        return command
    if not command.can_be_cancelled or WAS not in command.summary:
        raise Refused(f"Too late: it is {command.state_said}.")
    told = "Cancelled: Narvar had not taken it" if command.tries else "Undone before it was sent"
    command.state, command.settled_at = CommandState.CANCELLED, Now()
    command.save(update_fields=["state", "settled_at"])
    command.refresh_from_db()
    before, was = facts_of(location), command.summary[WAS]
    if was is None:
        acts.bury(location)
    else:
        acts.put_back(location, was)
    acts.store(location)
    acts.record(location, "location.undo", by, command=command.pk)
    acts.remember(
        location,
        before,
        source=Source.HERE,
        verb="undone",
        text=told,
        by=by,
        command=command,
    )
    return command


def clock_told(location: ReturnLocation, command: Command, *, by: User, verb: str) -> None:
    acts.record(location, f"location.{verb}", by, command=command.pk)
