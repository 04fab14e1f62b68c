"""One harmless GET inside the shop's budget; what its answer says of the shop itself is noted."""

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.narvar import answers, breaker, budget, client, connections, operations
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection

TOLD = {AttemptOutcome.WAIT, AttemptOutcome.UNAUTHORISED, AttemptOutcome.MISCONFIGURED}


class LookupFailed(Exception):
    """Narvar could not be asked, or did not give an answer that can be read."""

    def __init__(
        self,
        words: str,
        *,
        outcome: AttemptOutcome = AttemptOutcome.NOT_SENT,
        wait_seconds: float | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(words)
        self.outcome = outcome
        self.wait_seconds = wait_seconds
        self.http_status = http_status


def read(link: Connection, path: str, query: dict[str, str], priority: Priority) -> bytes | None:
    """What Narvar shows there; None: it has nothing there. Raises LookupFailed."""
    reply = get(link, path, query, priority)
    if reply.status == 404:
        return None
    judged = answers.judge(reply)
    if reply.status != 200 or judged.problem:
        raise LookupFailed(
            judged.problem or f"Narvar answered {reply.status}",
            # Reading changes nothing: whatever went wrong, it can be done again.
            outcome=judged.outcome if judged.outcome in TOLD else AttemptOutcome.NOT_SENT,
            wait_seconds=judged.wait_seconds,
            http_status=reply.status,
        )
    return reply.body


def get(link: Connection, path: str, query: dict[str, str], priority: Priority) -> client.Reply:
    """Whatever Narvar answers; raises LookupFailed when it was not asked or gave no answer."""
    if not budget.reserve(link.shop_id, priority):
        wait = budget.seconds_until_reset(link.shop_id)
        raise LookupFailed(
            f"Narvar's limit is used up for {wait:.0f} s",
            outcome=AttemptOutcome.WAIT,
            wait_seconds=wait + 1,
        )
    try:
        reply = client.call(link, client.Call(method="GET", path=path, query=query))
    except (client.NotSent, client.OutcomeUnknown) as error:
        breaker.note(link.shop_id, AttemptOutcome.NOT_SENT)
        raise LookupFailed(str(error)) from error
    judged = answers.judge(reply)
    budget.learn(link.shop_id, answers.budget_rate(reply))
    breaker.note(link.shop_id, judged.outcome)
    # Locations exist "if enabled on your account": a 403 there need not be of the credential.
    if not (reply.status == 403 and path.startswith(operations.LOCATIONS)):
        connections.note_answer(link, judged)
    return reply
