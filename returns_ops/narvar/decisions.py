"""What the screens call: our decisions, written as Narvar will read them."""

import uuid

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.narvar import wire
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions


def approve(
    rma_id: int, *, by: User, refund: bool, version: int, submission_token: uuid.UUID
) -> Command:
    """Owe Narvar the approval of the whole RMA.

    Raises transitions.Refused with a sentence for the person (Stale when the RMA has changed
    since `version`); the same submission token again returns the same command.
    """
    link = Connection.objects.filter(shop__rmas=rma_id).first()
    if link is None:
        raise transitions.Refused("This shop is not connected to Narvar, so nothing can be sent.")
    approval = transitions.Approval(
        rma_id=rma_id,
        by=by,
        refund=refund,
        version=version,
        submission_token=submission_token,
        auto_approve=link.auto_approve,
    )
    return transitions.approve(approval, write=wire.write_approval)


def undo(command_id: int, *, by: User) -> Command:
    """Take a decision back while it is held; raises transitions.Refused when too late."""
    return transitions.undo(command_id, by=by)
