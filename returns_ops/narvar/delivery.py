"""One try of one command: claim, call with no transaction open, settle under the fence."""

import structlog
from django.db import transaction

from returns_ops.messaging import outbox
from returns_ops.messaging.models import Attempt, AttemptOutcome, Command
from returns_ops.narvar import answers, client
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma

log = structlog.get_logger(__name__)

PATHS = {"approval": "/merchant/returns/approval"}


def deliver_next() -> bool:
    """Make the next due call; False when there is none."""
    claimed = outbox.claim(shops_excluded=_paused_shops())
    if claimed is None:
        return False
    command, attempt = claimed
    answer = _try(command)
    settle(command, attempt, answer)
    return True


def _paused_shops() -> list[int]:
    return list(Connection.objects.filter(paused=True).values_list("shop", flat=True))


def _try(command: Command) -> outbox.Answer:
    link = Connection.objects.select_related("shop").filter(shop=command.shop_id).first()
    if link is None:
        return outbox.Answer(
            outcome=AttemptOutcome.NOT_SENT, problem="The shop is not connected to Narvar"
        )
    request = client.Call(method="POST", path=PATHS[command.kind], body=bytes(command.body))
    try:
        return answers.judge(client.call(link, request))
    except (client.NotSent, client.OutcomeUnknown) as error:
        return answers.judge_failure(error)


def settle(command: Command, attempt: Attempt, answer: outbox.Answer) -> None:
    """Write what the try brought; a worker that outlived its lease changes nothing."""
    with transaction.atomic():
        # Locks in one order everywhere: RMA, then command.
        rma = (
            Rma.objects.select_for_update(of=("self",))
            .select_related("shop")
            .get(shop=command.shop_id, rma_number=command.subject)
        )
        held = outbox.hold_the_fence(command)
        outbox.close_attempt(attempt, answer, late=held is None)
        if held is None:
            log.warning("fenced", command=command.pk, attempt=attempt.number)
            return
        transitions.command_moved(outbox.settle(held, answer), rma)
        _note_connection(held, answer)
    log.info("tried", command=command.pk, attempt=attempt.number, outcome=answer.outcome)


def _note_connection(command: Command, answer: outbox.Answer) -> None:
    """A refused credential is shown on the shop until a call is answered again."""
    link = Connection.objects.filter(shop=command.shop_id)
    if answer.outcome == AttemptOutcome.UNAUTHORISED:
        link.update(problem=answer.problem)
    elif answer.outcome in (AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED):
        link.exclude(problem="").update(problem="")
