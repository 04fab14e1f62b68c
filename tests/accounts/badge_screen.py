"""A screen at which badges are scanned."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory

from returns_ops.accounts.badges import (
    issue_badge,
)
from returns_ops.accounts.models import AuditEntry, User
from returns_ops.dashboard.badges import switch_operator
from tests.builders import PASSWORD


def by_password(user: User) -> Client:
    client = Client()
    assert client.post("/login/", {"username": user.username, "password": PASSWORD}).url == "/"  # type: ignore[attr-defined]
    return client


def scan(client: Client, token: str) -> User | None:
    """As the scan of a badge reaches us: in the session of whoever works at this screen."""
    request: Any = RequestFactory().post("/scan/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    middleware = SessionMiddleware(lambda _: HttpResponse())
    middleware.process_request(request)
    key = request.session.get("_auth_user_id")
    request.user = User.objects.get(pk=key) if key else AnonymousUser()
    switched = switch_operator(request, token)
    response = middleware.process_response(request, HttpResponse())
    client.cookies.update(response.cookies)
    return switched


def switched(client: Client, user: User) -> Client:
    """This screen, with the person logged in by badge."""
    assert scan(client, issue_badge(user, by=user)) == user
    return client


def who(client: Client) -> str:
    """The name at the top; empty when the page asks for a login."""
    answer = client.get("/")
    return answer.context["shell"].name if answer.status_code == 200 else ""


def actions() -> list[tuple[str, str]]:
    trail = AuditEntry.objects.filter(action__startswith="badge.").order_by("id")
    return [(entry.action, entry.subject) for entry in trail]
