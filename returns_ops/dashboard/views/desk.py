"""The exceptions desk: its lists, the views people keep, and the next case to work on."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.desk import CAUSES, CLOCKS, Asked, frame_of, listing_of
from returns_ops.dashboard.htmx import StaffRequest, posted, render_page_or_part
from returns_ops.dashboard.show.bulk import bar_buttons
from returns_ops.dashboard.show.causes import cause_cards, clock_groups
from returns_ops.returns import clocks, transitions
from returns_ops.returns import desk as queries
from returns_ops.returns.desk import Tab
from returns_ops.returns.desk_changes import among, desk_changes
from returns_ops.returns.queues import Changes, Cursor
from returns_ops.returns.transitions import Refused

LIST = "dashboard/desk/list.html"
CLOCKS_SHOWN = 200
WORKABLE = {Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.LATE}


@require_safe
@needs(Permission.RESOLVE)
def exceptions(request: StaffRequest) -> HttpResponse:
    asked = Asked.read(request.access, request.GET)
    after = Cursor.parse(request.GET.get("after", ""))
    return _desk(request, asked, after=after)


def _desk(
    request: StaffRequest,
    asked: Asked,
    *,
    after: Cursor | None = None,
    problem: str = "",
) -> HttpResponse:
    access, now = request.access, timezone.now()
    shops = asked.shops_of(access)
    numbers = queries.tabs(shops, access.user, now)
    context: dict[str, Any] = {"desk": frame_of(access, asked, numbers), "view_problem": problem}
    if asked.tab == CAUSES:
        link = Asked(shop=asked.shop).link
        context["cards"] = cause_cards(queries.cards(shops, now), now, link)
    elif asked.tab == CLOCKS:
        rows = clocks.clocks(shops, now, size=CLOCKS_SHOWN).rows
        context["clocks"] = clock_groups(shops, clocks.per_shop(shops, now), rows, now)
    else:
        context["list"] = listing_of(access, asked, numbers, now, after=after)
    part = "dashboard/desk/_rows.html" if after else "dashboard/desk/_cases.html"
    context["bulk_actions"] = bar_buttons()
    if not asked.is_list:
        return render(request, LIST, context)
    context["view_name"] = posted(request, "name")
    return render_page_or_part(request, LIST, part, context, status=422 if problem else 200)


@require_safe
@needs(Permission.RESOLVE)
def exceptions_changes(request: StaffRequest) -> HttpResponse:
    """What has come or changed since a list was shown; silence when nothing has."""
    access = request.access
    asked = Asked.read(access, request.GET)
    since = _moment(request.GET.get("since", "")[:40])
    if since is None or since.tzinfo is None:
        return HttpResponse(status=204)
    shops = asked.shops_of(access)
    found = desk_changes(asked.wanted, shops, access.user, since=since, now=timezone.now())
    text = told(found)
    return HttpResponse(text) if text else HttpResponse(status=204)


def _moment(text: str) -> datetime | None:
    """Nothing, too, where it looks like a time but is none."""
    try:
        return parse_datetime(text)
    except (ValueError, OverflowError):
        return None


def told(changes: Changes) -> str:
    """`4 new cases, 1 changed`, or nothing when there is nothing to tell."""
    parts = []
    if changes.new:
        parts.append(f"{changes.new} new case{'' if changes.new == 1 else 's'}")
    if changes.changed:
        noun = "" if changes.new else f" case{'' if changes.changed == 1 else 's'}"
        parts.append(f"{changes.changed}{noun} changed")
    return ", ".join(parts)


@require_POST
@needs(Permission.RESOLVE)
def desk_views(request: StaffRequest) -> HttpResponse:
    """Keep what is on the screen under a name."""
    access = request.access
    asked = Asked.parse(access, posted(request, "query"))
    shared = request.POST.get("shared", "")
    shop = access.shop_or_404(shared) if shared else None
    try:
        name = posted(request, "name")
        transitions.save_view(name, asked.query(), by=access.user, shop=shop)
    except Refused as problem:
        return _desk(request, asked, problem=str(problem))
    messages.success(request, "Saved. It is a link: others can open its address too.")
    return redirect(asked.link())


@require_POST
@needs(Permission.RESOLVE)
def desk_view_delete(request: StaffRequest, view_id: int) -> HttpResponse:
    if not transitions.remove_view(view_id, by=request.user):
        raise Http404("You have no such view.")
    messages.success(request, "Deleted.")
    return redirect("exceptions")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESOLVE)
def case_next(request: StaffRequest) -> HttpResponse:
    """The most urgent case of the view that nobody has: it is this person's for ten minutes."""
    asked = Asked.read(request.access, request.GET)
    if request.method == "POST":
        return next_case(request, asked)
    told = {"asked": asked, "here": asked.link("case_next"), "none": "none" in request.GET}
    return render(request, "dashboard/desk/next.html", told)


def next_case(request: StaffRequest, asked: Asked) -> HttpResponse:
    """Where a person goes when they are done with a case."""
    shops = asked.shops_of(request.access)
    view = asked.wanted if asked.view in WORKABLE else replace(asked.wanted, tab=Tab.ALL)
    only = among(view, shops, request.user, timezone.now())
    case = transitions.work_next(shops, by=request.user, among=only)
    if case is None:
        return redirect(f"{asked.link('case_next')}&none=1")
    return redirect(f"{reverse('case', args=[case.pk])}?{asked.query()}")
