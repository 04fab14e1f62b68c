"""What a command's answer means for its RMA. The caller holds RMA and command locked."""

from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.transitions.confirmation import confirm
from returns_ops.returns.transitions.standing import DERIVED, restate

TOLD = {
    CommandState.ACCEPTED: "Narvar accepted the decision; the refund is not yet seen",
    CommandState.REFUSED: "Narvar refused the decision",
    CommandState.OUTCOME_UNKNOWN: "No clear answer from Narvar: it may or may not have acted",
    CommandState.ATTENTION: "The decision needs a person",
    CommandState.QUEUED: "The decision could not be sent yet",
}


def command_moved(command: Command, rma: Rma) -> None:
    """Write an answer into the RMA's states and timeline."""
    told = []
    if command.state in TOLD:
        text = TOLD[CommandState(command.state)]
        if not command.moves_money and command.state == CommandState.ACCEPTED:
            text = "Narvar accepted the decision"
        told.append(
            RmaEvent(
                rma=rma,
                source=RmaEvent.Source.SYSTEM,
                verb=command.state,
                text=f"{text}: {command.problem}" if command.problem else text,
                command=command,
            )
        )
    told += confirm([rma])
    RmaEvent.objects.bulk_create(told)
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
