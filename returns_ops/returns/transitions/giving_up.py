"""A command that stays unclear is given up by a second person; then the RMA is decided anew.

Nobody can mark it as done: only a transaction at Narvar confirms. Nothing is sent again under a
new reference by itself either: the new decision goes through the preview and its cap.
"""

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.lines import release
from returns_ops.returns.transitions.standing import DERIVED, restate


@transaction.atomic
def give_up(command_id: int, *, by: User, reason: str) -> Command:
    """Cancel a command that needs attention; raises Refused with a sentence for the person."""
    found = Command.objects.only("shop", "subject").get(pk=command_id)
    # Locks in one order everywhere: RMA, then command. Not every command is about an RMA.
    rmas = Rma.objects.select_for_update(of=("self",)).select_related("shop")
    rma = rmas.filter(shop=found.shop_id, rma_number=found.subject).first()
    locked = Command.objects.select_for_update(of=("self",)).select_related("shop")
    command = locked.get(pk=command_id)
    reason = reason.strip()
    _permit(command, by, reason)
    command.state, command.settled_at = CommandState.CANCELLED, Now()
    command.save(update_fields=["state", "settled_at"])
    command.refresh_from_db()
    release(command)
    _record(command, by, reason)
    if rma is not None:
        _tell(command, rma, by, reason)
    return command


def _permit(command: Command, by: User, reason: str) -> None:
    if not by.may(Permission.SECOND_APPROVAL, command.shop):
        raise Refused(f"{by} may not settle what a colleague of {command.shop} asked for.")
    if command.requested_by_id == by.pk:
        raise Refused("You asked for this decision yourself: somebody else has to settle it.")
    if command.state != CommandState.ATTENTION:
        state = command.state_said
        raise Refused(f"The decision is {state}, so it cannot be given up.")
    if not reason:
        raise Refused("Say why it is given up.")


def _record(command: Command, by: User, reason: str) -> None:
    audit.record(
        "command.give_up",
        command.subject,
        shop=command.shop,
        actor=by,
        command=command.pk,
        call_reference_id=str(command.call_reference_id),
        amount=None if command.amount is None else str(command.amount),
        currency=command.currency,
        cause=command.cause,
        reason=reason,
        permission=Permission.SECOND_APPROVAL,
    )


def _tell(command: Command, rma: Rma, by: User, reason: str) -> None:
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="give_up",
        text=f"Decision given up, though Narvar may have acted on it: {reason}",
        actor=by,
        command=command,
    )
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
