from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.location_forms import ConfirmForm, LocationForm, confirmation
from returns_ops.dashboard.show.location import location_or_404
from returns_ops.dashboard.show.location_acts import (
    chosen,
    deletion_page,
    restoring_page,
    settling_page,
)
from returns_ops.dashboard.show.location_form import Checked, FormPage, checked, form_page
from returns_ops.dashboard.views.locations import managing, show
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import NeedsConfirmation, Refused

FORM = "dashboard/locations/edit.html"
SAVED = "Saved. It goes to Narvar by itself."
# A field whose change means something for others as well.
LIVE = {"fix", *LocationForm.base_fields}


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def location_new(request: StaffRequest) -> HttpResponse:
    shops = request.access.shops
    if request.method != "POST":
        return _form(request, LocationForm(None, shops, country=_usual_country(shops)))
    return _posted(request, LocationForm(request.POST, shops), None)


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def location_edit(request: StaffRequest, location_id: int) -> HttpResponse:
    found = location_or_404(request.access, location_id)
    if found.removed_at:
        return show(request, found, problem=f"{found} was removed.", status=409)
    if request.method != "POST":
        return _form(request, LocationForm(None, [found.shop], found))
    return _posted(request, LocationForm(request.POST, [found.shop], found), found)


def _posted(
    request: StaffRequest, form: LocationForm, found: ReturnLocation | None
) -> HttpResponse:
    if {"fix", "look"} & request.POST.keys():
        return _form(request, form, asked=False)
    if not form.is_valid() or form.unsure:
        return _form(request, form, status=422)
    try:
        command = _save(request, form, found)
    except NeedsConfirmation as refusal:
        asked = "typed_name" in request.POST
        return _form(request, form, moving=str(refusal) if asked else "first", status=422)
    except Refused as refusal:
        return _form(request, form, problem=str(refusal), status=409)
    messages.success(request, SAVED)
    return redirect("location", int(command.subject.removeprefix("location ")))


def _save(request: StaffRequest, form: LocationForm, found: ReturnLocation | None) -> Command:
    clean = form.cleaned_data
    domain = clean["shop"] or request.access.shops[0].domain
    return decisions.save_location(
        found.shop if found else request.access.shop_or_404(domain),
        by=request.user,
        order=form.order(),
        submission_token=clean["submission_token"],
        location_id=found.pk if found else None,
        version=clean["version"] or 0,
        confirmed=confirmation(clean),
    )


def _usual_country(shops: list[Shop]) -> str:
    """Most often the next location is in the country of the one before."""
    last = ReturnLocation.objects.filter(shop__in=shops, removed_at=None).order_by("-pk").first()
    return last.country_code if last else ""


def _form(
    request: StaffRequest, form: LocationForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    page: FormPage = form_page(request.access, form, **more)
    return render(request, FORM, {"page": page, "form": form}, status=status)


@require_POST
@managing
def location_validate(request: StaffRequest, field: str) -> HttpResponse:
    """One field, in the light of the others, while the form is filled in."""
    if field not in LIVE:
        raise Http404("There is no such field.")
    form = LocationForm(request.POST, request.access.shops)
    result: Checked = checked(request.access, form, field)
    return render(request, "dashboard/locations/_checked.html", {"form": form, "checked": result})


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def location_delete(request: StaffRequest, location_id: int) -> HttpResponse:
    found = location_or_404(request.access, location_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None, found)
    problem, status = "", 200
    if form.is_bound:
        problem, status = "This form did not arrive whole. Please look again.", 422
    if form.is_valid():
        try:
            return _deleted(request, found, form)
        except NeedsConfirmation as refusal:
            problem = str(refusal)
        except Refused as refusal:
            problem, status = str(refusal), 409
    page = deletion_page(found, form, problem)
    return render(request, "dashboard/locations/delete.html", {"page": page}, status=status)


def _deleted(request: StaffRequest, found: ReturnLocation, form: ConfirmForm) -> HttpResponse:
    command = decisions.remove_location(
        found.pk,
        by=request.user,
        version=form.cleaned_data["version"],
        submission_token=form.cleaned_data["submission_token"],
        confirmed=form.confirmed,
    )
    if command is None:
        messages.success(request, f"{found} is removed. Narvar never had it.")
        return redirect("locations")
    messages.success(request, "Saved. Its removal goes to Narvar by itself.")
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def location_settle(request: StaffRequest, location_id: int) -> HttpResponse:
    """Two versions become one again: each field ours, or Narvar's."""
    found = location_or_404(request.access, location_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None, found)
    choices, problem, status = chosen(found, request.POST), "", 200
    if form.is_valid():
        try:
            return _settled(request, found, form, choices)
        except NeedsConfirmation as refusal:
            problem, status = str(refusal), 422
        except Refused as refusal:
            problem, status = str(refusal), 409
    page = settling_page(found, form, choices, problem)
    if not page.comparisons and not found.gone_at and not problem:
        return redirect(found)
    return render(request, "dashboard/locations/settle.html", {"page": page}, status=status)


def _settled(
    request: StaffRequest, found: ReturnLocation, form: ConfirmForm, choices: dict[str, str]
) -> HttpResponse:
    command = decisions.settle_location(
        found.pk,
        by=request.user,
        version=form.cleaned_data["version"],
        submission_token=form.cleaned_data["submission_token"],
        choices=choices,
        confirmed=form.confirmed,
    )
    messages.success(request, SAVED if command else "Settled. It is as Narvar has it.")
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def location_restore(request: StaffRequest, location_id: int, change_id: int) -> HttpResponse:
    found = location_or_404(request.access, location_id)
    change = found.history.filter(pk=change_id).first()
    if change is None:
        raise Http404("There is no such version.")
    form = ConfirmForm(request.POST if request.method == "POST" else None, found)
    problem, status = "", 200
    if form.is_valid():
        clean = form.cleaned_data
        try:
            decisions.restore_location(
                found.pk,
                change.pk,
                by=request.user,
                version=clean["version"],
                submission_token=clean["submission_token"],
                confirmed=form.confirmed,
            )
        except NeedsConfirmation as refusal:
            problem, status = str(refusal), 422
        except Refused as refusal:
            problem, status = str(refusal), 409
        else:
            messages.success(request, SAVED)
            return redirect(found)
    page = restoring_page(found, change, form, problem)
    return render(request, "dashboard/locations/restore.html", {"page": page}, status=status)
