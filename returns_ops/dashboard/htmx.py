from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from returns_ops.accounts.models import User

if TYPE_CHECKING:
    from returns_ops.dashboard.access import Access


class StaffRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
    access: "Access"


def posted(request: HttpRequest, name: str) -> str:
    """A text of the form as it can be stored: PostgreSQL takes no NUL."""
    return request.POST.get(name, "").replace("\x00", "")


def wants_part(request: StaffRequest) -> bool:
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page_or_part(
    request: StaffRequest, page: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The whole page for a visit; only the part that changes for an htmx swap."""
    response = render(request, part if wants_part(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
