"""What the desk does about a case: each action a decision, a telling, or nothing to Narvar."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging import replay
from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.narvar import decisions
from returns_ops.narvar.trying_again import (
    ELSEWHERE,
    failed_command,
    failed_commands,
    judged_again,
    rest_of,
    retry_facts,
    wanted_again,
)
from returns_ops.returns import transitions
from returns_ops.returns.bundles import bundles_of
from returns_ops.returns.case_actions import (
    STATUS_OF,
    Action,
    ActionFacts,
    PossibleAction,
    possible_actions,
)
from returns_ops.returns.kinds import TELLINGS, Kind
from returns_ops.returns.limits import why_second_person
from returns_ops.returns.models import Case, CaseEvent, Rma
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.rights import Rights
from returns_ops.returns.states import CaseState, Cause

NEEDS_REASON = "Choose why it is not the full amount."
LONGEST_NOTE = 500
OFFERED = (Action.REJECT, Action.CANCEL, Action.BY_HAND)


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a person chose for a case, on which versions of it and of its return.

    `arguments`: amount, reason, note, until, because, as the action needs them. With
    `then_resolve` (a reason) the case is resolved in the same move. `a_step` of several: those
    before it may have closed the case.
    """

    case_id: int
    code: str
    by: User
    version: int
    rma_version: int | None
    submission_token: uuid.UUID
    arguments: Mapping[str, Any]
    then_resolve: str = ""
    a_step: bool = False


@dataclass(frozen=True, kw_only=True)
class Acted:
    said: str
    command: Command | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the actions of a case depend on, where it was read already."""

    rights: Rights
    bundle: Bundle | None = None
    failed: Command | None = None


def actions_of(
    case: Case, rights: Rights, *, bundle: Bundle | None = None
) -> tuple[PossibleAction, ...]:
    """What this person can do about it now; `bundle` of its return, where there is one."""
    if bundle is None and case.rma is not None:
        bundle = Bundle(case.rma)
    known = Known(rights=rights, bundle=bundle, failed=failed_command(case))
    return possible_actions(_facts_of(case, known))


def actions_of_many(cases: Sequence[Case], user: User) -> dict[int, tuple[PossibleAction, ...]]:
    """By the case's id, in a number of queries that does not grow with the cases."""
    rights, failed = Rights(user), failed_commands(cases)
    bundles = bundles_of([case.rma for case in cases if case.rma])
    found = {}
    for case in cases:
        known = Known(
            rights=rights, bundle=bundles.get(case.rma_id or 0), failed=failed.get(case.pk)
        )
        found[case.pk] = possible_actions(_facts_of(case, known))
    return found


def _facts_of(case: Case, known: Known) -> ActionFacts:
    asleep, done = case.state == CaseState.SNOOZED, case.state == CaseState.RESOLVED
    if known.bundle is None:
        return ActionFacts(cause=case.cause, about_parcel=True, snoozed=asleep, resolved=done)
    bundle, rights = known.bundle, known.rights
    rma, rest = bundle.rma, rest_of(bundle)
    refund, _ = judge(bundle, Wanted(refund=True, rest=rest))
    no_refund, _ = judge(bundle, Wanted(refund=False, rest=rest))
    why = why_second_person(refund.amount, rights.limits(rma.shop, rma.currency))
    return ActionFacts(
        cause=case.cause,
        refund=refund,
        part=_part_verdict(bundle, refund),
        no_refund=no_refund,
        statuses=_statuses(bundle),
        note=_told(bundle, None, note="…"),
        retry=retry_facts(case, known.failed, bundle, rights),
        has_exchange=any(item.exchange for item in bundle.items),
        may_approve=rights.may(Permission.APPROVE, rma.shop),
        second_person=" ".join(why) if refund.allowed else "",
        snoozed=asleep,
        resolved=done,
    )


def _statuses(bundle: Bundle) -> dict[Action, Verdict]:
    offered = [code for code in OFFERED if bundle.rma.narvar_status != STATUS_OF[code]]
    return {code: _told(bundle, STATUS_OF[code]) for code in offered}


def _told(bundle: Bundle, status: str | None, note: str | None = None) -> Verdict:
    commands = bundle.open_commands
    return transitions.preview_status(bundle.rma, status=status, note=note, commands=commands)


def _part_verdict(bundle: Bundle, full: Verdict) -> Verdict:
    """Where the sum of the whole cannot be worked out, a person may still name a part of it."""
    if not full.cap:
        return full
    return judge(bundle, Wanted(refund=True, rest=rest_of(bundle), partial_amount=full.cap))[0]


@transaction.atomic
def act(act: Act) -> Acted:
    """Do it; raises transitions.Refused with a sentence (Stale: something changed since)."""
    again = _done_before(act)
    if again is not None:
        return again
    try:
        case = transitions.lock_case(act.case_id, by=act.by, version=act.version)
    except transitions.Stale:
        # What changed it while this one waited for the locks may be the same form.
        again = _done_before(act)
        if again is None:
            raise
        return again
    if not act.a_step:
        refuse_resolved(case)
    if act.code not in ACTS:
        raise transitions.Refused("There is no such action.")
    done = ACTS[act.code](act, case)
    if act.code not in ON_THE_CASE:
        _trace(act, done)
    if act.then_resolve and act.code != Action.RESOLVE:
        now = Case.objects.get(pk=case.pk)
        if now.state != CaseState.RESOLVED:
            transitions.resolve(case.pk, by=act.by, because=act.then_resolve, version=now.version)
    return done


def refuse_resolved(case: Case) -> None:
    if case.state == CaseState.RESOLVED:
        raise transitions.Refused("This case is resolved already. Open it again first.")


def _done_before(act: Act) -> Acted | None:
    """The same form once more: a double click, a reload."""
    earlier = CaseEvent.objects.filter(
        case=act.case_id, verb=CaseEvent.Verb.ACTED, data__token=str(act.submission_token)
    ).first()
    if earlier is None:
        return None
    return Acted(
        said=earlier.text, command=Command.objects.filter(pk=earlier.data.get("command")).first()
    )


def _trace(act: Act, done: Acted) -> None:
    """Read again: what was done may have moved the case by rule."""
    case = Case.objects.get(pk=act.case_id)
    transitions.save_case(case)
    transitions.tell_case(
        case,
        CaseEvent.Verb.ACTED,
        done.said,
        by=act.by,
        action=act.code,
        command=done.command.pk if done.command else None,
        token=str(act.submission_token),
    )


def _refund(act: Act, case: Case) -> Acted:
    return _approve(act, case, refund=True)


def _no_refund(act: Act, case: Case) -> Acted:
    return _approve(act, case, refund=False)


def _ask(act: Act, case: Case) -> Acted:
    return _approve(act, case, refund=True, ask=True)


def _part(act: Act, case: Case) -> Acted:
    amount = act.arguments.get("amount")
    if amount in (None, ""):
        raise transitions.Refused("Enter an amount.")
    if not str(act.arguments.get("reason") or "").strip():
        raise transitions.Refused(NEEDS_REASON)
    return _approve(act, case, refund=True, amount=Decimal(str(amount)))


def _approve(
    act: Act, case: Case, *, refund: bool, amount: Decimal | None = None, ask: bool = False
) -> Acted:
    wanted = Wanted(refund=refund, rest=rest_of(Bundle(_return_of(case))), partial_amount=amount)
    return _decide(act, case, wanted, act.arguments, ask=ask)


def _decide(
    act: Act, case: Case, wanted: Wanted, said: Mapping[str, Any], *, ask: bool = False
) -> Acted:
    """`said`: the reason and the note."""
    rma = _return_of(case)
    command = decisions.approve(
        rma.pk,
        by=act.by,
        refund=wanted.refund,
        version=_version(act, rma),
        submission_token=act.submission_token,
        rest=wanted.rest,
        partial_amount=wanted.partial_amount,
        reason=str(said.get("reason") or "")[:120],
        note=note_to_narvar(str(said.get("note") or "")),
        ask=ask,
    )
    done = "Asked for approval" if ask else "Decided"
    return Acted(said=f"{done}: {command.summary['sentence']}", command=command)


def _status(act: Act, case: Case) -> Acted:
    return _tell(act, case, status=STATUS_OF[Action(act.code)], note=_note_of(act) or None)


def _note(act: Act, case: Case) -> Acted:
    note = _note_of(act)
    if not note:
        raise transitions.Refused("Write the note.")
    return _tell(act, case, status=None, note=note)


def _note_of(act: Act) -> str:
    return note_to_narvar(str(act.arguments.get("note") or ""))


def note_to_narvar(text: str) -> str:
    """As Narvar keeps it; nothing of what was typed is cut off in silence."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise transitions.Refused(
            f"Narvar takes at most {LONGEST_NOTE} characters: this has {len(text)}."
        )
    return text


def _convert(act: Act, case: Case) -> Acted:
    """Nobody can do it but Narvar's own screen: the note asks, and the case sleeps."""
    told = _note(act, case)
    transitions.snooze(case.pk, by=act.by, until_change=True, why="to be converted in Narvar")
    return told


def _tell(act: Act, case: Case, *, status: str | None, note: str | None) -> Acted:
    rma = _return_of(case)
    command = decisions.tell_status(
        rma.pk,
        by=act.by,
        status=status,
        note=note,
        version=_version(act, rma),
        submission_token=act.submission_token,
    )
    return Acted(said=str(command.summary["sentence"]), command=command)


def _wait(act: Act, case: Case) -> Acted:
    until = act.arguments.get("until")
    moment = until if isinstance(until, datetime) else parse_datetime(str(until or ""))
    change = bool(act.arguments.get("until_change", moment is None))
    why = str(act.arguments.get("reason") or "")
    transitions.snooze(case.pk, by=act.by, until=moment, until_change=change, why=why)
    return Acted(said="Snoozed")


def _resolve(act: Act, case: Case) -> Acted:
    because = str(act.arguments.get("because") or act.then_resolve)
    transitions.resolve(case.pk, by=act.by, because=because, version=act.version)
    return Acted(said="Resolved")


def _retry(act: Act, case: Case) -> Acted:
    """What failed, and only that."""
    if case.cause == Cause.DEAD_LETTER:
        return _replay(act, case)
    command = failed_command(case)
    if command is None:
        raise transitions.Refused("Nothing of this case failed that could be tried again.")
    if command.state == CommandState.ATTENTION:
        return Acted(
            said="The same call goes out once more",
            command=transitions.send_again(command.pk, by=act.by),
        )
    summary = command.summary
    if command.kind in TELLINGS:
        return _tell(act, case, status=summary.get("status"), note=summary.get("note"))
    if command.kind != Kind.APPROVAL:
        raise transitions.Refused(ELSEWHERE)
    bundle = Bundle(_return_of(case))
    verdict, blocked = judged_again(command, bundle, Rights(act.by))
    if not verdict.allowed or blocked:
        raise transitions.Refused(" ".join((*verdict.reasons, *blocked)))
    return _decide(act, case, wanted_again(command, bundle), summary)


def _replay(act: Act, case: Case) -> Acted:
    rma = _return_of(case)
    dead = Event.objects.filter(shop=rma.shop_id, subject=rma.rma_number, state=EventState.DEAD)
    # Whoever applies news locks it before its return, and we hold the return: we wait for none.
    mine = list(dead.select_for_update(of=("self",), skip_locked=True).order_by("id"))
    if not mine:
        raise transitions.Refused("Nothing failed that is not being applied again already.")
    for event in mine:
        selection = replay.Selection(shop=rma.shop, event=event)
        try:
            replay.start(selection, by=act.by, why=f"Case of {rma.rma_number}")
        except replay.CannotReplay as error:
            raise transitions.Refused(str(error)) from error
    return Acted(said="The news that failed is to be applied again")


def _return_of(case: Case) -> Rma:
    if case.rma is None:
        raise transitions.Refused("This case is about a parcel: nothing can be told to Narvar.")
    return Rma.objects.select_related("shop").get(pk=case.rma.pk)


def _version(act: Act, rma: Rma) -> int:
    """As the person saw it; without that, nothing may be decided."""
    if act.rma_version is None:
        raise transitions.Stale(f"{rma} changed while you looked at it. Look again, then decide.")
    return act.rma_version


ACTS: dict[str, Callable[[Act, Case], Acted]] = {
    Action.RETRY: _retry,
    Action.REFUND: _refund,
    Action.PART: _part,
    Action.NO_REFUND: _no_refund,
    Action.ASK: _ask,
    Action.REJECT: _status,
    Action.CANCEL: _status,
    Action.BY_HAND: _status,
    Action.CONVERT: _convert,
    Action.WAIT: _wait,
    Action.NOTE: _note,
    Action.RESOLVE: _resolve,
}
# These write the history of the case themselves.
ON_THE_CASE = {Action.WAIT, Action.RESOLVE}
