"""A person at a screen in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from returns_ops.accounts.models import User


def be(user: User, context: BrowserContext, site: str) -> None:
    """The browser is logged in; the form of that has its own tests."""
    client = Client()
    client.force_login(user)
    give_cookie(context, client, "sessionid", site)


def give_cookie(context: BrowserContext, client: Client, name: str, site: str) -> None:
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


@contextmanager
def without_complaint(page: Page, *, but: str = "\n") -> Iterator[Page]:
    """What the console complains of fails the test; `but`: part of addresses that may do so."""
    complaints: list[str] = []

    def hear(line: ConsoleMessage) -> None:
        if "Policy" in line.text and but not in page.url:
            complaints.append(line.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", hear)
    yield page
    assert complaints == []


def sit(page: Page, user: User, site: str, path: str = "/") -> None:
    be(user, page.context, site)
    page.goto(site + path)
