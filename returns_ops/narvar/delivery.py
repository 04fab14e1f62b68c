"""One try of one command: claim, call with no transaction open, settle under the fence."""

from dataclasses import replace

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from returns_ops.failpoints import FailpointReached, failpoint
from returns_ops.messaging import outbox
from returns_ops.messaging.models import Attempt, AttemptOutcome, Command
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import (
    answers,
    breaker,
    budget,
    client,
    connections,
    operations,
    verification,
)
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions

# While it is paused nobody claims it; once it is not, it goes out at once.
AFTER_PAUSE = 1.0
log = structlog.get_logger(__name__)


def deliver_next() -> bool:
    """Make the next due call; False when there is none that may be made now."""
    claimed = outbox.claim(unless=blocked())
    if claimed is None:
        return False
    failpoint("send.after_claim")
    command, attempt = claimed
    link = Connection.objects.select_related("shop").filter(shop=command.shop_id).first()
    answer = _try(command, link)
    failpoint("send.before_settle")
    settle(command, attempt, answer, link)
    failpoint("send.after_settle")
    return True


def blocked() -> outbox.Blocked:
    """What is not called now: switched off, over its limit, or not answering."""
    stopped = Connection.objects.filter(Q(paused=True) | ~Q(problem=""))
    some = Connection.objects.exclude(paused_kinds=[]).values_list("shop", "paused_kinds")
    return outbox.Blocked(
        shops={
            *stopped.values_list("shop", flat=True),
            *budget.exhausted_shops(),
            *breaker.open_shops(),
        },
        kinds={shop: set(kinds) for shop, kinds in some},
    )


def _try(command: Command, link: Connection | None) -> outbox.Answer:
    """An error of ours is an answer as well: else it came back with each lease, for ever."""
    try:
        ready = _prepare(command, link)
    except Exception:
        return _broke(command, AttemptOutcome.NOT_SENT, "Not sent: an error of ours came before it")
    if isinstance(ready, outbox.Answer):
        return ready
    try:
        return _call(command, ready)
    except Exception:
        return _broke(command, AttemptOutcome.UNKNOWN, "An error of ours came after it was sent")


def _broke(command: Command, outcome: AttemptOutcome, problem: str) -> outbox.Answer:
    log.exception("try_broke", command=command.pk, outcome=outcome)
    return outbox.Answer(outcome=outcome, problem=problem)


def _prepare(command: Command, link: Connection | None) -> Connection | outbox.Answer:
    """Where to call, or why not."""
    if link is None:
        problem = "The shop is not connected to Narvar"
        return outbox.Answer(outcome=AttemptOutcome.NOT_SENT, problem=problem)
    stopped = verification.before_sending(command)
    if stopped:
        return stopped
    if not budget.reserve(command.shop_id, operations.priority_of(command)):
        wait = budget.seconds_until_reset(command.shop_id) + 1
        problem = "Narvar's limit is used up"
        return outbox.Answer(outcome=AttemptOutcome.WAIT, problem=problem, wait_seconds=wait)
    return _changed_meanwhile(command) or link


def _changed_meanwhile(command: Command) -> outbox.Answer | None:
    """Asked right before the call: to get so far may take long."""
    if not outbox.holds_lease(command):
        problem = "Not sent: too much time went by before the call"
        return outbox.Answer(outcome=AttemptOutcome.NOT_SENT, problem=problem)
    if _was_stopped(command):
        return outbox.Answer(
            outcome=AttemptOutcome.NOT_SENT,
            problem="Not sent: calls were paused in the meantime",
            wait_seconds=AFTER_PAUSE,
        )
    return None


def _call(command: Command, link: Connection) -> outbox.Answer:
    failpoint("send.before_call")
    try:
        reply = client.call(link, _frozen(command))
    except (client.NotSent, client.OutcomeUnknown) as error:
        answer = answers.judge_failure(error)
    else:
        failpoint("send.after_call")
        budget.learn(command.shop_id, answers.budget_rate(reply))
        answer = operations.meant(command, answers.judge(reply))
        if answer.outcome == AttemptOutcome.ACCEPTED:
            answer = replace(answer, result=operations.named(command, reply.body))
    breaker.note(command.shop_id, AttemptOutcome(answer.outcome))
    return answer


def _was_stopped(command: Command) -> bool:
    """A look at Narvar may take long: who paused meanwhile wants nothing to go out any more."""
    mine = Q(paused=True) | Q(paused_kinds__contains=[command.kind])
    return Connection.objects.filter(mine, shop=command.shop_id).exists()


def _frozen(command: Command) -> client.Call:
    """What the command froze, and nothing else: whatever its kind, whichever try it is."""
    return client.Call(
        method=command.method,
        path=command.target,
        body=bytes(command.body) or None,
        content_type=command.content_type,
    )


def settle(
    command: Command, attempt: Attempt, answer: outbox.Answer, link: Connection | None = None
) -> None:
    """Write what the try brought; a worker that outlived its lease changes nothing."""
    told = {"command": command.pk, "attempt": attempt.number}
    try:
        ours = _settle(command, attempt, answer, link)
    except (OperationalError, InterfaceError, FailpointReached):
        raise  # the database, or the end of this process: the lease runs out
    except Exception:
        # What came is more than we can write down: it is unclear, and looked for.
        ours = _settle(command, attempt, _without_its_result(command, answer), link)
    if ours:
        log.info("tried", **told, outcome=answer.outcome)
    else:
        log.warning("fenced", **told)


def _without_its_result(command: Command, answer: outbox.Answer) -> outbox.Answer:
    unsent = answer.outcome in (AttemptOutcome.NOT_SENT, AttemptOutcome.WAIT)
    outcome = AttemptOutcome.NOT_SENT if unsent else AttemptOutcome.UNKNOWN
    return _broke(command, outcome, "What came of it could not be written down")


@retried
@transaction.atomic
def _settle(
    command: Command, attempt: Attempt, answer: outbox.Answer, link: Connection | None
) -> bool:
    """Whether the command was still ours to move."""
    subject = transitions.lock_subject(command)
    held = outbox.hold_the_fence(command)
    outbox.close_attempt(
        attempt, answer, late=held is None and answer.outcome != AttemptOutcome.NOT_SENT
    )
    if held is None:
        return False
    transitions.moved(outbox.settle(held, answer), subject)
    if link is not None:
        connections.note_answer(link, answer)
    failpoint("send.before_commit")
    return True
