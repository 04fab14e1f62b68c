from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.consoles import key_of
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part
from returns_ops.dashboard.show.location import LocationPage, location_or_404, location_page
from returns_ops.dashboard.show.locations import fresh_rows, location_list
from returns_ops.narvar import decisions
from returns_ops.narvar import locations as reading
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import Refused

PAGE = "dashboard/locations/location.html"
LIST = "dashboard/locations/list.html"
CLOCKS = {
    "undo": (decisions.undo, "Undone. Nothing was sent."),
    "hold": (decisions.put_on_hold, "On hold: nothing is sent until you release it."),
    "release": (decisions.release_hold, "Released: it is sent now."),
}
seeing = needs(Permission.VIEW_RMAS, Permission.MANAGE_LOCATIONS)
managing = needs(Permission.MANAGE_LOCATIONS)


@require_safe
@seeing
def locations(request: StaffRequest) -> HttpResponse:
    found = location_list(request.access, request.GET, timezone.now())
    part = "dashboard/locations/_list.html"
    return render_page_or_part(request, LIST, part, {"list": found})


@require_safe
@seeing
def locations_changes(request: StaffRequest) -> HttpResponse:
    """How far those on a list have come that were under way."""
    rows = fresh_rows(request.access, request.GET, timezone.now())
    return render(request, "dashboard/locations/_changes.html", {"rows": rows})


@require_POST
@managing
def locations_sync(request: StaffRequest) -> HttpResponse:
    shop = request.access.shop_or_404(request.POST.get("shop", ""))
    try:
        reading.ask_to_sync(shop, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Asked Narvar for its list. It is read within seconds.")
    return redirect("locations")


@require_safe
@seeing
def location(request: StaffRequest, location_id: int) -> HttpResponse:
    found = location_or_404(request.access, location_id)
    return show(request, found)


@require_safe
@seeing
def location_standing(request: StaffRequest, location_id: int) -> HttpResponse:
    page = _page(request, location_or_404(request.access, location_id))
    return render(request, "dashboard/locations/_standing.html", {"page": page, "oob": True})


@require_POST
@managing
def location_undo(request: StaffRequest, location_id: int, command_id: int) -> HttpResponse:
    """Take it back, or stop or release its clock, while nothing was sent."""
    found = location_or_404(request.access, location_id)
    command = found.shop.commands.filter(pk=command_id, subject=found.subject).first()
    act, said = CLOCKS.get(request.POST.get("act", ""), CLOCKS["undo"])
    if command is None:
        return show(request, found, problem="This belongs to something else.", status=409)
    try:
        act(command.pk, by=request.user)
    except Refused as refusal:
        fresh = location_or_404(request.access, location_id)
        return show(request, fresh, problem=str(refusal), status=409)
    messages.success(request, said)
    # What was never anywhere else is gone with its undoing.
    there = ReturnLocation.objects.filter(pk=found.pk).exists()
    return redirect(found) if there else redirect("locations")


@require_POST
@managing
def location_link(request: StaffRequest, location_id: int) -> HttpResponse:
    """An id on parcels that is known to mean this location, or does not any more."""
    found = location_or_404(request.access, location_id)
    other_id, version = request.POST.get("other_id", ""), key_of(request.POST.get("version", ""))
    change = decisions.unlink_location if "unlink" in request.POST else decisions.link_location
    try:
        change(found.pk, other_id, by=request.user, version=version or 0)
    except Refused as refusal:
        return show(request, found, link_problem=str(refusal), other_id=other_id, status=409)
    messages.success(request, "Saved. Nothing is sent to Narvar for it.")
    return redirect(found)


def show(
    request: StaffRequest, found: ReturnLocation, *, status: int = 200, **context: str
) -> HttpResponse:
    return render(request, PAGE, {"page": _page(request, found), **context}, status=status)


def _page(request: StaffRequest, found: ReturnLocation) -> LocationPage:
    before = key_of(request.GET.get("before", ""))
    return location_page(request.access, found, timezone.now(), before)
