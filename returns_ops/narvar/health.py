"""For machines: is it alive, is it ready, what does it count."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from returns_ops.narvar import metrics as numbers
from returns_ops.narvar import probes


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    found = probes.readiness()
    body = {"ok": found.ok, "degraded": found.degraded, "checks": found.checks}
    return JsonResponse(body, status=200 if found.ok else 503)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; open to whoever shows METRICS_TOKEN as a bearer, or to a superuser."""
    if not _may_read(request):
        return HttpResponse("Show the METRICS_TOKEN", status=403, content_type="text/plain")
    return HttpResponse(numbers.text(), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # the door's own process has no sessions
    if user is not None and user.is_superuser and not request.session.get("by_badge"):
        return True
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    expected: str = settings.METRICS_TOKEN
    return bool(expected) and hmac.compare_digest(shown.encode(), expected.encode())
