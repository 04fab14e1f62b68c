"""One case of the exceptions desk: its page, and what people do with it among themselves."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.case_forms import (
    CaseNoteForm,
    FindingsForm,
    SnoozeProblem,
    snooze_of,
)
from returns_ops.dashboard.desk import Asked
from returns_ops.dashboard.htmx import StaffRequest, posted
from returns_ops.dashboard.show.acting import Tried
from returns_ops.dashboard.show.case import case_or_404
from returns_ops.dashboard.show.case_page import case_page, colleagues_of
from returns_ops.dashboard.views.desk import next_case
from returns_ops.narvar import decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import Case
from returns_ops.returns.transitions import Diverged, Refused
from returns_ops.returns.transitions.notices import mark_case_read

PAGE = "dashboard/desk/case.html"


@require_safe
@needs(Permission.RESOLVE)
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    if request.access.unread:
        mark_case_read(request.user, found)
    return _page_of(request, found)


def shown(request: StaffRequest, case: Case, **said: Any) -> HttpResponse:
    """The page as the database has it now, with what was refused and what was typed."""
    return _page_of(request, case_or_404(request.access, case.pk), **said)


def _page_of(
    request: StaffRequest,
    case: Case,
    *,
    status: int = 200,
    revealed: bool = False,
    tried: Tried | None = None,
    **said: Any,
) -> HttpResponse:
    page = case_page(
        request.access,
        case,
        Asked.read(request.access, request.GET),
        timezone.now(),
        revealed=revealed,
        tried=tried,
        language=request.GET.get("lang", ""),
    )
    return render(request, PAGE, {"page": page, **said}, status=status)


@require_safe
@needs(Permission.RESOLVE)
def case_changes(request: StaffRequest, case_id: int) -> HttpResponse:
    """Whether the case on the screen is still the one in the database."""
    found = case_or_404(request.access, case_id)
    seen = request.GET.get("version", "")
    if seen.isdecimal() and len(seen) < 10 and found.version > int(seen):
        return HttpResponse("This case has changed since you opened it.")
    return HttpResponse(status=204)


def back(request: StaffRequest, case: Case, said: str, *, anchor: str = "") -> HttpResponse:
    messages.success(request, said)
    asked = Asked.read(request.access, request.GET)
    return redirect(f"{asked.case_link(case.pk)}{anchor}")


def moved(
    request: StaffRequest, case: Case, move: Callable[[], str], *, anchor: str = ""
) -> HttpResponse:
    """Do it and say so, or say why not."""
    try:
        said = move()
    except Refused as refusal:
        return shown(request, case, problem=str(refusal), status=409)
    return back(request, case, said, anchor=anchor)


@require_POST
@needs(Permission.RESOLVE)
def case_owner(request: StaffRequest, case_id: int) -> HttpResponse:
    found, by = case_or_404(request.access, case_id), request.user

    def move() -> str:
        match request.POST.get("act"):
            case "claim":
                transitions.claim(found.pk, by=by)
                return "It is yours."
            case "take_over":
                before = transitions.take_case_over(found.pk, by=by)
                return f"You took over from {before.known_as}." if before else "It is yours."
            case "release":
                transitions.assign(found.pk, None, by=by)
                return "It is nobody's now."
            case "assign":
                to = _colleague(found, request.POST.get("to", ""))
                transitions.assign(found.pk, to, by=by)
                return f"Assigned to {to.known_as}."
        raise Refused("This form did not arrive whole.")

    return moved(request, found, move)


def _colleague(case: Case, text: str) -> User:
    """Nobody else is even named."""
    known = text.isascii() and text.isdecimal() and len(text) < 19
    people = colleagues_of(case) if known else []
    user = next((one for one in people if one.pk == int(text)), None)
    if user is None:
        raise Refused("There is no such person.")
    return user


@require_POST
@needs(Permission.RESOLVE)
def case_watch(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    watching = request.POST.get("watch") != "0"

    def move() -> str:
        change = transitions.watch if watching else transitions.unwatch
        change(found.pk, by=request.user)
        return "You hear of what becomes of it." if watching else "You watch it no more."

    return moved(request, found, move)


@require_POST
@needs(Permission.RESOLVE)
def case_snooze(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    if request.POST.get("until") == "wake":
        return moved(request, found, lambda: _woken(found, request.user))
    try:
        until, change = snooze_of(request.POST, found.shop, timezone.now())
        transitions.snooze(found.pk, by=request.user, until=until, until_change=change)
    except SnoozeProblem as problem:
        return shown(request, found, snooze_problem=str(problem), status=422)
    except Refused as refusal:
        return shown(request, found, snooze_problem=str(refusal), status=409)
    messages.success(request, "Snoozed. It comes back by itself.")
    return next_case(request, Asked.read(request.access, request.GET))


def _woken(case: Case, by: User) -> str:
    transitions.wake(case.pk, by=by)
    return "It is awake."


@require_POST
@needs(Permission.RESOLVE)
def case_skip(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    why = posted(request, "why") or posted(request, "other")
    try:
        transitions.skip(found.pk, by=request.user, why=why)
    except Refused as refusal:
        return shown(request, found, skip_problem=str(refusal), status=422)
    messages.success(request, "Skipped. You are not given it again for a while.")
    return next_case(request, Asked.read(request.access, request.GET))


@require_POST
@needs(Permission.RESOLVE)
def case_note(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)
    form = CaseNoteForm(request.POST)
    text = posted(request, "note")
    if not form.is_valid():
        return shown(request, found, note_problem=form.problem, note_text=text, status=422)
    try:
        if form.cleaned_data["to"] == "narvar":
            _tell_narvar(found, form, request.user)
        token = str(form.cleaned_data["submission_token"])
        transitions.note(found.pk, form.cleaned_data["note"], by=request.user, token=token)
    except Refused as refusal:
        return shown(request, found, note_problem=str(refusal), note_text=text, status=409)
    to_narvar = form.cleaned_data["to"] == "narvar"
    said = "Noted, and on its way to Narvar." if to_narvar else "Noted."
    return back(request, found, said, anchor="#notes")


def _tell_narvar(case: Case, form: CaseNoteForm, by: User) -> None:
    """A note alone: it never changes the status of the return."""
    rma = case.rma
    if rma is None:
        raise Refused("Narvar knows nothing of this parcel, so there is nobody to tell.")
    decisions.tell_status(
        rma.pk,
        by=by,
        status=None,
        note=form.cleaned_data["note"],
        version=form.cleaned_data["rma_version"] or rma.version,
        submission_token=form.cleaned_data["submission_token"],
    )


@require_POST
@needs(Permission.RESOLVE)
def case_findings(request: StaffRequest, case_id: int) -> HttpResponse:
    """The text that all at the desk share; two who write at once both keep theirs."""
    found = case_or_404(request.access, case_id)
    # A browser counts a line break as one character, and sends two.
    typed = posted(request, "findings").replace("\r\n", "\n")
    form = FindingsForm({"findings": typed, "version": request.POST.get("version")})
    if not form.is_valid():
        return shown(request, found, status=422, findings_problem=form.problem, findings_text=typed)
    given = form.cleaned_data
    try:
        transitions.save_findings(
            found.pk, given["findings"], by=request.user, version=given["version"]
        )
    except Diverged as late:
        both = {"yours": late.yours, "theirs": late.theirs}
        return shown(request, found, diverged=both, status=409)
    except Refused as refusal:
        said = {"findings_problem": str(refusal), "findings_text": given["findings"]}
        return shown(request, found, status=409, **said)
    return back(request, found, "Saved.", anchor="#findings")


@require_POST
@needs(Permission.REVEAL)
def case_reveal(request: StaffRequest, case_id: int) -> HttpResponse:
    """The customer's address, once: it is asked for, and it is noted."""
    found = case_or_404(request.access, case_id)
    if found.rma is None:
        raise Http404("Nobody knows whose parcel this is.")
    transitions.reveal_email(found.rma.pk, by=request.user)
    return shown(request, found, revealed=True)


@require_POST
@needs(Permission.RESOLVE)
def case_reopen(request: StaffRequest, case_id: int) -> HttpResponse:
    found = case_or_404(request.access, case_id)

    def move() -> str:
        transitions.reopen(found.pk, by=request.user)
        return "It is open again."

    return moved(request, found, move)
