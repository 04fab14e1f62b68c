"""Trying again what failed at a case: what it would do now, on the facts of now."""

from collections.abc import Sequence

from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import RetryFacts
from returns_ops.returns.kinds import TELLINGS, Kind
from returns_ops.returns.limits import why_second_person
from returns_ops.returns.models import Case
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.rights import Rights
from returns_ops.returns.states import Cause

ELSEWHERE = "This kind of call is not tried again from here."
OTHER_UNITS = "It would tell other units than it did: decide anew instead."


def rest_of(bundle: Bundle) -> Rest:
    """Where nothing is entered, all is as expected; else what is entered counts."""
    return Rest.NONE if bundle.lines else Rest.AS_EXPECTED


def retry_facts(
    case: Case, command: Command | None, bundle: Bundle, rights: Rights
) -> RetryFacts | None:
    """`command`: the one that the case is about, if it failed."""
    if case.cause == Cause.DEAD_LETTER:
        effect = "The events that failed are applied again, with their original bytes."
        return RetryFacts(what="the news", call="No call: what came is read again", effect=effect)
    if command is None:
        return None
    if command.state == CommandState.REFUSED:
        return _anew_facts(command, bundle, rights)
    unclear = "Nobody knows whether it was done. Somebody else has to give it up first."
    blocked = () if transitions.can_be_sent_again(command) else (unclear,)
    call = "The same bytes under the same reference, unless a look at Narvar shows it as paid"
    return RetryFacts(what="decision", call=call, effect="One more try.", blocked=blocked)


def _anew_facts(command: Command, bundle: Bundle, rights: Rights) -> RetryFacts:
    """What it would do now: the facts may be others than those it failed on."""
    what = "status or note" if command.kind in TELLINGS else "decision"
    call = f"The same {what} to Narvar, as a new call"
    if command.kind not in (*TELLINGS, Kind.APPROVAL):
        effect = str(command.summary.get("sentence") or "")
        return RetryFacts(what=what, call=call, effect=effect, blocked=(ELSEWHERE,))
    verdict, blocked = judged_again(command, bundle, rights)
    return RetryFacts(
        what=what,
        call=call,
        effect=verdict.sentence,
        blocked=(*verdict.reasons, *blocked),
        warnings=verdict.warnings,
    )


def judged_again(
    command: Command, bundle: Bundle, rights: Rights
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict of now, and what else stands against it."""
    rma, summary = bundle.rma, command.summary
    if command.kind in TELLINGS:
        status, note = summary.get("status"), summary.get("note")
        commands = bundle.open_commands
        return transitions.preview_status(rma, status=status, note=note, commands=commands), ()
    verdict, _ = judge(bundle, wanted_again(command, bundle))
    barred = [] if rights.may(Permission.APPROVE, rma.shop) else ["You may not approve returns."]
    counts = summary.get("counts", [])
    if verdict.allowed and counts != [list(pair) for pair in verdict.counts]:
        barred.append(OTHER_UNITS)
    alone = why_second_person(verdict.amount, rights.limits(rma.shop, rma.currency))
    return verdict, (*barred, *alone)


def wanted_again(command: Command, bundle: Bundle) -> Wanted:
    summary = command.summary
    return Wanted(
        refund=bool(summary.get("refund")),
        rest=Rest.LATER if summary.get("more_to_come") else rest_of(bundle),
        partial_amount=command.amount if summary.get("partial") else None,
    )


def failed_command(case: Case) -> Command | None:
    """The command that the case is about, if it failed."""
    return failed_commands([case]).get(case.pk)


def failed_commands(cases: Sequence[Case]) -> dict[int, Command]:
    """By the case's id. One query, and none where no case is about a command."""
    numbers = {case.pk: number for case in cases if (number := _number_in(case.marker))}
    if not numbers:
        return {}
    failed = [CommandState.REFUSED, CommandState.ATTENTION]
    found = Command.objects.filter(pk__in=numbers.values(), state__in=failed).in_bulk()
    pairs = ((case, found.get(numbers.get(case.pk, 0))) for case in cases)
    return {case.pk: one for case, one in pairs if one and one.shop_id == case.shop_id}


def _number_in(marker: str) -> int:
    word, _, number = marker.partition(" ")
    return int(number) if word == "command" and number.isdigit() else 0
