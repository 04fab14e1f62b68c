from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.deprecation import MiddlewareMixin

from returns_ops.dashboard import badges
from returns_ops.dashboard.access import PASSWORD_NEEDED
from returns_ops.dashboard.htmx import StaffRequest

LOCKED = "The screen locked itself. Log in to go on."


class BadgeSessionMiddleware(MiddlewareMixin):
    """A session begun by badge ends by itself and never opens the administration."""

    def process_view(
        self,
        request: StaffRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> None:
        if not getattr(view_func, "login_required", True) or not badges.is_by_badge(request):
            return
        if badges.has_ended(request):
            logout(request)  # the login comes next, see StaffLoginMiddleware
            messages.info(request, LOCKED)
            return
        badges.goes_on(request)
        match = request.resolver_match
        if match and match.app_name == "admin" and match.url_name != "logout":
            raise PermissionDenied(PASSWORD_NEEDED)


class StaffLoginMiddleware(LoginRequiredMiddleware):
    """Closed by default. A part that outlived its login sends the whole page to the login."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        redirect = super().process_view(request, view_func, view_args, view_kwargs)
        htmx = getattr(request, "htmx", None)
        if redirect is None or not htmx:
            return redirect
        back = urlencode({"next": htmx.current_url_abs_path or "/"})
        login = f"{resolve_url(settings.LOGIN_URL)}?{back}"
        return HttpResponse(status=401, headers={"HX-Redirect": login})


class PrivatePagesMiddleware:
    """No copy of a customer's data in any cache, the browser's included, unless a view says so.

    Decided by the view, not by the person: asking who it is would cost the webhook a query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        private = match is None or getattr(match.func, "login_required", True)
        # The admin says less of its own pages than is wanted here; a photo says more.
        by_itself = "Cache-Control" in response.headers and not (
            match and match.app_name == "admin"
        )
        if private and not by_itself:
            response.headers["Cache-Control"] = "no-store"
        return response
