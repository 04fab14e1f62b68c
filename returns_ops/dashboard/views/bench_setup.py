"""What a bench needs before the first box: its settings, a scanner that fits, printed cards."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import BenchForm, GapForm, bench_of, remember
from returns_ops.dashboard.cards import COMMAND_CARDS, TEST_CARD
from returns_ops.dashboard.htmx import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE)
def setup(request: StaffRequest) -> HttpResponse:
    device = bench_of(request)
    form = BenchForm(request.POST if request.method == "POST" else None, device, request.access)
    return _saved_or_asked(request, form, "setup", {})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE)
def check(request: StaffRequest) -> HttpResponse:
    """The measuring is done by the page itself; only the gap comes back."""
    known = {"gap": bench_of(request).gap}
    form = GapForm(request.POST if request.method == "POST" else None, initial=known)
    return _saved_or_asked(request, form, "check", {"card": TEST_CARD})


@require_safe
@needs(Permission.RECEIVE)
def cards(request: StaffRequest) -> HttpResponse:
    return render(
        request, "dashboard/scan/cards.html", {"cards": COMMAND_CARDS, "test_card": TEST_CARD}
    )


def _saved_or_asked(
    request: StaffRequest, form: GapForm, page: str, context: dict[str, object]
) -> HttpResponse:
    if form.is_valid():
        messages.success(request, "Saved on this device.")
        response = redirect(f"scan_{page}")
        remember(response, form.of(bench_of(request)))
        return response
    status = 422 if form.errors else 200
    return render(request, f"dashboard/scan/{page}.html", {**context, "form": form}, status=status)
