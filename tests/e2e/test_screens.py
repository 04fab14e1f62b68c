"""Every screen as a person meets it: no accessibility violation, no sideways scrolling, no CSP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import replay
from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.messaging.replay import Selection
from returns_ops.narvar import inbound
from returns_ops.returns.models import Rma
from tests.builders import give_role, make_attempt, make_command, make_staff
from tests.circle import close_circle
from tests.dashboard.looks import wrong
from tests.e2e.conftest import log_in
from tests.e2e.stack import Stack
from tests.narvar_simulator import Simulator

pytestmark = pytest.mark.e2e

KINDS = ["mail", "multi_item", "exchange", "exception", "keep_the_item", "cad_order", "edited"]


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Only the screens: nothing is applied or sent behind their back."""
    stack = Stack(var=tmp_path)
    try:
        stack.start_web()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def paths(web: Stack, narvar: Simulator) -> list[str]:
    """One of everything that a screen can show, and where it is shown."""
    circle = close_circle(narvar)
    rmas = [circle.arrive(kind=kind) for kind in KINDS]
    decided = circle.arrive()
    command = circle.approve(decided)
    refused = circle.arrive()
    circle.approve(refused, refund=False)
    narvar.fail_next("approval", "status", status=422, text="This return is locked")
    circle.send(tries=2)
    circle.knock({"X-Narvar-Webhook-Id": "broken"}, b"{not json")
    inbound.drain_batch()
    alma = make_staff("alma", circle.shop, Role.APPROVER, is_staff=True)
    give_role(alma, circle.shop, Role.SECURITY_ADMIN)
    dead = Event.objects.get(state=EventState.DEAD)
    applied = Event.objects.filter(state=EventState.DONE).first()
    assert applied is not None
    stuck = make_stuck(rmas[0], by=circle.wanda)
    again = Command.objects.get(state=CommandState.REFUSED)
    job = replay.start(Selection(shop=circle.shop, event=dead), by=alma, why="To see it")
    shop = f"/shops/{circle.shop.domain}/"
    return [
        "/",
        "/rmas/",
        "/rmas/?tab=all&q=nothing-like-this",
        "/rmas/?tab=exception",
        *(rma.get_absolute_url() for rma in [*rmas, decided, refused]),
        "/messages/in/",
        "/messages/in/?state=dead",
        "/messages/in/?state=parked",
        f"/messages/in/{dead.pk}/",
        f"/messages/in/{applied.pk}/",
        "/messages/in/replay/",
        f"/messages/in/replay/?shop={circle.shop.domain}&event={applied.pk}",
        f"/messages/in/replay/{job.pk}/",
        "/messages/out/",
        f"/messages/out/{command.pk}/",
        f"/messages/out/{stuck.pk}/",
        f"/messages/out/{stuck.pk}/give-up/",
        f"/messages/out/{again.pk}/",
        f"/messages/out/{again.pk}/send-as-new/",
        shop,
        f"{shop}pause/",
        f"{shop}resume/",
        "/preferences/",
        "/no/such/page/",
    ]


def make_stuck(rma: Rma, *, by: User) -> Command:
    stuck = make_command(rma, by=by, state=CommandState.ATTENTION, cause="no_clear_answer", tries=1)
    make_attempt(stuck, http_status=503, rate_limit=300, rate_remaining=150, rate_reset=45)
    return stuck


def test_no_screen_has_a_violation_in_any_theme_or_width(
    web: Stack, paths: list[str], page: Page
) -> None:
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            found.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.goto(f"{web.url}/login/")
    found += wrong(page)
    log_in(page, web, "alma")
    for path in paths:
        page.goto(web.url + path)
        found += [f"{path}: {fault}" for fault in wrong(page)]

    assert found == []
