"""Looks before a call is made, and looks again before it is made once more.

A webhook can be forged by whoever holds its password, so it never suffices to pay: before the
first try of a refund the return is read from Narvar itself, with our credentials.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.messaging.outbox import Answer
from returns_ops.narvar import first_looks, lookup, operations, outcomes, reading
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.operations import Retry
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma

# Beyond this Narvar may have forgotten our reference: look before the same bytes go again.
MEMORY = timedelta(minutes=10)
# What is repeatable is tried so often; what is not, is looked for at these pauses.
MOST_UNCLEAR = 5
LOOKS = [30.0, 180.0, 420.0]


def before_sending(command: Command) -> Answer | None:
    """What keeps this command from being sent now; None: nothing does."""
    if operations.retry_of(command) == Retry.KEYED:
        return _before_money(command)
    try:
        if command.was_ambiguous:
            return _before_again(command)
        return first_looks.first_look(command)
    except reading.LookupFailed as error:
        return Answer(
            outcome=error.outcome,
            problem=f"Not sent: could not look at Narvar first: {error}",
            wait_seconds=error.wait_seconds,
        )


def _before_again(command: Command) -> Answer | None:
    """An earlier try may have acted: look, and then it depends on what kind of call it is."""
    seen = outcomes.look(command)
    if _is_confirmed(command):
        return _not_again(seen.words)
    if seen.done:
        told = f"The answer was lost. {seen.words}"
        return Answer(outcome=AttemptOutcome.ACCEPTED, problem=told, result=seen.result)
    if seen.done is False and operations.retry_of(command) == Retry.REPEATABLE:
        unclear = command.attempts.filter(outcome=AttemptOutcome.UNKNOWN).count()
        return None if unclear < MOST_UNCLEAR else _for_a_person("no_clear_answer", seen)
    if seen.done is False and command.looks < len(LOOKS):
        return Answer(
            outcome=AttemptOutcome.NOT_SENT,
            problem=f"Not sent again. {seen.words}",
            wait_seconds=LOOKS[command.looks],
            looked=True,
        )
    return _for_a_person("maybe_done", seen)


def _for_a_person(cause: str, seen: outcomes.Seen) -> Answer:
    told = f"Narvar may have done it; {seen.words}"
    return Answer(outcome=AttemptOutcome.NOT_SENT, problem=told, cause=cause)


def _is_confirmed(command: Command) -> bool:
    """Reading applies news, and news confirms."""
    state = Command.objects.values_list("state", flat=True).get(pk=command.pk)
    return state == CommandState.CONFIRMED


def _not_again(words: str) -> Answer:
    return Answer(outcome=AttemptOutcome.NOT_SENT, problem=f"Not sent again: {words}")


def _before_money(command: Command) -> Answer | None:
    if not command.moves_money:
        return None
    if command.was_ambiguous:
        return _looked_again(command) if _is_old(command) else None
    return _first_look(command)


def _is_old(command: Command) -> bool:
    first = command.first_sent_at
    return first is not None and timezone.now() - first > MEMORY


def _first_look(command: Command) -> Answer | None:
    failed = _read(command)
    if failed:
        return failed
    problem = transitions.why_not_send(command)
    if not problem:
        return None
    rma = Rma.objects.get(shop=command.shop_id, rma_number=command.subject)
    with transaction.atomic():
        audit.record(
            "money.stopped",
            command.subject,
            shop=rma.shop,
            actor=None,
            command=command.pk,
            problem=problem,
        )
    return Answer(outcome=AttemptOutcome.REFUSED, problem=f"Not sent: {problem}")


def _looked_again(command: Command) -> Answer | None:
    failed = _read(command)
    if failed:
        return failed
    if _is_confirmed(command):
        return _not_again("Narvar shows it as done")
    problem = transitions.why_not_send(command)
    if not problem:
        return None
    # Not refused: an earlier try may have paid, and this is how that would look.
    told = f"Narvar may have done it, so it is not sent again: {problem}"
    return Answer(outcome=AttemptOutcome.NOT_SENT, problem=told, cause="maybe_done")


def _read(command: Command) -> Answer | None:
    """Read the return from Narvar and apply it; an answer when that was not possible."""
    question = lookup.Question(rma_number=command.subject)
    try:
        found = lookup.ask(command.shop, question, priority=Priority.MONEY)
    except reading.LookupFailed as error:
        problem = f"Could not read the return before sending: {error}"
        return Answer(outcome=error.outcome, problem=problem, wait_seconds=error.wait_seconds)
    if command.subject in found.rma_numbers:
        return None
    return Answer(
        outcome=AttemptOutcome.REFUSED, problem="Not sent: Narvar does not know this return"
    )
