from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.forms import ReasonForm
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.shop import shop_page
from returns_ops.dashboard.show.traffic import MAY_CONTROL, switch_of
from returns_ops.narvar import controls


@require_safe
@needs(Permission.MANAGE_SHOP)
def shop(request: StaffRequest, shop: str) -> HttpResponse:
    page = shop_page(request.access, request.access.shop_or_404(shop), timezone.now())
    return render(request, "dashboard/shop.html", {"page": page})


@require_POST
@needs(Permission.MANAGE_SHOP)
def shop_test(request: StaffRequest, shop: str) -> HttpResponse:
    found = request.access.shop_or_404(shop)
    said = controls.test_connection(found, by=request.user)
    if wants_part(request):
        return render(request, "dashboard/_shop_tested.html", {"said": said})
    page = shop_page(request.access, found, timezone.now())
    return render(request, "dashboard/shop.html", {"page": page, "said": said})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*MAY_CONTROL)
def calls_pause(request: StaffRequest, shop: str) -> HttpResponse:
    return _switch(request, shop, on=False)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*MAY_CONTROL)
def calls_resume(request: StaffRequest, shop: str) -> HttpResponse:
    return _switch(request, shop, on=True)


def _switch(request: StaffRequest, domain: str, *, on: bool) -> HttpResponse:
    """A review first; then calls stop or start at once."""
    found = request.access.shop_or_404(domain)
    posted = request.method == "POST"
    asked = request.POST if posted else request.GET
    switch = switch_of(found, kind=asked.get("kind", ""), on=on)
    form = ReasonForm(request.POST if posted and not on else None)
    if posted and (on or form.is_valid()):
        if on:
            controls.resume(found, by=request.user, kind=switch.kind)
        else:
            reason = form.cleaned_data["reason"]
            controls.pause(found, by=request.user, kind=switch.kind, reason=reason)
        messages.success(request, "Calls go out again." if on else "Paused. What waits is kept.")
        return redirect(f"{reverse('messages_out')}?shop={found.domain}")
    context = {"switch": switch, "form": form}
    status = 422 if form.errors else 200
    return render(request, "dashboard/messages/switch.html", context, status=status)
