from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard import asking
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.forms import AskForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.rma import page_of, rma_or_404
from returns_ops.narvar.lookup import Found
from returns_ops.narvar.reading import LookupFailed


@require_POST
@needs(Permission.VIEW_RMAS)
def rmas_ask(request: StaffRequest) -> HttpResponse:
    form = AskForm(request.POST, request.access.shops)
    if not form.is_valid():
        return _answered(request, "Say what to look for, and in which of your shops.")
    shop = request.access.shop_or_404(form.cleaned_data["shop"])
    words = form.cleaned_data["q"]
    try:
        found = asking.ask_narvar(shop, words, by=request.user)
    except LookupFailed as failure:
        return _answered(request, f"{str(failure).rstrip('.')}. Nothing was found out.")
    if not found.rma_numbers:
        return _answered(request, _nothing(shop, words, found))
    url = _where(shop, words, found)
    return HttpResponseClientRedirect(url) if wants_part(request) else redirect(url)


def _where(shop: Shop, words: str, found: Found) -> str:
    """The RMA when there is one, else the list of them."""
    if len(found.rma_numbers) == 1:
        return reverse("rma", args=[shop.domain, found.rma_numbers[0]])
    return f"{reverse('rmas')}?{urlencode({'tab': 'all', 'shop': shop.domain, 'q': words})}"


def _nothing(shop: Shop, words: str, found: Found) -> str:
    if found.problems:
        return f"Narvar answered, but its answer cannot be read: {found.problems[0]}"
    if "@" in words:
        return f"Narvar knows no return of {words} at {shop}."
    return f"Narvar knows no return and no order {words} at {shop}."


def _answered(request: StaffRequest, problem: str) -> HttpResponse:
    context = {"problem": problem, "back": request.POST.get("q", "")}
    return render_page_or_part(
        request, "dashboard/asked.html", "dashboard/_asked.html", context, status=422
    )


@require_POST
@needs(Permission.VIEW_RMAS)
def rma_refresh(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    try:
        asking.refresh(rma, by=request.user)
    except LookupFailed as failure:
        page = page_of(request.access, rma, timezone.now())
        problem = f"{str(failure).rstrip('.')}. What you see is as old as it says."
        context = {"page": page, "refresh_problem": problem}
        return render_page_or_part(
            request, "dashboard/rma.html", "dashboard/rma/_refresh.html", context, status=422
        )
    messages.success(request, "Read from Narvar just now.")
    return HttpResponseClientRefresh() if wants_part(request) else redirect(rma)
