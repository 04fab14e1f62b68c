"""Looks before money moves, and looks afterwards whether it has.

A webhook can be forged by whoever holds its password, so it never suffices to pay: before the
first try of a refund the return is read from Narvar itself, with our credentials.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.messaging.outbox import Answer
from returns_ops.narvar import lookup
from returns_ops.narvar.budget import Priority
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma

# Beyond this Narvar may have forgotten our reference: look before the same bytes go again.
MEMORY = timedelta(minutes=10)


def before_sending(command: Command) -> Answer | None:
    """What keeps this command from being sent now; None: nothing does."""
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
    state = Command.objects.values_list("state", flat=True).get(pk=command.pk)
    if state == CommandState.CONFIRMED:
        told = "Not sent again: Narvar shows it as done"
        return Answer(outcome=AttemptOutcome.NOT_SENT, problem=told)
    return None


def _read(command: Command) -> Answer | None:
    """Read the return from Narvar and apply it; an answer when that was not possible."""
    question = lookup.Question(rma_number=command.subject)
    try:
        found = lookup.ask(command.shop, question, priority=Priority.MONEY)
    except lookup.LookupFailed as error:
        problem = f"Could not read the return before sending: {error}"
        return Answer(outcome=error.outcome, problem=problem, wait_seconds=error.wait_seconds)
    if command.subject in found.rma_numbers:
        return None
    return Answer(
        outcome=AttemptOutcome.REFUSED, problem="Not sent: Narvar does not know this return"
    )
