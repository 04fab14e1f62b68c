"""Cancel whatever is owed, while no try of it can have acted."""

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS, OF_RMAS
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.promising import traces_of
from returns_ops.returns.transitions.undoing import undo

CALLED_OFF = "Cancelled before Narvar took it"


@transaction.atomic
def call_off(command_id: int, *, by: User) -> Command:
    """Raises Refused with a sentence for the person when it may have left, or is not theirs."""
    found = Command.objects.get(pk=command_id)
    if found.kind in OF_RMAS | OF_LOCATIONS:
        return undo(command_id, by=by)
    locked = Command.objects.select_for_update(of=("self",)).select_related("shop")
    command = locked.get(pk=command_id)
    _permit(command, by)
    if command.state == CommandState.CANCELLED:
        return command
    if not command.can_be_cancelled:
        raise Refused(f"Too late: it is {command.state_said}.")
    command.state, command.settled_at = CommandState.CANCELLED, Now()
    command.problem = CALLED_OFF
    command.save(update_fields=["state", "settled_at", "problem"])
    command.refresh_from_db()
    _record(command, by)
    return command


def _permit(command: Command, by: User) -> None:
    if not by.may(Permission.RESOLVE, command.shop):
        raise Refused(f"{by} may not cancel what was asked for {command.shop}.")


def _record(command: Command, by: User) -> None:
    audit.record(
        "command.cancelled",
        command.subject,
        shop=command.shop,
        actor=by,
        permission=Permission.RESOLVE,
        **traces_of(command),
    )
