"""Doing something about a case: one way, each with its own call, and on to the next."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.amounts import AmountProblem, amount_typed
from returns_ops.dashboard.case_forms import ActForm, MacroForm, SnoozeProblem, typed_time
from returns_ops.dashboard.desk import Asked
from returns_ops.dashboard.htmx import StaffRequest, posted
from returns_ops.dashboard.show.acting import Tried
from returns_ops.dashboard.show.case import case_or_404
from returns_ops.dashboard.show.case_merge import merge_of_case
from returns_ops.dashboard.show.merge import seen_from
from returns_ops.dashboard.views.cases import back, shown
from returns_ops.dashboard.views.desk import next_case
from returns_ops.narvar import desk, macros
from returns_ops.returns.case_actions import LABELS, Action
from returns_ops.returns.models import Case
from returns_ops.returns.states import Cause
from returns_ops.returns.transitions import Refused, Stale

FIELDS = ("amount", "reason", "note", "because", "until")
LONGEST = {"reason": 120, "because": 500}
OF_A_PART = {"amount": "Enter an amount.", "reason": desk.NEEDS_REASON}
# What settles the matter, so that the case needs nobody any more. Should Narvar refuse it, or
# should nothing be seen of it, a case is opened for that.
SETTLES = {
    Action.RETRY,
    Action.REFUND,
    Action.PART,
    Action.NO_REFUND,
    Action.REJECT,
    Action.CANCEL,
    Action.BY_HAND,
}
UNREADABLE = "This form did not arrive whole. Please decide again."


@require_POST
@needs(Permission.RESOLVE)
def case_macro(request: StaffRequest, case_id: int, macro_id: int) -> HttpResponse:
    """Several steps with one click: all of them, or none."""
    found = case_or_404(request.access, case_id)
    form = MacroForm(request.POST)
    if not form.is_valid():
        return shown(request, found, problem=UNREADABLE, status=422)
    try:
        done = macros.run(
            macros.Run(macro_id=macro_id, case_id=found.pk, by=request.user, **form.cleaned_data)
        )
    except Refused as refusal:
        return _refused(request, found, refusal, Tried(problem=str(refusal)))
    messages.success(request, f"{found}: {done.said}.")
    return next_case(request, Asked.read(request.access, request.GET))


@require_POST
@needs(Permission.RESOLVE)
def case_act(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    form = ActForm(request.POST)
    if not form.is_valid():
        return shown(request, found, problem=UNREADABLE, status=422)
    given = form.cleaned_data
    if given["action"] == Action.MATCH and found.parcel_id:
        return redirect("parcel", found.parcel_id)
    arguments, errors = arguments_of(request, found, given["action"])
    typed = {name: posted(request, name) for name in FIELDS}
    if errors:
        tried = Tried(code=given["action"], typed=typed, errors=errors)
        return shown(request, found, tried=tried, status=422)
    try:
        done = desk.act(_order(request, found, form, arguments))
    except Refused as refusal:
        tried = Tried(code=given["action"], typed=typed, problem=str(refusal))
        return _refused(request, found, refusal, tried)
    if given["then"] == "stay":
        return back(request, found, done.said)
    messages.success(request, f"{found}: {done.said}")
    return next_case(request, Asked.read(request.access, request.GET))


def _order(request: StaffRequest, case: Case, form: ActForm, arguments: dict[str, Any]) -> desk.Act:
    given = form.cleaned_data
    resolves = LABELS[Action(given["action"])] if _settles(given["action"], case) else ""
    return desk.Act(
        case_id=case.pk,
        code=given["action"],
        by=request.user,
        version=given["version"],
        rma_version=given["rma_version"],
        submission_token=given["submission_token"],
        arguments=arguments,
        then_resolve=resolves,
    )


def _settles(code: str, case: Case) -> bool:
    """News that failed are only asked for again: the rule closes the case once they are applied."""
    return code in SETTLES and (code, case.cause) != (Action.RETRY, Cause.DEAD_LETTER)


def _refused(request: StaffRequest, case: Case, refusal: Refused, tried: Tried) -> HttpResponse:
    """With what was typed still there; after a change by others, beside what changed."""
    said: dict[str, Any] = {"tried": tried}
    if not tried.code:
        said["problem"] = tried.problem
    if isinstance(refusal, Stale):
        seen = seen_from(request.POST.get("seen"))
        said["merge"] = merge_of_case(case, timezone.now(), seen=seen, entered=tried.typed)
    return shown(request, case, status=409, **said)


def arguments_of(
    request: StaffRequest, case: Case, code: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed, as the action takes it, and what is wrong with it."""
    arguments: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in FIELDS:
        text = posted(request, name).replace("\r\n", "\n").strip()
        if not text:
            continue
        try:
            arguments[name] = _argument(name, text, case)
        except (AmountProblem, SnoozeProblem, Refused) as problem:
            errors[name] = str(problem)
    if code == Action.PART:
        missing = {name: text for name, text in OF_A_PART.items() if name not in arguments}
        errors = {**missing, **errors}
    return arguments, errors


def _argument(name: str, text: str, case: Case) -> Any:
    if name == "amount":
        return amount_typed(text, case.currency or "USD")
    if name == "until":
        return typed_time(text, case.shop)
    if name == "note":
        return desk.note_to_narvar(text)
    if len(text) > LONGEST[name]:
        raise Refused(f"At most {LONGEST[name]} characters: this has {len(text)}.")
    return text
