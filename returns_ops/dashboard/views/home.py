from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.context import destinations, unread_of
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.overview import overview_of
from returns_ops.dashboard.troubles import troubles_of


@require_safe
@open_to_all_staff
def home(request: StaffRequest) -> HttpResponse:
    overview = overview_of(request.access, timezone.now())
    return render(request, "dashboard/home.html", {"overview": overview})


@require_safe
@open_to_all_staff
def nav_counts(request: StaffRequest) -> HttpResponse:
    """The counters and banners, for whoever keeps a page open."""
    access, asked = request.access, request.GET
    places = destinations(access, "")
    where, domain = asked.get("on", ""), asked.get("about", "").lower()
    troubles = troubles_of(access, domain=domain, where=where, now=timezone.now())
    told = {"places": places, "troubles": troubles, "unread": unread_of(access)}
    return render(request, "dashboard/_nav_counts.html", told)
