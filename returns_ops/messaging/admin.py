"""Events and commands in Django's admin: to look at, never to touch."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from returns_ops.accounts.models import Shop
from returns_ops.accounts.records import ReadOnlyAdmin, ReadOnlyInline
from returns_ops.messaging.models import Attempt, Command, Event, Heartbeat

LONGEST_BODY = 100_000


def as_text(raw: Iterable[int]) -> str:
    """Bytes for reading: what is no text shows as such, and what is endless is cut."""
    text = bytes(raw).decode("utf-8", "replace").replace("\x00", "\ufffd")
    if len(text) > LONGEST_BODY:
        text = f"{text[:LONGEST_BODY]}\n… {len(text) - LONGEST_BODY} more characters"
    return format_html('<pre class="body">{}</pre>', text)


def without_body_in_lists(queryset: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """A hundred bodies may be two hundred megabytes; one is shown on its own page."""
    match = request.resolver_match
    return queryset if match and "object_id" in match.kwargs else queryset.defer("body")


def about(queryset: QuerySet[Any], subject: str) -> QuerySet[Any]:
    """By RMA number: every index begins with the shop, so all shops are named."""
    shops = list(Shop.objects.values_list("pk", flat=True))
    return queryset.filter(shop__in=shops, subject=subject)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "received_at",
        "shop",
        "topic",
        "subject",
        "state",
        "reason",
        "deliveries",
    )
    list_select_related = ("shop",)
    list_filter = ("shop",)
    search_fields = ("subject",)
    search_help_text = "The whole RMA number. The newest 5,000 are listed; search finds older ones."
    shown = ("body_text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return without_body_in_lists(super().get_queryset(request), request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (about(queryset, term) if term else queryset), False

    @admin.display(description="body")
    def body_text(self, event: Event) -> str:
        return as_text(event.body)


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = (
        "number",
        "started_at",
        "finished_at",
        "outcome",
        "http_status",
        "milliseconds",
        "problem",
        "answer",
    )


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "shop", "subject", "kind", "state", "amount", "currency")
    list_select_related = ("shop",)
    list_filter = ("shop",)
    search_fields = ("subject",)
    search_help_text = (
        "The whole RMA number or call reference. "
        "The newest 5,000 are listed; search finds older ones."
    )
    inlines = (AttemptInline,)
    shown = ("body_text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Command]:
        return without_body_in_lists(super().get_queryset(request), request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        try:
            return queryset.filter(call_reference_id=UUID(term)), False
        except ValueError:
            return (about(queryset, term) if term else queryset), False

    @admin.display(description="body")
    def body_text(self, command: Command) -> str:
        return as_text(command.body)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "seen_at")
    ordering = ("name",)
