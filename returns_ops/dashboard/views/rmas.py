from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import bench_of
from returns_ops.dashboard.forms import RmaFilterForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.listing import listing_of, told
from returns_ops.dashboard.show.decision import asked_of
from returns_ops.dashboard.show.rma import View, page_of, rma_or_404
from returns_ops.returns import queues, transitions
from returns_ops.returns.queues import Cursor


@require_safe
@needs(Permission.VIEW_RMAS)
def rmas(request: StaffRequest) -> HttpResponse:
    form = RmaFilterForm(request.GET, request.access.shops)
    listing = listing_of(request.access, form, timezone.now())
    part = "dashboard/_rma_list.html" if listing.first_page else "dashboard/_rma_rows.html"
    return render_page_or_part(request, "dashboard/rmas.html", part, {"list": listing})


@require_safe
@needs(Permission.VIEW_RMAS)
def rmas_changes(request: StaffRequest) -> HttpResponse:
    """What has come or changed since a list was shown; silence when nothing has."""
    form = RmaFilterForm(request.GET, request.access.shops)
    seen_at = parse_datetime(request.GET.get("seen_at", ""))
    if seen_at is None or seen_at.tzinfo is None:
        return HttpResponse(status=204)
    changes = queues.changes(
        form.wanted(timezone.now()),
        request.access.shown,
        seen_at=seen_at,
        last=Cursor.parse(request.GET.get("last", "")),
    )
    text = told(changes)
    return HttpResponse(text) if text else HttpResponse(status=204)


@require_safe
@needs(Permission.VIEW_RMAS)
def rma(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    found = rma_or_404(request.access, shop, rma_number)
    before = request.GET.get("before", "")
    earlier = int(before) if before.isdecimal() and len(before) < 19 else None
    view = View(before=earlier, asked=asked_of(request), device=bench_of(request))
    page = page_of(request.access, found, timezone.now(), view)
    return render_page_or_part(
        request, "dashboard/rma.html", "dashboard/rma/_timeline_more.html", {"page": page}
    )


@require_safe
@needs(Permission.VIEW_RMAS)
def rma_below(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """What a scan does not wait for: below the bench, and the forms that are closed at first."""
    found = rma_or_404(request.access, shop, rma_number)
    if not wants_part(request):
        return redirect(found)
    page = page_of(request.access, found, timezone.now(), View(device=bench_of(request)))
    return render(request, "dashboard/rma/_below.html", {"page": page, "follows": True})


@require_POST
@needs(Permission.REVEAL)
def rma_reveal(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """The customer's address, once: it is asked for, and it is noted."""
    found = rma_or_404(request.access, shop, rma_number)
    transitions.reveal_email(found.pk, by=request.user)
    view = View(revealed=True, device=bench_of(request))
    page = page_of(request.access, found, timezone.now(), view)
    return render(request, "dashboard/rma.html", {"page": page})


@require_safe
@needs(Permission.VIEW_RMAS)
def rma_changes(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """Whether the RMA on the screen is still the one in the database."""
    found = rma_or_404(request.access, shop, rma_number)
    seen = request.GET.get("version", "")
    if seen.isdecimal() and found.version > int(seen):
        return HttpResponse("This return has changed since you opened it.")
    return HttpResponse(status=204)
