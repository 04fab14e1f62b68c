"""Cases that were resolved by an act which does not stand any more."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Case, CaseEvent
from returns_ops.returns.states import CaseState

Verb = CaseEvent.Verb


def taken_back(cases: Iterable[Case]) -> set[int]:
    """Those whose act was cancelled after they were resolved. Two queries at most, and none
    where nothing was resolved while its cause lasts."""
    resolved = [one.pk for one in cases if one.state == CaseState.RESOLVED and one.present]
    if not resolved:
        return set()
    acts, since = _acts_of(resolved)
    if not acts:
        return set()
    cancelled = Command.objects.filter(pk__in=acts, state=CommandState.CANCELLED)
    return {
        case_id
        for command_id, at in cancelled.values_list("pk", "settled_at")
        for case_id in acts[command_id]
        if at is not None and case_id in since and at > since[case_id]
    }


def _acts_of(cases: list[int]) -> tuple[dict[int, set[int]], dict[int, datetime]]:
    """Which cases each command was to settle since they opened, and when they were resolved.

    By the clock of the database alone: it is also the one that cancels.
    """
    acts: dict[int, set[int]] = defaultdict(set)
    since: dict[int, datetime] = {}
    told = CaseEvent.objects.filter(
        case__in=cases, verb__in=[Verb.ACTED, Verb.RESOLVED, Verb.REOPENED]
    ).order_by("id")
    for case_id, verb, at, data in told.values_list("case", "verb", "at", "data"):
        if verb == Verb.RESOLVED:
            since[case_id] = at
        elif verb == Verb.REOPENED:
            for those in acts.values():
                those.discard(case_id)
        elif data.get("command"):
            acts[data["command"]].add(case_id)
    return acts, since
