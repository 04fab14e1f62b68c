"""A status, a note, or both told to Narvar from the page of a return."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench_forms import TellForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.rma import View, fresh_page, rma_or_404
from returns_ops.dashboard.show.telling import Typed
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from returns_ops.returns.policy import Verdict
from returns_ops.returns.transitions import Refused, preview_status

SAID = "Saved. Narvar is told by itself."


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE)
def rma_tell(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """What sets off an automation of Narvar's is read back before it is told."""
    rma = rma_or_404(request.access, shop, rma_number)
    if request.method != "POST":
        return _how_far(request, rma)
    form = TellForm(request.POST)
    if not form.is_valid():
        return _again(request, rma, form, problem=form.problem, status=422)
    if "back" in request.POST:
        return _again(request, rma, form)
    given = form.cleaned_data
    verdict = preview_status(rma, status=given["status"], note=given["note"])
    if verdict.allowed and verdict.warnings and not given["confirmed"]:
        return _again(request, rma, form, review=verdict)
    try:
        decisions.tell_status(rma.pk, by=request.user, **form.wanted())
    except Refused as refusal:
        problem = f"{refusal} Nothing was changed."
        return _again(request, rma, form, problem=problem, status=409)
    return _done(request, rma)


def _how_far(request: StaffRequest, rma: Rma) -> HttpResponse:
    if not wants_part(request):
        return redirect(rma)
    return render(request, "dashboard/rma/_told.html", {"page": fresh_page(request, rma)})


def _done(request: StaffRequest, rma: Rma) -> HttpResponse:
    if not wants_part(request):
        messages.success(request, SAID)
        return redirect(rma)
    context = {"page": fresh_page(request, rma), "done": SAID}
    return render(request, "dashboard/rma/_telling_done.html", context)


def _again(
    request: StaffRequest,
    rma: Rma,
    form: TellForm,
    *,
    problem: str = "",
    review: Verdict | None = None,
    status: int = 200,
) -> HttpResponse:
    """The panel with what was filled in."""
    data = form.data
    typed = Typed(
        status=str(data.get("status", "")),
        note=str(data.get("note", "")),
        problem=problem,
        review=review,
    )
    context: dict[str, Any] = {"page": fresh_page(request, rma, View(typed=typed))}
    page, part = "dashboard/rma.html", "dashboard/rma/_telling.html"
    return render_page_or_part(request, page, part, context, status=status)
