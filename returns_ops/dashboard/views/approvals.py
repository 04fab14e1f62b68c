from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.approvals import request_list
from returns_ops.dashboard.forms import ReasonForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.approval import approval_page, request_or_404
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions
from returns_ops.returns.transitions import Refused


@require_safe
@needs(Permission.SECOND_APPROVAL, Permission.APPROVE)
def approvals(request: StaffRequest) -> HttpResponse:
    found = request_list(request.access, request.GET, timezone.now())
    return render(request, "dashboard/approvals.html", {"list": found})


@require_safe
@needs(Permission.SECOND_APPROVAL, Permission.APPROVE)
def approval(request: StaffRequest, command_id: int) -> HttpResponse:
    return _request_page(request, request_or_404(request.access, command_id))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SECOND_APPROVAL)
def approval_approve(request: StaffRequest, command_id: int) -> HttpResponse:
    """First what will happen is read back; approved is what is confirmed after that."""
    found = request_or_404(request.access, command_id)
    if request.method != "POST":
        return _request_page(request, found, confirm=True)
    try:
        command = decisions.approve_request(found.pk, by=request.user)
    except Refused as refusal:
        return _request_page(request, found, problem=str(refusal), status=409)
    if command.approved_by_id != request.user.pk:  # it was void, and has ended
        return _request_page(request, found, problem=command.problem, status=409)
    return _answered(request, found, "Approved. It goes to Narvar by itself.")


@require_POST
@needs(Permission.SECOND_APPROVAL)
def approval_send_back(request: StaffRequest, command_id: int) -> HttpResponse:
    found = request_or_404(request.access, command_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _request_page(request, found, form=form, status=422)
    try:
        decisions.send_back(found.pk, by=request.user, why=form.cleaned_data["reason"])
    except Refused as refusal:
        return _request_page(request, found, form=form, problem=str(refusal), status=409)
    return _answered(request, found, "Sent back. Nothing was sent to Narvar.")


def _answered(request: StaffRequest, command: Command, done: str) -> HttpResponse:
    if wants_part(request):
        return _request_page(request, command, done=done)
    messages.success(request, done)
    return redirect("approval", command.pk)


def _request_page(
    request: StaffRequest,
    command: Command,
    *,
    confirm: bool = False,
    form: ReasonForm | None = None,
    problem: str = "",
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    """Always as it is now: a colleague, or the clock, may have been quicker."""
    fresh = request_or_404(request.access, command.pk)
    context: dict[str, Any] = {"form": form or ReasonForm(), "problem": problem, "done": done}
    context["page"] = approval_page(request.access, fresh, timezone.now())
    context["confirm"] = confirm and context["page"].answer.may_approve
    page, part = "dashboard/approval.html", "dashboard/approval/_answered.html"
    return render_page_or_part(request, page, part, context, status=status)
