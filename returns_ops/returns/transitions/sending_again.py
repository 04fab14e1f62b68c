"""A decision without a clear answer is tried once more: same bytes, same reference.

Narvar ignores a reference it has acted on, but for how long it remembers nobody knows: so it is
judged again here, and once more when the return was read just before the call.
"""

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.promising import traces_of
from returns_ops.returns.transitions.settlement import tell, why_not_send


def can_be_sent_again(command: Command) -> bool:
    unclear = command.state == CommandState.ATTENTION and command.cause == "no_clear_answer"
    return unclear and command.kind == Kind.APPROVAL


@transaction.atomic
def send_again(command_id: int, *, by: User) -> Command:
    found = Command.objects.only("shop", "subject").get(pk=command_id)
    rmas = Rma.objects.select_for_update(of=("self",)).select_related("shop")
    rma = rmas.get(shop=found.shop_id, rma_number=found.subject)
    command = Command.objects.select_for_update(of=("self",)).get(pk=command_id)
    if not by.may(Permission.RESOLVE, rma.shop):
        raise Refused(f"{by.known_as} may not resolve cases of {rma.shop}.")
    if not can_be_sent_again(command):
        state = command.state_said
        raise Refused(f"The decision is {state}: it cannot be sent again as it is.")
    problem = why_not_send(command) if command.moves_money else ""
    if problem:
        raise Refused(f"It is not sent again: {problem}")
    command.state, command.cause = CommandState.OUTCOME_UNKNOWN, ""
    command.next_attempt_at = Now()
    command.save(update_fields=["state", "cause", "next_attempt_at"])
    command.refresh_from_db()
    audit.record(
        "command.send_again",
        rma.rma_number,
        shop=rma.shop,
        actor=by,
        permission=Permission.RESOLVE,
        **traces_of(command),
    )
    event = RmaEvent(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="send_again",
        text="The same decision is sent once more, under the same reference",
        actor=by,
        command=command,
    )
    tell(rma, [event])
    return command
