from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import bench_of
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.parcel_forms import (
    CloseParcelForm,
    EditParcelForm,
    NewParcelForm,
    OwnerForm,
    ParcelForm,
    first_error,
)
from returns_ops.dashboard.show.parcels import colleagues_in, page_of_parcel, parcel_or_404
from returns_ops.dashboard.show.shelf import shelf_of
from returns_ops.returns.models import Parcel
from returns_ops.returns.transitions import parcels as moves
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.parcels import AlreadyThere
from returns_ops.returns.transitions.receiving import Bench

PAGE = "dashboard/parcels/parcel.html"
FORM = "dashboard/parcels/describe.html"
handling = needs(Permission.RECEIVE, Permission.RESOLVE)


@require_safe
@handling
def parcels(request: StaffRequest) -> HttpResponse:
    asked = request.GET
    shelf = shelf_of(request.access, asked.get("tab", ""), asked.get("after", ""), timezone.now())
    return render(request, "dashboard/parcels/shelf.html", {"shelf": shelf})


@require_http_methods(["GET", "HEAD", "POST"])
@handling
def parcel_new(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        tracking = request.GET.get("tracking", "")[:255]
        form = NewParcelForm(None, request.access.shops, tracking_number=tracking)
        there = moves.waiting_under(request.access.shops, tracking).first()
        return render(request, FORM, {"form": form, "there": there})
    form = NewParcelForm(request.POST, request.access.shops)
    if not form.is_valid():
        return render(request, FORM, {"form": form}, status=422)
    shop = request.access.shop_or_404(form.cleaned_data["shop"])
    bench = Bench(request.user, bench_of(request).name)
    token = form.cleaned_data["submission_token"]
    try:
        parcel = moves.register_parcel(shop, form.description, bench=bench, submission_token=token)
    except Refused as refusal:
        return _refused_form(request, form, refusal)
    messages.success(request, f"{parcel} is on the list. Add photos of it now.")
    return redirect(parcel)


@require_safe
@handling
def parcel(request: StaffRequest, parcel_id: int) -> HttpResponse:
    return show(request, parcel_or_404(request.access, parcel_id))


@require_http_methods(["GET", "HEAD", "POST"])
@handling
def parcel_edit(request: StaffRequest, parcel_id: int) -> HttpResponse:
    found = parcel_or_404(request.access, parcel_id)
    items = list(found.items.all())
    form = EditParcelForm(request.POST if request.method == "POST" else None, found, items)
    if request.method != "POST":
        return render(request, FORM, {"form": form, "parcel": found})
    if not form.is_valid():
        return render(request, FORM, {"form": form, "parcel": found}, status=422)
    version = form.cleaned_data["version"]
    try:
        moves.edit_parcel(found.pk, form.description, by=request.user, version=version)
    except Refused as refusal:
        return _refused_form(request, form, refusal, found)
    messages.success(request, "Saved.")
    return redirect(found)


@require_POST
@handling
def parcel_owner(request: StaffRequest, parcel_id: int) -> HttpResponse:
    found = parcel_or_404(request.access, parcel_id)
    form = OwnerForm(request.POST, list(colleagues_in(found.shop)))
    if not form.is_valid():
        return show(request, found, problem="Choose somebody of the list.", status=422)
    return _moved(
        request,
        found,
        lambda: moves.hand_over(found.pk, form.owner, by=request.user),
        said=f"{form.owner.known_as} looks after it now." if form.owner else "Nobody’s now.",
    )


@require_POST
@handling
def parcel_close(request: StaffRequest, parcel_id: int) -> HttpResponse:
    found = parcel_or_404(request.access, parcel_id)
    form = CloseParcelForm(request.POST)
    if not form.is_valid():
        context = {"because": request.POST.get("because", ""), "close_problem": True}
        return show(request, found, problem=first_error(form.errors), status=422, **context)
    clean = form.cleaned_data
    return _moved(
        request,
        found,
        lambda: moves.close_parcel(
            found.pk, clean["because"], by=request.user, version=clean["version"]
        ),
        said="Closed.",
        because=clean["because"],
    )


@require_POST
@handling
def parcel_reopen(request: StaffRequest, parcel_id: int) -> HttpResponse:
    found = parcel_or_404(request.access, parcel_id)
    return _moved(
        request, found, lambda: moves.reopen_parcel(found.pk, by=request.user), said="Open again."
    )


def show(
    request: StaffRequest, parcel: Parcel, *, status: int = 200, **context: Any
) -> HttpResponse:
    page = page_of_parcel(request.access, parcel, timezone.now())
    return render(request, PAGE, {"page": page, **context}, status=status)


def _moved(
    request: StaffRequest, parcel: Parcel, move: Any, *, said: str, **typed: str
) -> HttpResponse:
    try:
        move()
    except Refused as refusal:
        fresh = parcel_or_404(request.access, parcel.pk)
        return show(request, fresh, problem=str(refusal), status=409, **typed)
    messages.success(request, said)
    return redirect(parcel)


def _refused_form(
    request: StaffRequest, form: ParcelForm, refusal: Refused, parcel: Parcel | None = None
) -> HttpResponse:
    """Nothing typed is lost. The fresh version goes into the form, beside what others wrote."""
    context: dict[str, Any] = {"form": form, "problem": str(refusal)}
    if isinstance(refusal, AlreadyThere):
        context["there"] = refusal.parcel
    if parcel is not None:
        context["parcel"] = fresh = parcel_or_404(request.access, parcel.pk)
        context["stored"] = form.unlike(fresh, list(fresh.items.all()))
    return render(request, FORM, context, status=409)
