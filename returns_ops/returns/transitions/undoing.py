"""Take a decision back, or stop its clock, while nothing of it was sent."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS, OF_RMAS, TELLINGS, Kind
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions import location_undo
from returns_ops.returns.transitions.approval import Refused, permit, trace
from returns_ops.returns.transitions.lines import release
from returns_ops.returns.transitions.telling import permission_for

# Far enough that nothing happens by itself, near enough to be a date that screens can show.
UNTIL_RELEASED = timedelta(days=3650)
ON_HOLD = "on_hold"  # in a command's summary


@transaction.atomic
def undo(command_id: int, *, by: User) -> Command:
    """What it told may be decided anew; raises Refused when Narvar may have acted on it."""
    found = _found(command_id)
    if found.kind in OF_LOCATIONS:
        return location_undo.undo_location(found, by=by)
    command, rma = _lock(found, by)
    if command.state == CommandState.CANCELLED:
        return command
    if not may_take_back(command, by):
        raise Refused("Only who asked for this, or an approver, may take it back.")
    if not command.can_be_cancelled:
        raise Refused(f"Too late: the decision is {command.state_said}.")
    what = "Decision" if command.kind == Kind.APPROVAL else "What Narvar was to be told:"
    text = f"{what} undone before it was sent"
    if command.tries:
        text = f"{what} cancelled, Narvar had not taken it: {command.problem}"
    return cancel(command, rma, by=by, verb="undo", text=text)


@transaction.atomic
def put_on_hold(command_id: int, *, by: User) -> Command:
    """Stop the clock of a held decision: it waits until somebody releases or undoes it."""
    return _set_clock(command_id, by=by, hold=True)


@transaction.atomic
def release_hold(command_id: int, *, by: User) -> Command:
    """Send a held decision now."""
    return _set_clock(command_id, by=by, hold=False)


def may_take_back(command: Command, by: User) -> bool:
    """A request belongs to who asked for it: to take it back is to answer it."""
    if command.state != CommandState.NEEDS_APPROVAL or command.requested_by_id == by.pk:
        return True
    return by.may(Permission.SECOND_APPROVAL, command.shop)


def cancel(
    command: Command, rma: Rma, *, by: User | None, verb: str, text: str, problem: str = ""
) -> Command:
    """The caller holds both locks, and nothing was sent."""
    command.state, command.settled_at = CommandState.CANCELLED, Now()
    command.problem = problem
    command.save(update_fields=["state", "settled_at", "problem"])
    command.refresh_from_db()
    release(command)
    trace(rma, command, by=by, verb=verb, text=text)
    return command


def _found(command_id: int) -> Command:
    return Command.objects.select_related("shop").get(pk=command_id)


def _lock(found: Command, by: User) -> tuple[Command, Rma]:
    """In one order everywhere: the RMA, then its command."""
    if found.kind not in OF_RMAS:
        raise Refused("This is sent at once: it cannot be undone, only changed again.")
    rmas = Rma.objects.select_for_update(of=("self",)).select_related("shop")
    rma = rmas.get(shop=found.shop, rma_number=found.subject)
    _permit(found, by)
    locked = Command.objects.select_for_update(of=("self",)).select_related("shop")
    return locked.get(pk=found.pk), rma


def _permit(command: Command, by: User) -> None:
    """Who may say it may take it back."""
    if command.kind not in TELLINGS:
        permit(by, command.shop)
    elif not by.may(permission_for(command.summary.get("status")), command.shop):
        raise Refused(f"{by} may not take back what Narvar of {command.shop} is to be told.")


def _set_clock(command_id: int, *, by: User, hold: bool) -> Command:
    found, verb = _found(command_id), "hold" if hold else "release"
    if found.kind in OF_LOCATIONS:
        command, location = location_undo.lock(found, by)
        if _turn_clock(command, hold=hold):
            location_undo.clock_told(location, command, by=by, verb=verb)
        return command
    command, rma = _lock(found, by)
    if _turn_clock(command, hold=hold):
        text = "On hold: not sent until it is released" if hold else "Released: it is sent now"
        trace(rma, command, by=by, verb=verb, text=text)
    return command


def _turn_clock(command: Command, *, hold: bool) -> bool:
    """False: it stands so already. The caller holds the lock."""
    if bool(command.summary.get(ON_HOLD)) == hold:
        return False
    if command.state != CommandState.QUEUED or command.tries:
        raise Refused(f"Too late: the decision is {command.state_said}.")
    due = Now() + UNTIL_RELEASED if hold else Now()
    command.held_until, command.next_attempt_at = due, due
    command.summary = {**command.summary, ON_HOLD: hold}
    command.save(update_fields=["held_until", "next_attempt_at", "summary"])
    command.refresh_from_db()
    return True
