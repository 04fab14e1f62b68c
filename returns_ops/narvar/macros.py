"""Several steps with one click, in one transaction: all of them, or none."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.narvar import desk
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import LABELS, Action
from returns_ops.returns.models import Case, Macro
from returns_ops.returns.states import CaseState, Cause

MOST_STEPS = 8
ASSIGN_ME, UNASSIGN, INTERNAL_NOTE, SNOOZE, WATCH = (
    "assign_me",
    "unassign",
    "note",
    "snooze",
    "watch",
)
# do → (label, what it needs)
STEPS: dict[str, tuple[str, str]] = {
    ASSIGN_ME: ("Assign to me", ""),
    UNASSIGN: ("Assign to nobody", ""),
    WATCH: ("Watch", ""),
    INTERNAL_NOTE: ("Write an internal note", "text"),
    SNOOZE: ("Snooze", "hours"),
    "narvar_note": (LABELS[Action.NOTE], "text"),
    "refund": (LABELS[Action.REFUND], ""),
    "no_refund": (LABELS[Action.NO_REFUND], ""),
    "reject": (LABELS[Action.REJECT], ""),
    "cancel": (LABELS[Action.CANCEL], ""),
    "by_hand": (LABELS[Action.BY_HAND], ""),
    "retry": (LABELS[Action.RETRY], ""),
    "resolve": (LABELS[Action.RESOLVE], "text"),
}
ACTIONS: dict[str, Action] = {
    "narvar_note": Action.NOTE,
    "refund": Action.REFUND,
    "no_refund": Action.NO_REFUND,
    "reject": Action.REJECT,
    "cancel": Action.CANCEL,
    "by_hand": Action.BY_HAND,
    "retry": Action.RETRY,
}
TO_NARVAR = frozenset(ACTIONS)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A macro for a case, on the versions that were seen."""

    macro_id: int
    macro_version: int
    case_id: int
    by: User
    version: int
    rma_version: int | None
    submission_token: uuid.UUID


@transaction.atomic
def save(
    shop: Shop,
    name: str,
    steps: Sequence[Mapping[str, Any]],
    *,
    by: User,
    causes: Sequence[str] = (),
    macro_id: int | None = None,
    version: int = 0,
) -> Macro:
    """A new one, or that one as `version` showed it."""
    transitions.permit_desk(by, shop)
    name = " ".join(name.split())[:60]
    wanted = _judged(name, steps, causes)
    macro = Macro(shop=shop)
    if macro_id is not None:
        macro = Macro.objects.select_for_update().get(pk=macro_id, shop=shop)
        if macro.version != version:
            raise transitions.Stale("Somebody changed this macro meanwhile. Look again.")
        macro.version += 1
    if Macro.objects.filter(shop=shop, name=name).exclude(pk=macro.pk).exists():
        raise transitions.Refused(f"There is a macro “{name}” already.")
    macro.name, macro.steps, macro.causes = name, wanted, list(causes)
    macro.by, macro.changed_at = by, timezone.now()
    macro.save()
    audit.record("macro.saved", name, shop=shop, actor=by, macro=macro.pk, steps=wanted)
    return macro


@transaction.atomic
def remove(macro_id: int, *, by: User) -> None:
    macro = Macro.objects.select_for_update(of=("self",)).select_related("shop").get(pk=macro_id)
    transitions.permit_desk(by, macro.shop)
    audit.record("macro.removed", macro.name, shop=macro.shop, actor=by, macro=macro.pk)
    macro.delete()


def offered(case: Case) -> list[Macro]:
    """Those of the case's shop that fit its cause."""
    macros = Macro.objects.filter(shop=case.shop_id)
    return [one for one in macros if fits(one, case)]


def fits(macro: Macro, case: Case) -> bool:
    return not macro.causes or case.cause in macro.causes


@transaction.atomic
def run(order: Run) -> desk.Acted:
    """Every step, or none: raises transitions.Refused with the step that could not be done."""
    macro = Macro.objects.filter(pk=order.macro_id).first()
    case = transitions.lock_case(order.case_id, by=order.by, version=order.version)
    if macro is None or macro.shop_id != case.shop_id:
        raise transitions.Refused("There is no such macro any more.")
    desk.refuse_resolved(case)
    if not fits(macro, case):
        raise transitions.Refused(f"Macro “{macro.name}” is not made for this cause.")
    _still_as_seen(case, order, macro)
    done = desk.Acted(said=f"Macro “{macro.name}”")
    for number, step in enumerate(macro.steps, start=1):
        try:
            did = _step(step, order, number)
        except transitions.Refused as no:
            label = STEPS[step["do"]][0]
            raise type(no)(f"Step {number}, {label.lower()}: {no}") from no
        done = desk.Acted(said=done.said, command=did.command if did else done.command)
    return done


def _step(step: Mapping[str, Any], order: Run, number: int) -> desk.Acted | None:
    case_id, by, do = order.case_id, order.by, step["do"]
    text = str(step.get("text") or "")
    if do in ACTIONS:
        return desk.act(_act(order, ACTIONS[do], text, number))
    match do:
        case "assign_me":
            transitions.assign(case_id, by, by=by)
        case "unassign":
            transitions.assign(case_id, None, by=by)
        case "watch":
            transitions.watch(case_id, by=by)
        case "note":
            transitions.note(case_id, text, by=by)
        case "snooze":
            until = timezone.now() + timedelta(hours=float(step["hours"]))
            transitions.snooze(case_id, by=by, until=until)
        case _:
            now = Case.objects.get(pk=case_id)
            # What the steps before did may have closed it by itself.
            if now.state != CaseState.RESOLVED:
                transitions.resolve(case_id, by=by, because=text, version=now.version)
    return None


def _act(order: Run, code: Action, text: str, number: int) -> desk.Act:
    """On the versions of now: under our lock only our own steps have moved them."""
    case = Case.objects.select_related("rma").get(pk=order.case_id)
    return desk.Act(
        case_id=order.case_id,
        code=code,
        by=order.by,
        version=case.version,
        rma_version=case.rma.version if case.rma else None,
        submission_token=uuid.uuid5(order.submission_token, str(number)),
        arguments={"note": text} if text else {},
        a_step=True,
    )


def _still_as_seen(case: Case, order: Run, macro: Macro) -> None:
    if macro.version != order.macro_version:
        raise transitions.Stale(
            f"Macro “{macro.name}” was changed since you looked at it. Read its steps once more."
        )
    tells = any(step["do"] in TO_NARVAR for step in macro.steps)
    if tells and case.rma is not None and case.rma.version != order.rma_version:
        raise transitions.Stale(
            f"{case.rma} changed while you looked at it. Look again, then decide."
        )


def _judged(
    name: str, steps: Sequence[Mapping[str, Any]], causes: Sequence[str]
) -> list[dict[str, Any]]:
    if not name:
        raise transitions.Refused("Give the macro a name.")
    if not 1 <= len(steps) <= MOST_STEPS:
        raise transitions.Refused(f"A macro has 1 to {MOST_STEPS} steps.")
    if any(one not in Cause.values for one in causes):
        raise transitions.Refused("There is no such cause.")
    return [_judged_step(step) for step in steps]


def _judged_step(step: Mapping[str, Any]) -> dict[str, Any]:
    do = str(step.get("do") or "")
    if do not in STEPS:
        raise transitions.Refused("There is no such step.")
    label, needs = STEPS[do]
    if needs == "text":
        text = str(step.get("text") or "").replace("\r\n", "\n").strip()
        if not text:
            raise transitions.Refused(f"{label}: write the text.")
        if len(text) > desk.LONGEST_NOTE:
            raise transitions.Refused(f"{label}: at most {desk.LONGEST_NOTE} characters.")
        return {"do": do, "text": text}
    if needs == "hours":
        return {"do": do, "hours": _hours(step.get("hours"))}
    return {"do": do}


def _hours(given: Any) -> int:
    try:
        hours = int(given)
    except (TypeError, ValueError):
        hours = 0
    if not 1 <= hours <= 24 * 90:
        raise transitions.Refused("Snooze: enter 1 to 2160 hours.")
    return hours
