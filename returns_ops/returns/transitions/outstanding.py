"""Accepted, and not yet seen: looked for, and told to a person after ten minutes."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.messaging.models import Command, CommandState

TELL_AFTER = timedelta(minutes=10)
GIVE_UP_LOOKING = timedelta(minutes=60)
# After 30 s, 3 min and 10 min, then every 10 minutes up to an hour.
LOOKS = [timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=7), timedelta(minutes=10)]
# Evidence may come before the answer to our call, and after everybody gave up.
AWAITING = [
    CommandState.SENDING,
    CommandState.OUTCOME_UNKNOWN,
    CommandState.ACCEPTED,
    CommandState.ATTENTION,
]


def is_late(command: Command) -> bool:
    """The usual looks are over."""
    accepted = command.accepted_at
    return accepted is not None and timezone.now() - accepted >= TELL_AFTER


def looked_in_vain(command: Command, problem: str) -> bool:
    """The caller holds the lock. True when a person is to be told now."""
    command.looks += 1
    news = is_late(command) and not command.cause
    if news:
        command.cause, command.problem = "not_confirmed", problem
    accepted = command.accepted_at
    if accepted is not None and timezone.now() - accepted >= GIVE_UP_LOOKING:
        command.state = CommandState.ATTENTION
    command.next_attempt_at = Now() + LOOKS[min(command.looks, len(LOOKS) - 1)]
    command.save(update_fields=["looks", "cause", "problem", "state", "next_attempt_at"])
    command.refresh_from_db()
    return news


def confirmed(command: Command) -> None:
    """The caller holds the lock, and has the evidence."""
    command.state, command.settled_at = CommandState.CONFIRMED, Now()
    command.problem = command.cause = ""
    command.lease_token = command.lease_until = None
    command.save(
        update_fields=["state", "settled_at", "problem", "cause", "lease_token", "lease_until"]
    )
    command.refresh_from_db()


def ends_accepted(command: Command) -> None:
    """That Narvar accepted is all that can be known: nobody needs to look."""
    command.settled_at = Now()
    command.save(update_fields=["settled_at"])
    command.refresh_from_db()
