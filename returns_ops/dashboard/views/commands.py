import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.commands import commands_console, commands_news
from returns_ops.dashboard.forms import GiveUpForm, SendAsNewForm
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.command import command_page, whole_command_or_404
from returns_ops.messaging.models import Command
from returns_ops.narvar import controls, decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions import Refused


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_out(request: StaffRequest) -> HttpResponse:
    console = commands_console(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/out.html", {"console": console})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_out_changes(request: StaffRequest) -> HttpResponse:
    news = commands_news(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/_out_news.html", {"news": news})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def command(request: StaffRequest, command_id: int) -> HttpResponse:
    found = whole_command_or_404(request.access, command_id)
    page = command_page(request.access, found, timezone.now())
    return render(request, "dashboard/messages/command.html", {"page": page})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def command_tracker(request: StaffRequest, command_id: int) -> HttpResponse:
    """How far it is; once it is settled, the whole page has changed."""
    found = whole_command_or_404(request.access, command_id)
    page = command_page(request.access, found, timezone.now())
    if page.tracker.settled:
        return HttpResponseClientRefresh()
    return render(request, "dashboard/messages/_standing.html", {"page": page})


@require_POST
@needs(Permission.RESOLVE)
def command_send_now(request: StaffRequest, command_id: int) -> HttpResponse:
    found = whole_command_or_404(request.access, command_id)
    if controls.send_now(found, by=request.user):
        messages.success(request, "It goes out with the next run, with the same reference.")
    else:
        messages.error(request, "It was not waiting any more. Nothing was changed.")
    return redirect("command", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SECOND_APPROVAL)
def give_up(request: StaffRequest, command_id: int) -> HttpResponse:
    found = whole_command_or_404(request.access, command_id)
    form = GiveUpForm(request.POST if request.method == "POST" else None, found)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            transitions.give_up(found.pk, by=request.user, reason=reason)
        except Refused as refusal:
            return _review(request, found, form, problem=str(refusal), status=409)
        messages.success(request, "Given up. It can be decided again, within the cap.")
        rma = Rma.objects.filter(shop=found.shop, rma_number=found.subject).first()
        return redirect(rma) if rma else redirect("command", found.pk)
    return _review(request, found, form, status=422 if form.is_bound else 200)


@require_POST
@needs(Permission.RESOLVE, Permission.MANAGE_LOCATIONS)
def command_cancel(request: StaffRequest, command_id: int) -> HttpResponse:
    found = whole_command_or_404(request.access, command_id)
    try:
        decisions.call_off(found.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Cancelled. Narvar never took it.")
    return redirect("command", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SECOND_APPROVAL)
def send_as_new(request: StaffRequest, command_id: int) -> HttpResponse:
    """What it would do now is read back first, with the warning; then it is confirmed."""
    found = whole_command_or_404(request.access, command_id)
    form = SendAsNewForm(request.POST if request.method == "POST" else None, found)
    if not form.is_valid():
        return _as_new(request, found, form, status=422 if form.is_bound else 200)
    given = form.cleaned_data
    try:
        made = decisions.send_as_new(
            found.pk,
            by=request.user,
            reason=given["reason"],
            submission_token=given["submission_token"],
        )
    except Refused as refusal:
        return _as_new(request, found, form, problem=str(refusal), status=409)
    messages.success(request, "Sent as new, under a new reference.")
    return redirect("command", made.pk)


def _as_new(
    request: StaffRequest,
    found: Command,
    form: SendAsNewForm,
    *,
    problem: str = "",
    status: int,
) -> HttpResponse:
    page = command_page(request.access, found, timezone.now())
    verdict, refused = None, problem
    try:
        verdict = decisions.preview_as_new(found.pk, by=request.user)
    except Refused as refusal:
        refused = problem or str(refusal)
    context = {
        "page": page,
        "form": form,
        "problem": refused,
        "verdict": verdict,
        "token": form.data.get("submission_token") or uuid.uuid4(),
    }
    return render(request, "dashboard/messages/send_as_new.html", context, status=status)


def _review(
    request: StaffRequest, found: Command, form: GiveUpForm, *, problem: str = "", status: int
) -> HttpResponse:
    page = command_page(request.access, found, timezone.now())
    context = {"page": page, "form": form, "problem": problem or page.why_not_give_up}
    return render(request, "dashboard/messages/give_up.html", context, status=status)
