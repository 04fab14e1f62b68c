from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.consoles import commands_console, events_console
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.messages import command_page, event_page


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_in(request: StaffRequest) -> HttpResponse:
    console = events_console(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/in.html", {"console": console})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_out(request: StaffRequest) -> HttpResponse:
    console = commands_console(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/out.html", {"console": console})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def event(request: StaffRequest, event_id: int) -> HttpResponse:
    page = event_page(request.access, event_id, timezone.now())
    return render(request, "dashboard/messages/event.html", {"page": page})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def command(request: StaffRequest, command_id: int) -> HttpResponse:
    page = command_page(request.access, command_id, timezone.now())
    return render(request, "dashboard/messages/command.html", {"page": page})
