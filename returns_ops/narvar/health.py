"""For machines: is it alive, is it ready, what does it count."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from returns_ops.messaging.models import Command, Event
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
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # the door's own process has no sessions
    if user is not None and user.is_superuser:
        return True
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    expected: str = settings.METRICS_TOKEN
    return bool(expected) and hmac.compare_digest(shown.encode(), expected.encode())


def _registry() -> CollectorRegistry:
    """Counted from the database: every web process gives the same answer."""
    registry = CollectorRegistry()
    events = Gauge(
        "returns_ops_events", "Events by shop and state", ["shop", "state"], registry=registry
    )
    for domain, state, count in _by_state(Event):
        events.labels(domain, state).set(count)
    commands = Gauge(
        "returns_ops_commands", "Commands by shop and state", ["shop", "state"], registry=registry
    )
    for domain, state, count in _by_state(Command):
        commands.labels(domain, state).set(count)
    oldest = probes.oldest_pending()
    Gauge(
        "returns_ops_inbox_oldest_pending_seconds",
        "Age of the oldest waiting event",
        registry=registry,
    ).set(oldest.total_seconds() if oldest else 0)
    return registry


def _by_state(model: type[Event] | type[Command]) -> list[tuple[str, str, int]]:
    rows = model._default_manager.values_list("shop__domain", "state").annotate(n=Count("id"))
    return list(rows.order_by("shop__domain", "state"))
