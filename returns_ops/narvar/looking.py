"""Looks whether what Narvar accepted was done, for as long as a person would."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now

from returns_ops.messaging.models import Command
from returns_ops.narvar import delivery, locations, lookup, outcomes, reading
from returns_ops.narvar.budget import Priority
from returns_ops.returns import transitions
from returns_ops.returns.kinds import OF_LOCATIONS, TELLINGS, Kind

log = structlog.get_logger(__name__)

BATCH = 50
# Hides a command from other workers while one looks.
HIDDEN = timedelta(seconds=60)


def look_for_outcomes() -> int:
    """One read for each accepted command that is due; returns how many were looked at."""
    commands = _take()
    for command in commands:
        _look(command)
    return len(commands)


def _take() -> list[Command]:
    with transaction.atomic():
        # A shop that is stopped or does not answer must not keep the others waiting.
        due = Command.objects.to_look_for().exclude(shop_id__in=delivery.blocked().shops)
        due = due.order_by("next_attempt_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Command.objects.filter(pk__in=ids).update(next_attempt_at=Now() + HIDDEN)
    return list(Command.objects.filter(pk__in=ids).select_related("shop"))


def _look(command: Command) -> None:
    if command.kind in OF_LOCATIONS:
        _look_for_location(command)
    elif command.kind == Kind.CREATE_RETURN:
        _look_for_return(command)
    else:
        _look_at_rma(command)


def _look_for_location(command: Command) -> None:
    try:
        found = locations.read_all(command.shop, Priority.CONFIRMATION)
    except reading.LookupFailed as error:
        log.info("look_failed", command=command.pk, problem=str(error))
        transitions.location_read_back(command.pk, None)
        return
    transitions.location_read_back(command.pk, found)


def _look_for_return(command: Command) -> None:
    """By the number that Narvar named, else by the order and its items."""
    try:
        number = command.result.get("rma_number") or _number_of(command)
        question = lookup.Question(rma_number=number)
        found = lookup.ask(command.shop, question, priority=Priority.CONFIRMATION)
    except reading.LookupFailed as error:
        log.info("look_failed", command=command.pk, problem=str(error))
        transitions.return_not_seen(command.pk)
        return
    if number in found.rma_numbers:
        transitions.return_seen(command.pk, number)
    else:
        transitions.return_not_seen(command.pk)


def _number_of(command: Command) -> str:
    seen = outcomes.look(command)
    if not seen.done:
        raise reading.LookupFailed(seen.words)
    return str(seen.result["rma_number"])


def _look_at_rma(command: Command) -> None:
    """Reading applies the news, and the news confirms; what is left is still waiting."""
    question = lookup.Question(rma_number=command.subject)
    try:
        lookup.ask(command.shop, question, priority=Priority.CONFIRMATION)
    except reading.LookupFailed as error:
        log.info("look_failed", command=command.pk, problem=str(error))
        transitions.look_failed(command.pk, command.shop_id, command.subject, str(error))
        return
    in_vain = transitions.look_was_in_vain
    if command.kind in TELLINGS:
        in_vain = transitions.status_not_seen
    in_vain(command.pk, command.shop_id, command.subject)
