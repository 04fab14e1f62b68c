"""Tell Narvar a status, a note, or both; and what came of it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import DUE_STATES, Command, CommandState
from returns_ops.messaging.outbox import Request
from returns_ops.returns.documents import policy_track
from returns_ops.returns.kinds import TELLINGS, Kind
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.orders import ShipmentStatusOrder
from returns_ops.returns.policy import AUTOMATIONS, StatusFacts, Verdict, judge_status
from returns_ops.returns.states import NarvarStatus, label_of
from returns_ops.returns.transitions.approval import Refused, Stale, hold_of
from returns_ops.returns.transitions.confirmation import confirm
from returns_ops.returns.transitions.outstanding import (
    ends_accepted,
    is_late,
    looked_in_vain,
)
from returns_ops.returns.transitions.promising import Wish, owe, same_form, traces_of
from returns_ops.returns.transitions.settlement import tell

# Where a parcel is: what the bench sees for itself.
OF_THE_BENCH = {NarvarStatus.DELIVERED, NarvarStatus.RECEIVED, NarvarStatus.ON_ITS_WAY}
# Can be set, but is not among the words in which Narvar tells a return's status.
NEVER_SHOWN = {NarvarStatus.RECEIVED}
TOLD = {
    CommandState.ACCEPTED: "Narvar accepted {what}",
    CommandState.REFUSED: "Narvar refused {what}",
    CommandState.OUTCOME_UNKNOWN: "No clear answer from Narvar: {what} may or may not have arrived",
    CommandState.ATTENTION: "Somebody has to look after {what}",
    CommandState.QUEUED: "Could not be sent yet: {what}",
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What a person wants Narvar to know, and on which version of the RMA."""

    rma_id: int
    by: User
    status: str | None
    note: str | None
    version: int
    submission_token: uuid.UUID


def preview_status(
    rma: Rma,
    *,
    status: str | None,
    note: str | None = None,
    commands: Sequence[Command] | None = None,
) -> Verdict:
    """What telling this would set off now, and whether it may be told.

    `commands` are the open ones about this return, oldest first, where they were read already.
    """
    if commands is None:
        commands = _open_commands(rma)
    return judge_status(_facts(rma, status, note, commands))


def permission_for(status: str | None) -> Permission:
    on_the_bench = status is None or status in OF_THE_BENCH
    return Permission.RECEIVE if on_the_bench else Permission.RESOLVE


@transaction.atomic
def tell_status(telling: Telling, *, write: Callable[[ShipmentStatusOrder], Request]) -> Command:
    """Freeze it as a command; `write` turns it into the request that will be sent."""
    rma = Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=telling.rma_id)
    earlier = same_form(telling.submission_token, rma.shop, TELLINGS, rma.rma_number)
    if earlier:
        return earlier
    _permit(telling, rma)
    verdict = preview_status(rma, status=telling.status, note=telling.note)
    if not verdict.allowed:
        raise Refused(" ".join(verdict.reasons))
    command = owe(_wish(telling, rma, verdict), lambda: write(_order(telling, rma)))
    _trace(telling, rma, command)
    return command


def _permit(telling: Telling, rma: Rma) -> None:
    if not telling.by.may(permission_for(telling.status), rma.shop):
        what = label_of(telling.status) if telling.status else "a note"
        raise Refused(f"{telling.by} may not tell Narvar {what.lower()} for {rma.shop}.")
    if rma.version != telling.version:
        raise Stale(f"{rma} changed while you looked at it. Look again, then decide.")


def _open_commands(rma: Rma) -> list[Command]:
    return list(Command.objects.about(rma.shop_id, rma.rma_number).open().order_by("id"))


def _facts(
    rma: Rma, status: str | None, note: str | None, commands: Sequence[Command]
) -> StatusFacts:
    money = [one for one in commands if one.kind == Kind.APPROVAL]
    # What waits for a person is not sent by itself, so it cannot overtake this one.
    told = [one for one in commands if one.summary.get("status") and one.state in DUE_STATES]
    tracks = {name: policy_track(rma.policy, name) for name in AUTOMATIONS}
    return StatusFacts(
        narvar_status=rma.narvar_status,
        status=status,
        note=note,
        fires=tuple(
            name
            for name, track in tracks.items()
            if status and track.get("fires_at") == status and not track.get("succeeded_at")
        ),
        open_money=money[-1].state_said if money else "",
        open_telling=told[-1].state_said if told else "",
    )


def _wish(telling: Telling, rma: Rma, verdict: Verdict) -> Wish:
    return Wish(
        shop=rma.shop,
        subject=rma.rma_number,
        kind=Kind.SHIPMENT_NOTE if telling.note is not None else Kind.SHIPMENT_STATUS,
        by=telling.by,
        submission_token=telling.submission_token,
        hold=hold_of(rma.shop),
        summary={
            "status": telling.status,
            "before": rma.narvar_status,
            "note": telling.note,
            "sentence": verdict.sentence,
            "warnings": list(verdict.warnings),
        },
    )


def _order(telling: Telling, rma: Rma) -> ShipmentStatusOrder:
    return ShipmentStatusOrder(rma_number=rma.rma_number, status=telling.status, note=telling.note)


def _trace(telling: Telling, rma: Rma, command: Command) -> None:
    said = [f"status {label_of(telling.status).lower()}"] if telling.status else []
    said += [f"note “{telling.note}”"] if telling.note else []
    event = RmaEvent(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="tell_status",
        text=f"To tell Narvar: {', '.join(said)}",
        actor=telling.by,
        command=command,
    )
    audit.record(
        "rma.status_told",
        rma.rma_number,
        shop=rma.shop,
        actor=telling.by,
        status=telling.status,
        with_note=telling.note is not None,
        permission=permission_for(telling.status),
        **traces_of(command),
    )
    tell(rma, [event])


def telling_moved(command: Command, rma: Rma) -> None:
    """Write an answer into the timeline. The caller holds RMA and command locked."""
    told = []
    if command.state in TOLD:
        text = TOLD[CommandState(command.state)].format(what=_what(command))
        text = f"{text}: {command.problem}" if command.problem else text
        told.append(_event(command, rma, command.state, text))
    if command.state == CommandState.ACCEPTED and not _can_be_seen(command):
        ends_accepted(command)
    tell(rma, told + confirm([rma]))


@transaction.atomic
def status_not_seen(command_id: int, shop_id: int, subject: str) -> None:
    """Narvar does not show the status it accepted: look again, then tell a person."""
    rma = Rma.objects.select_for_update(of=("self",)).get(shop=shop_id, rma_number=subject)
    command = Command.objects.select_for_update().get(pk=command_id)
    if command.state != CommandState.ACCEPTED or command.settled_at:
        return
    shown = label_of(rma.narvar_status).lower()
    if is_late(command) and _may_stay_unseen(command, rma):
        ends_accepted(command)
        text = f"Narvar accepted {_what(command)}, and shows the return as {shown}"
        tell(rma, [_event(command, rma, "accepted", f"{text}: no more can be known")])
        return
    text = f"Accepted 10 minutes ago, and Narvar shows the return as {shown}"
    if looked_in_vain(command, text):
        tell(rma, [_event(command, rma, "not_confirmed", text)])


def _can_be_seen(command: Command) -> bool:
    """A note does not show in what Narvar tells of a return, nor that it came with its status."""
    noted = command.kind == Kind.SHIPMENT_NOTE
    return bool(command.summary.get("status")) and not (noted and command.was_ambiguous)


def _may_stay_unseen(command: Command, rma: Rma) -> bool:
    """Narvar has no word for it, or the return has moved on since."""
    moved_on = rma.narvar_status != command.summary.get("before")
    return moved_on or command.summary.get("status") in NEVER_SHOWN


def _what(command: Command) -> str:
    if not command.summary.get("status"):
        return "the note"
    return "the status with its note" if command.kind == Kind.SHIPMENT_NOTE else "the status"


def _event(command: Command, rma: Rma, verb: str, text: str) -> RmaEvent:
    source = RmaEvent.Source.SYSTEM
    return RmaEvent(rma=rma, source=source, verb=verb, text=text, command=command)
