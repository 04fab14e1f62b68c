from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import bench_of
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.parcel_forms import MatchForm
from returns_ops.dashboard.show.matching import Matching, returns_named, rows_of
from returns_ops.dashboard.show.parcels import match_url, page_of_parcel, parcel_or_404
from returns_ops.returns.models import Parcel, Rma
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.matching import Match, match_parcel
from returns_ops.returns.transitions.receiving import Bench

PAGE = "dashboard/parcels/parcel.html"
PART = "dashboard/parcels/_match.html"
UNREADABLE = "Some numbers cannot be. They are marked below."


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE, Permission.RESOLVE)
def parcel_match(request: StaffRequest, parcel_id: int) -> HttpResponse:
    """The return that was named beside the parcel, and how many units go into it."""
    parcel = parcel_or_404(request.access, parcel_id)
    asked = (request.POST if request.method == "POST" else request.GET).get("rma", "")[:255]
    if request.method != "POST" and parcel.state != Parcel.State.OPEN:
        return _back_to(request, parcel)
    found = returns_named(parcel.shop, asked)
    if len(found) == 1 and request.method == "POST":
        return _match(request, parcel, found[0])
    if len(found) == 1:
        return _told(request, parcel, _blank(parcel, found[0]))
    several = tuple((one.rma_number, match_url(parcel, one.rma_number)) for one in found)
    status = 422 if request.method == "POST" else 200
    return _told(request, parcel, Matching(asked, several=several), status=status)


def _blank(parcel: Parcel, rma: Rma) -> Matching:
    rows = rows_of(parcel, rma)
    form = MatchForm(None, rows, version=parcel.version, finish=not parcel.items.exists())
    return Matching(rma.rma_number, rma, form)


def _match(request: StaffRequest, parcel: Parcel, rma: Rma) -> HttpResponse:
    form = MatchForm(request.POST, rows_of(parcel, rma))
    matching = Matching(rma.rma_number, rma, form)
    if not form.is_valid():
        return _told(request, parcel, matching, problem=UNREADABLE, status=422)
    clean = form.cleaned_data
    match = Match(
        parcel_id=parcel.pk,
        rma_id=rma.pk,
        shares=form.shares,
        version=clean["version"],
        finish=clean["finish"],
    )
    try:
        match_parcel(match, bench=Bench(request.user, bench_of(request).name))
    except Refused as refusal:
        return _told(request, parcel, matching, problem=str(refusal), status=409)
    units = sum(share.quantity for share in form.shares)
    counted = "1 unit is" if units == 1 else f"{units} units are"
    messages.success(request, f"{counted} in {rma} now.")
    return _back_to(request, parcel)


def _back_to(request: StaffRequest, parcel: Parcel) -> HttpResponse:
    url = parcel.get_absolute_url()
    return HttpResponseClientRedirect(url) if wants_part(request) else redirect(url)


def _told(
    request: StaffRequest,
    parcel: Parcel,
    matching: Matching,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The version in a refused form is the fresh one: who reads the reason may send it again."""
    page = page_of_parcel(request.access, parcel, timezone.now(), guesses=False)
    context = {"page": page, "matching": matching, "match_problem": problem}
    return render_page_or_part(request, PAGE, PART, context, status=status)
