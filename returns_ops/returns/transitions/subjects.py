"""What a command is about: locked before the command, and told what came of it."""

from returns_ops.messaging.models import Command
from returns_ops.returns.kinds import OF_LOCATIONS, OF_RMAS, Kind
from returns_ops.returns.models import ReturnLocation, Rma
from returns_ops.returns.transitions.location_news import location_moved, locked_location
from returns_ops.returns.transitions.settlement import command_moved
from returns_ops.returns.transitions.telling import telling_moved

# A return that is still to be created is nothing yet.
Subject = Rma | ReturnLocation | None


def lock_subject(command: Command) -> Subject:
    """Locks in one order everywhere: what it is about, then the command."""
    if command.kind in OF_LOCATIONS:
        return locked_location(command)
    if command.kind in OF_RMAS:
        return (
            Rma.objects.select_for_update(of=("self",))
            .select_related("shop")
            .get(shop=command.shop_id, rma_number=command.subject)
        )
    return None


def moved(command: Command, subject: Subject) -> None:
    """Write an answer into whatever the command is about; both are locked."""
    if isinstance(subject, ReturnLocation):
        location_moved(command, subject)
    elif subject is not None and command.kind == Kind.APPROVAL:
        command_moved(command, subject)
    elif subject is not None:
        telling_moved(command, subject)
