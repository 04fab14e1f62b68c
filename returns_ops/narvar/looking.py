"""Looks whether what Narvar accepted was done, for as long as a person would."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now

from returns_ops.messaging.models import AttemptOutcome, Command
from returns_ops.narvar import answers, client, lookup
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions

log = structlog.get_logger(__name__)

BATCH = 50
# Hides a command from other workers while one looks.
HIDDEN = timedelta(seconds=60)
RECHECK = timedelta(minutes=5)


def look_for_outcomes() -> int:
    """One read for each accepted command that is due; returns how many were looked at."""
    commands = _take()
    for command in commands:
        _look(command)
    return len(commands)


def _take() -> list[Command]:
    with transaction.atomic():
        due = Command.objects.to_look_for().order_by("next_attempt_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Command.objects.filter(pk__in=ids).update(next_attempt_at=Now() + HIDDEN)
    return list(Command.objects.filter(pk__in=ids).select_related("shop"))


def _look(command: Command) -> None:
    """Reading applies the news, and the news confirms; what is left is still waiting."""
    question = lookup.Question(rma_number=command.subject)
    try:
        lookup.ask(command.shop, question, priority=Priority.CONFIRMATION)
    except lookup.LookupFailed as error:
        log.info("look_failed", command=command.pk, problem=str(error))
    transitions.look_was_in_vain(command.pk, command.shop_id, command.subject)


def recheck_credentials() -> None:
    """A credential that was refused may have been mended at Narvar: try it now and then."""
    refused = Connection.objects.exclude(problem="").filter(updated_at__lte=Now() - RECHECK)
    for link in refused.select_related("shop"):
        link.save(update_fields=["updated_at"])
        try:
            reply = client.call(link, client.Call(method="GET", path="/api/return_locations"))
        except (client.NotSent, client.OutcomeUnknown):
            continue
        if answers.judge(reply).outcome != AttemptOutcome.UNAUTHORISED:
            Connection.objects.filter(pk=link.pk).update(problem="")
