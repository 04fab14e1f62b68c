from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts import audit
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.events import events_console, events_news
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part
from returns_ops.dashboard.show.event import event_page, find_event, gone_or_404


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_in(request: StaffRequest) -> HttpResponse:
    console = events_console(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/in.html", {"console": console})


@require_safe
@needs(Permission.VIEW_MESSAGES)
def messages_in_changes(request: StaffRequest) -> HttpResponse:
    news = events_news(request.access, request.GET, timezone.now())
    return render(request, "dashboard/messages/_in_news.html", {"news": news})


def no_longer_kept(request: StaffRequest, event_id: int) -> HttpResponse:
    """In place of an event that history names; 404 where none of the person's shops does."""
    page = gone_or_404(request.access, event_id, timezone.now())
    return render(request, "dashboard/messages/event_gone.html", {"page": page}, status=410)


@require_safe
@needs(Permission.VIEW_MESSAGES)
def event(request: StaffRequest, event_id: int) -> HttpResponse:
    found = find_event(request.access, event_id)
    if found is None:
        return no_longer_kept(request, event_id)
    page = event_page(request.access, found, timezone.now())
    return render(request, "dashboard/messages/event.html", {"page": page})


@require_POST
@needs(Permission.RESOLVE)
def event_reveal(request: StaffRequest, event_id: int) -> HttpResponse:
    """The payload with its e-mail addresses, once: it is asked for, and it is noted."""
    found = find_event(request.access, event_id)
    if found is None:
        return no_longer_kept(request, event_id)
    audit.record(
        "event.revealed",
        found.subject or str(found),
        shop=found.shop,
        actor=request.user,
        event=found.pk,
    )
    page = event_page(request.access, found, timezone.now(), revealed=True)
    return render_page_or_part(
        request,
        "dashboard/messages/event.html",
        "dashboard/messages/_payload.html",
        {"page": page},
    )
