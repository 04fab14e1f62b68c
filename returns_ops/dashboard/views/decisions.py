from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.forms import ApproveForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.rma import command_or_404, page_of, rma_or_404, tracker_for
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions import Refused

UNREADABLE = "This form did not arrive whole. Please decide again."


@require_POST
@needs(Permission.APPROVE)
def rma_approve(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _decided(request, rma, problem=UNREADABLE, status=422)
    try:
        decisions.approve(rma.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        return _decided(request, rma, problem=str(refusal), status=409)
    return _decided(request, rma, done="Saved. It goes to Narvar by itself.")


@require_POST
@needs(Permission.APPROVE)
def command_undo(request: StaffRequest, command_id: int) -> HttpResponse:
    command = command_or_404(request.access, command_id)
    rma = rma_or_404(request.access, command.shop.domain, command.subject)
    try:
        decisions.undo(command.pk, by=request.user)
    except Refused as refusal:
        return _decided(request, rma, problem=str(refusal), status=409)
    if request.POST.get("back") == "command":
        messages.success(request, "Undone. Nothing was sent.")
        return redirect("command", command.pk)
    return _decided(request, rma, done="Undone. Nothing was sent.")


@require_safe
@needs(Permission.VIEW_RMAS)
def rma_tracker(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    tracker = tracker_for(rma, timezone.now())
    if tracker is None or tracker.settled:
        page = page_of(request.access, rma, timezone.now())
        whole = render(request, "dashboard/rma/_settled.html", {"page": page})
        return HttpResponseStopPolling(whole.content)
    return render(
        request, "dashboard/rma/_tracker.html", {"tracker": tracker, "rma": rma, "oob": True}
    )


def _decided(
    request: StaffRequest, rma: Rma, *, problem: str = "", done: str = "", status: int = 200
) -> HttpResponse:
    """The fresh RMA with what was done or why not; a plain form is redirected to its page."""
    if done and not wants_part(request):
        messages.success(request, done)
        return redirect(rma)
    fresh = Rma.objects.get(pk=rma.pk)
    fresh.shop = rma.shop
    context: dict[str, Any] = {"problem": problem, "done": done}
    context["page"] = page_of(request.access, fresh, timezone.now())
    return render_page_or_part(
        request, "dashboard/rma.html", "dashboard/rma/_decided.html", context, status=status
    )
