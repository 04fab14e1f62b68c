import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard import asking
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.badges import REFUSED, switch_operator
from returns_ops.dashboard.bench import LONGEST_NAME, bench_of, remember
from returns_ops.dashboard.forms import ScanForm
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.bench_home import home_of
from returns_ops.dashboard.show.rma import RmaPage, fresh_page, page_of_bundle
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns.codes import CodeKind, read_code
from returns_ops.returns.models import Rma, Scan
from returns_ops.returns.transitions import Bench, Refused, open_return
from returns_ops.returns.transitions.scanning import Outcome, Scanned
from returns_ops.returns.transitions.scanning import scan as do_scan

MOST_ASKED = 3


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE)
def scan(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        return _home(request)
    form = ScanForm(request.POST)
    if not form.is_valid():
        refused = Outcome(result=Scan.Result.REFUSED, said="This scan did not arrive whole.")
        return _answer(request, refused, None)
    code = read_code(form.cleaned_data["code"])
    if code.kind == CodeKind.BADGE:
        return _switch(request, code.candidates[0] if code.candidates else "")
    if code.kind == CodeKind.BENCH:
        return _name_bench(request, code.candidates[0] if code.candidates else "")
    return _scanned(request, form)


def _scanned(request: StaffRequest, form: ScanForm) -> HttpResponse:
    given = form.cleaned_data
    opened = _open_rma(request, given["rma"])
    outcome = do_scan(
        Scanned(
            raw=given["code"],
            scan_id=given["scan_id"] or uuid.uuid4(),
            by=request.user,
            shops=request.access.shops,
            bench=bench_of(request).name,
            open_rma=opened,
            decision=given["decision"] or None,
        )
    )
    return _answer(request, outcome, opened)


def _open_rma(request: StaffRequest, rma_id: int | None) -> Rma | None:
    if rma_id is None:
        return None
    shops = {shop.pk: shop for shop in request.access.shops}
    # What a scan has to know of the return on the screen, before it is read under its lock.
    few = Rma.objects.only("shop_id", "rma_number", "work")
    found = few.filter(pk=rma_id, shop__in=shops).order_by().first()
    if found is not None:
        found.shop = shops[found.shop_id]
    return found


def _switch(request: StaffRequest, token: str) -> HttpResponse:
    before = request.user
    holder = switch_operator(request, token)
    if holder is None:
        return _answer(request, Outcome(result=Scan.Result.REFUSED, said=REFUSED), None)
    if holder != before:
        messages.success(request, f"You are {holder.known_as} now.")
    if wants_part(request):
        return HttpResponseClientRedirect(reverse("scan"))
    return redirect("scan")


def _name_bench(request: StaffRequest, name: str) -> HttpResponse:
    """The card of a bench, scanned at a device that stands there from now on."""
    said = f"This device is {name[:LONGEST_NAME]} now." if name else "This card names no bench."
    result = Scan.Result.COMMAND if name else Scan.Result.REFUSED
    response = _answer(request, Outcome(result=result, said=said), None)
    if name:
        remember(response, replace(bench_of(request), name=name[:LONGEST_NAME]))
    return response


def _answer(request: StaffRequest, outcome: Outcome, opened: Rma | None) -> HttpResponse:
    """The return that was opened; else the parts of the page that the scan changed."""
    if not wants_part(request):
        return _whole(request, outcome)
    if outcome.result == Scan.Result.OPENED and outcome.rma is not None:
        context = {"page": _page(request, outcome), "title": True, "later": True}
        response = render(request, "dashboard/rma/_work.html", context)
        return tell(response, outcome.result, outcome.said, url=outcome.rma.get_absolute_url())
    response = reswap(_parts(request, outcome), "none")
    return tell(response, outcome.result, outcome.said)


def tell(response: HttpResponse, result: str, said: str, *, url: str = "") -> HttpResponse:
    """What the scan box says and sounds, and where the page is from now on."""
    told = {"result": result, "said": said} | ({"url": url} if url else {})
    trigger_client_event(response, "scanned", told)
    return response


def _whole(request: StaffRequest, outcome: Outcome) -> HttpResponse:
    """Without JavaScript: a page each time."""
    done = outcome.result in (Scan.Result.OPENED, Scan.Result.COUNTED)
    if outcome.rma is not None and done:
        messages.success(request, outcome.said)
        return redirect(outcome.rma)
    context: dict[str, Any] = {"found": outcome}
    if outcome.rma is not None:
        context["page"] = _page(request, outcome)
        return render(request, "dashboard/rma.html", context, status=422)
    context["home"] = home_of(request.access, timezone.now())
    return render(request, "dashboard/scan.html", context, status=422)


def _home(request: StaffRequest) -> HttpResponse:
    home = home_of(request.access, timezone.now())
    return render(request, "dashboard/scan.html", {"home": home})


def _page(request: StaffRequest, outcome: Outcome) -> RmaPage:
    if outcome.bundle is not None:
        return page_of_bundle(request, outcome.bundle)
    assert outcome.rma is not None
    return fresh_page(request, outcome.rma)


def _parts(request: StaffRequest, outcome: Outcome) -> HttpResponse:
    context: dict[str, Any] = {"found": outcome, "oob": True}
    if outcome.rma is not None and outcome.result == Scan.Result.COUNTED:
        context["page"] = _page(request, outcome)
        return render(request, "dashboard/rma/_received.html", context)
    return render(request, "dashboard/scan/_found.html", context)


@require_POST
@needs(Permission.RECEIVE)
def scan_open(request: StaffRequest) -> HttpResponse:
    """One of several that fitted was chosen."""
    form = ScanForm(request.POST)
    chosen = _open_rma(request, form.cleaned_data["rma"]) if form.is_valid() else None
    if chosen is None:
        refused = Outcome(result=Scan.Result.REFUSED, said="This return is not there any more.")
        return _answer(request, refused, None)
    return _answer(request, _open(request, chosen), None)


@require_POST
@needs(Permission.RECEIVE)
def scan_ask(request: StaffRequest) -> HttpResponse:
    """Narvar is asked for what we do not know; what it tells is opened."""
    words = request.POST.get("code", "").strip()[:255]
    told = ""
    for shop in request.access.shops[:MOST_ASKED] if words else []:
        try:
            numbers = asking.ask_narvar(shop, words, by=request.user).rma_numbers
        except LookupFailed as failure:
            told = f"{str(failure).rstrip('.')}."
            continue
        if len(numbers) == 1:
            rma = Rma.objects.get(shop=shop, rma_number=numbers[0])
            rma.shop = shop
            return _answer(request, _open(request, rma), None)
        if numbers:
            found = list(Rma.objects.filter(shop=shop, rma_number__in=numbers)[:9])
            for rma in found:
                rma.shop = shop
            said = f"Narvar knows {len(numbers)} returns of {words}. Which one is it?"
            choice = Outcome(result=Scan.Result.CHOICE, said=said, code=words, choice=found)
            return _answer(request, choice, None)
    said = told or f"Narvar does not know {words} either."
    return _answer(request, Outcome(result=Scan.Result.UNKNOWN, said=said, code=words), None)


def _open(request: StaffRequest, rma: Rma) -> Outcome:
    try:
        bench = Bench(request.user, bench_of(request).name)
        said, bundle = open_return(rma.pk, bench=bench)
    except Refused as refusal:
        return Outcome(result=Scan.Result.REFUSED, said=str(refusal))
    return Outcome(result=Scan.Result.OPENED, said=said, rma=bundle.rma, bundle=bundle)
