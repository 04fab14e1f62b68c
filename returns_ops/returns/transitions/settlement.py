"""What a command's answer means for its RMA. The caller holds RMA and command locked."""

from django.db import transaction

from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.money import spoken
from returns_ops.returns.preview import as_sent
from returns_ops.returns.transitions.confirmation import confirm
from returns_ops.returns.transitions.lines import release
from returns_ops.returns.transitions.outstanding import looked_in_vain
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
    if command.state == CommandState.REFUSED:
        release(command)
    told += confirm([rma])
    tell(rma, told)


def tell(rma: Rma, told: list[RmaEvent]) -> None:
    """Into the timeline, and into the states that follow from it."""
    RmaEvent.objects.bulk_create(told)
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])


def why_not_send(command: Command) -> str:
    """What speaks against sending this refund now, judged again on the freshest facts."""
    rma = Rma.objects.get(shop=command.shop_id, rma_number=command.subject)
    verdict = as_sent(command, rma)
    gone = _right_is_gone(command) or _units_are_gone(command)
    if gone:
        return gone
    if not verdict.allowed:
        return " ".join(verdict.reasons)
    if verdict.currency != command.currency or verdict.amount is None:
        return f"The currency at Narvar is {verdict.currency}, not {command.currency}."
    if command.amount is not None and verdict.amount < command.amount:
        asked, left = spoken(command.amount, command.currency), spoken(verdict.amount, rma.currency)
        return f"Only {left} can still be refunded, not {asked}."
    if not command.summary.get("names_amount", True) and verdict.amount != command.amount:
        # The call leaves the sum to Narvar, and it would not be the one that was decided.
        raised = spoken(verdict.amount, rma.currency)
        return f"Narvar's figure is {raised} by now. Look at the return, then decide again."
    return ""


def _units_are_gone(command: Command) -> str:
    """Narvar took a line out of the return that this decision tells of."""
    lines = command.receipt_lines.filter(item__removed_at__isnull=False).select_related("item")
    named = [line.item.sku or line.item.item_id for line in lines if line.item]
    return f"{named[0]} is not in the return any more." if named else ""


def _right_is_gone(command: Command) -> str:
    """Who decided must still be allowed to when it is sent."""
    if not command.requested_by.may(Permission.APPROVE, command.shop):
        return f"{command.requested_by} may no longer approve returns."
    second = command.approved_by
    if command.second_person and second is None:
        return "No second person has approved it."
    if second is not None and not second.may(Permission.SECOND_APPROVAL, command.shop):
        return f"{second} may no longer approve for others."
    return ""


def look_was_in_vain(command_id: int, shop_id: int, subject: str) -> None:
    """Nothing seen yet of what Narvar accepted: look again, then tell a person."""
    _still_waits(command_id, shop_id, subject, "")


def look_failed(command_id: int, shop_id: int, subject: str, why: str) -> None:
    """Narvar could not be asked: that nothing is seen says nothing, and is not said."""
    _still_waits(command_id, shop_id, subject, why)


@transaction.atomic
def _still_waits(command_id: int, shop_id: int, subject: str, failed: str) -> None:
    rma = Rma.objects.select_for_update(of=("self",)).get(shop=shop_id, rma_number=subject)
    command = Command.objects.select_for_update().get(pk=command_id)
    if command.state != CommandState.ACCEPTED or command.settled_at:
        return
    what = "refund" if command.moves_money else "change of status"
    seen = f"Narvar could not be asked about it: {failed}" if failed else f"no {what} is seen"
    text = f"Accepted 10 minutes ago, and {seen}"
    told = [_late(command, rma, text)] if looked_in_vain(command, text) else []
    tell(rma, told)


def _late(command: Command, rma: Rma, text: str) -> RmaEvent:
    source = RmaEvent.Source.SYSTEM
    return RmaEvent(rma=rma, source=source, verb="not_confirmed", text=text, command=command)
