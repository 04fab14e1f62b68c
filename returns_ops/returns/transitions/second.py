"""The second person: approve a colleague's request as it is, or send it back.

A request is a frozen command that waits. It is bound to its bytes and to the facts it was
judged on; when these change, or a day has gone by, it ends, and somebody has to ask again.
"""

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import requests
from returns_ops.returns.models import Rma
from returns_ops.returns.preview import as_sent
from returns_ops.returns.transitions.approval import Refused, facts_hash, hold_of, trace
from returns_ops.returns.transitions.undoing import cancel

CHANGED = "The return changed after this was asked for. Look at it, then ask again."
EXPIRED = "Nobody approved it in time."
BATCH = 500
# What ended a request, in words.
ENDED = {"send_back": "sent back", "void": "void", "undo": "taken back"}


@transaction.atomic
def approve_request(command_id: int, *, by: User) -> Command:
    """Let it be sent. A request that is not as it was asked for ends instead: see its state."""
    command, rma = _lock(command_id, by)
    if command.approved_by_id == by.pk:
        return command
    _waits(command)
    problem = _why_void(command, rma)
    if problem:
        return cancel(command, rma, by=None, verb="void", text=problem, problem=problem)
    let_go(command, rma, by=by)
    trace(
        rma,
        command,
        by=by,
        verb="approve_request",
        text=f"{by} approved the request",
        permission=Permission.SECOND_APPROVAL,
    )
    return command


def let_go(command: Command, rma: Rma, *, by: User) -> None:
    """The caller holds both locks, and has judged it."""
    due = Now() + hold_of(rma.shop)
    command.state, command.approved_by = CommandState.QUEUED, by
    command.held_until = command.next_attempt_at = due
    command.save(update_fields=["state", "approved_by", "held_until", "next_attempt_at"])
    command.refresh_from_db()


@transaction.atomic
def send_back(command_id: int, *, by: User, why: str) -> Command:
    """Do not approve it; who asked reads why."""
    why = why.strip()
    if not why:
        raise Refused("Say why you send it back: who asked needs to know.")
    command, rma = _lock(command_id, by)
    _waits(command)
    return cancel(command, rma, by=by, verb="send_back", text=f"Sent back: {why}", problem=why)


def end_requests() -> int:
    """Requests that nobody answered in time, or that no longer fit their return; how many."""
    waiting = Command.objects.filter(state=CommandState.NEEDS_APPROVAL).defer("body").order_by("id")
    ended, last = 0, 0
    while batch := list(waiting.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        ended += sum(_end_if_void(pk) for pk in _doubtful(batch))
    return ended


def _doubtful(batch: list[Command]) -> list[int]:
    """Seen without a lock, a few queries for all of them: most are as they were asked for."""
    changed, now = requests.changed_since(batch), timezone.now()
    late = {one.pk for one in batch if one.expires_at is not None and one.expires_at <= now}
    return [one.pk for one in batch if one.pk in late or changed.get(one.pk)]


@transaction.atomic
def _end_if_void(command_id: int) -> bool:
    found = Command.objects.get(pk=command_id)
    rma = _lock_rma(found)
    command = Command.objects.select_for_update(of=("self",)).get(pk=command_id)
    if command.state != CommandState.NEEDS_APPROVAL:
        return False
    problem = _why_void(command, rma)
    if problem:
        cancel(command, rma, by=None, verb="void", text=problem, problem=problem)
    return bool(problem)


def _lock(command_id: int, by: User) -> tuple[Command, Rma]:
    found = Command.objects.get(pk=command_id)
    rma = _lock_rma(found)
    command = Command.objects.select_for_update(of=("self",)).get(pk=command_id)
    if not by.may(Permission.SECOND_APPROVAL, rma.shop):
        raise Refused(f"{by} may not approve what a colleague of {rma.shop} asked for.")
    if command.requested_by_id == by.pk:
        raise Refused("You asked for this yourself: somebody else has to approve it.")
    return command, rma


def _lock_rma(command: Command) -> Rma:
    rmas = Rma.objects.select_for_update(of=("self",)).select_related("shop")
    return rmas.get(shop=command.shop_id, rma_number=command.subject)


def _waits(command: Command) -> None:
    if command.state != CommandState.NEEDS_APPROVAL:
        raise Refused(f"This request is settled already: it is {_state_in_words(command)}.")


def _state_in_words(command: Command) -> str:
    state = command.state_said
    if command.state != CommandState.CANCELLED:
        return state
    answer = requests.answers_to([command]).get(command.pk)
    return ENDED.get(answer.verb, state) if answer else state


def _why_void(command: Command, rma: Rma) -> str:
    if command.expires_at is not None and command.expires_at <= timezone.now():
        return EXPIRED
    if command.summary.get("facts") != facts_hash(rma):
        return CHANGED
    if requests.bench_differences(command, rma.receipt_lines.all()):
        return CHANGED
    verdict = as_sent(command, rma) if command.moves_money else None
    if verdict and command.amount and not (verdict.cap and command.amount <= verdict.cap):
        return CHANGED
    return ""
