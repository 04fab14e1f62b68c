from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling, trigger_client_event

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench_forms import PartialForm
from returns_ops.dashboard.forms import ApproveForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.decision import Asked, asked_of
from returns_ops.dashboard.show.formats import money
from returns_ops.dashboard.show.merge import Merge, merge_of, seen_from
from returns_ops.dashboard.show.partial import PartialPanel, panel_of, quick_amount, with_amount
from returns_ops.dashboard.show.rma import (
    View,
    command_or_404,
    fresh_page,
    page_of,
    rma_or_404,
    tracker_for,
)
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from returns_ops.returns.plan import Rest
from returns_ops.returns.preview import Bundle
from returns_ops.returns.transitions import Refused, Stale

UNREADABLE = "This form did not arrive whole. Please decide again."
SAVED = "Saved. It goes to Narvar by itself."
ASKED = "Asked for. A second person sees it under Approvals."


@require_POST
@needs(Permission.APPROVE)
def rma_approve(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    form = ApproveForm(request.POST)
    partial = PartialForm(request.POST, rma.currency) if "partial_amount" in request.POST else None
    if not form.is_valid() or (partial is not None and not partial.is_valid()):
        return _decided(request, rma, problem=UNREADABLE, status=422)
    wanted = form.wanted() | (partial.cleaned_data if partial else {})
    try:
        decisions.approve(rma.pk, by=request.user, **wanted)
    except Refused as refusal:
        return _refused(request, rma, refusal, form, partial)
    return _decided(request, rma, done=ASKED if wanted["ask"] else SAVED, event="decided")


def _refused(
    request: StaffRequest,
    rma: Rma,
    refusal: Refused,
    form: ApproveForm,
    partial: PartialForm | None,
) -> HttpResponse:
    """With what was entered still there; after a change by others, beside what changed."""
    view = View(asked=Asked(rest=form.cleaned_data["rest"] or None))
    merge = None
    if partial is not None:
        view = replace(view, partial=_panel(request, rma, partial, review=False))
    if isinstance(refusal, Stale):
        entered = _entered(form, partial)
        seen = seen_from(request.POST.get("seen"))
        merge = merge_of(rma, timezone.now(), seen=seen, entered=entered)
    return _decided(request, rma, problem=str(refusal), status=409, merge=merge, view=view)


def _entered(form: ApproveForm, partial: PartialForm | None) -> dict[str, str]:
    given = {"Refund": {"1": "yes", "0": "no", "ask": "ask"}[form.cleaned_data["refund"]]}
    if form.cleaned_data["rest"] in (Rest.MISSING, Rest.LATER):
        given["The rest"] = str(Rest(form.cleaned_data["rest"]).label)
    if partial is not None:
        labels = {"partial_amount": "Amount", "reason": "Reason", "note": "Note"}
        given |= {label: str(partial.data.get(name, "")) for name, label in labels.items()}
    return given


@require_safe
@needs(Permission.VIEW_RMAS)
def rma_decision(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """The decision as it would be with what the person says of the rest."""
    rma = rma_or_404(request.access, shop, rma_number)
    page = page_of(request.access, rma, timezone.now(), View(asked=asked_of(request)))
    if not wants_part(request):
        return redirect(f"{rma.get_absolute_url()}?{request.GET.urlencode()}")
    context = {"page": page, "done": True}
    response = render(request, "dashboard/rma/_decision_and_partial.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@needs(Permission.APPROVE)
def rma_partial(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """The amount of a partial refund: what it would mean, then the words to read back."""
    rma = rma_or_404(request.access, shop, rma_number)
    form = PartialForm(_with_quick(request, rma), rma.currency)
    asks = not {"quick", "live", "back"} & request.POST.keys()
    panel = _panel(request, rma, form, review=asks)
    if "live" in request.POST:
        return HttpResponse(panel.errors.get("amount") or panel.said)
    status = 422 if asks and panel.errors else 200
    page = fresh_page(request, rma, View(partial=panel))
    context = {"page": page, "panel": panel}
    return render_page_or_part(
        request, "dashboard/rma.html", "dashboard/rma/_partial_panel.html", context, status=status
    )


def _with_quick(request: StaffRequest, rma: Rma) -> Any:
    """A quick button fills in the amount."""
    data = request.POST.copy()
    if "quick" in data:
        bundle = Bundle(rma)
        amount = quick_amount(bundle, panel_of(bundle), str(data["quick"]))
        if amount is not None:
            data["partial_amount"] = f"{amount:f}"
    return data


def _panel(request: StaffRequest, rma: Rma, form: PartialForm, *, review: bool) -> PartialPanel:
    bundle = Bundle(rma)
    valid = form.is_valid()
    panel = replace(
        panel_of(bundle),
        open=True,
        amount=str(form.data.get("partial_amount", "")),
        reason=str(form.data.get("reason", "")),
        note=str(form.data.get("note", "")),
    )
    amount = form.amount
    if amount is not None:
        rest = form.cleaned_data.get("rest") or Rest.AS_EXPECTED
        panel = with_amount(panel, bundle, amount, rest=rest, user=request.user)
        panel = replace(panel, shown=money(amount, rma.currency))
    errors = {
        "amount" if name == "partial_amount" else name: " ".join(map(str, texts))
        for name, texts in form.errors.items()
        if review or (name == "partial_amount" and form.data.get("partial_amount"))
    }
    panel = replace(panel, errors=panel.errors | errors)
    ready = review and valid and not panel.errors
    return replace(panel, reviewing=ready)


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
    return _decided(request, rma, done="Undone. Nothing was sent.", event="undone")


@require_POST
@needs(Permission.APPROVE)
def command_hold(request: StaffRequest, command_id: int) -> HttpResponse:
    return _clock(request, command_id, hold=True)


@require_POST
@needs(Permission.APPROVE)
def command_release(request: StaffRequest, command_id: int) -> HttpResponse:
    return _clock(request, command_id, hold=False)


def _clock(request: StaffRequest, command_id: int, *, hold: bool) -> HttpResponse:
    command = command_or_404(request.access, command_id)
    rma = rma_or_404(request.access, command.shop.domain, command.subject)
    change = decisions.put_on_hold if hold else decisions.release_hold
    try:
        change(command.pk, by=request.user)
    except Refused as refusal:
        return _decided(request, rma, problem=str(refusal), status=409)
    done = "On hold: nothing is sent until you release it." if hold else "Released: sent now."
    return _decided(request, rma, done=done)


@require_safe
@needs(Permission.VIEW_RMAS)
def rma_tracker(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    tracker = tracker_for(request.access, rma, timezone.now())
    if tracker is None or tracker.settled:
        page = page_of(request.access, rma, timezone.now())
        whole = render(request, "dashboard/rma/_settled.html", {"page": page})
        return HttpResponseStopPolling(whole.content)
    return render(
        request, "dashboard/rma/_tracker.html", {"tracker": tracker, "rma": rma, "oob": True}
    )


def _decided(
    request: StaffRequest,
    rma: Rma,
    *,
    problem: str = "",
    done: str = "",
    status: int = 200,
    event: str = "",
    merge: Merge | None = None,
    view: View | None = None,
) -> HttpResponse:
    """The fresh RMA with what was done or why not; a plain form is redirected to its page."""
    if done and not wants_part(request):
        messages.success(request, done)
        return redirect(rma)
    context: dict[str, Any] = {"problem": problem, "done": done, "merge": merge}
    context["page"] = fresh_page(request, rma, view)
    response = render_page_or_part(
        request, "dashboard/rma.html", "dashboard/rma/_decided.html", context, status=status
    )
    if event:
        trigger_client_event(response, event, {"said": done})
    return response
