"""The screens in a real browser under the real content security policy."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import replay
from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Money, Work
from tests.builders import (
    make_command,
    make_event,
    make_rma,
    make_token,
)
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def desk(
    live_server: LiveServer, ana: User, rma: Rma, page: Page, settings: LazySettings
) -> Iterator[Page]:
    """Ana, logged in; whatever the console complains of fails the test."""
    settings.HOLD_SECONDS = 600
    with without_complaint(page):
        sit(page, ana, live_server.url)
        yield page


def open_rma(desk: Page, rma: Rma) -> None:
    desk.goto(desk.url.rstrip("/") + rma.get_absolute_url())  # from the home page


def test_approve_and_undo_with_the_keyboard(desk: Page, rma: Rma) -> None:
    open_rma(desk, rma)

    desk.keyboard.press("a")
    # Until it is known not to begin a scan, a key is held back.
    expect(desk.get_by_role("button", name="Approve and refund 49.99 USD")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#tracker")).to_contain_text("Held")
    expect(desk.locator(".toast")).to_contain_text("Saved")
    expect(desk.locator("#head")).to_contain_text("Queued")

    desk.keyboard.press("Escape")
    expect(desk.locator("#tracker")).to_contain_text("Undone")
    expect(desk.get_by_role("button", name="Approve and refund 49.99 USD")).to_be_enabled()


def test_a_second_enter_neither_repeats_nor_undoes(desk: Page, rma: Rma) -> None:
    open_rma(desk, rma)

    desk.keyboard.press("a")
    # Until it is known not to begin a scan, a key is held back.
    expect(desk.get_by_role("button", name="Approve and refund 49.99 USD")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    expect(desk.locator("#tracker")).to_contain_text("Held")
    desk.keyboard.press("Enter")

    desk.wait_for_timeout(300)
    expect(desk.locator("#tracker")).to_contain_text("Held")


def test_a_stale_page_explains_itself_and_shows_the_fresh_state(desk: Page, rma: Rma) -> None:
    open_rma(desk, rma)
    Rma.objects.filter(pk=rma.pk).update(version=rma.version + 1)

    desk.get_by_role("button", name="Approve and refund").click()

    expect(desk.locator("#decision .merge")).to_contain_text("changed while you worked")


def test_a_page_follows_its_decision_to_the_end(desk: Page, ana: User, rma: Rma) -> None:
    command = make_command(rma, by=ana)
    open_rma(desk, rma)
    expect(desk.get_by_role("button", name="Undo")).to_be_visible()

    Command.objects.filter(pk=command.pk).update(state=CommandState.SENDING, tries=1)
    expect(desk.locator("#tracker")).to_contain_text("Sending (try 1)", timeout=8000)
    expect(desk.get_by_role("button", name="Undo")).to_have_count(0)

    Command.objects.filter(pk=command.pk).update(
        state=CommandState.CONFIRMED, settled_at=timezone.now()
    )
    Rma.objects.filter(pk=rma.pk).update(money=Money.CONFIRMED, work=Work.DONE)
    expect(desk.locator("#tracker")).to_contain_text("A transaction at Narvar", timeout=8000)
    expect(desk.locator("#head")).to_contain_text("Done")
    expect(desk.locator("#tracker[hx-trigger]")).to_have_count(0)
    expect(desk.locator("#live")).to_have_text("Confirmed")


def test_finding_walking_and_loading_more(desk: Page, shop: Shop) -> None:
    for _ in range(60):
        make_rma(shop)
    make_token(make_rma(shop, "FIND-ME", created_at=timezone.now() - timedelta(days=9)), "FIND-ME")
    desk.keyboard.press("g")
    desk.keyboard.press("r")
    rows = desk.locator("[data-row]")
    expect(rows).to_have_count(50)

    desk.get_by_role("link", name="Load 50 more").click()
    expect(rows).to_have_count(62)
    expect(rows.nth(50)).to_be_focused()

    desk.keyboard.press("/")
    desk.keyboard.type("find")
    expect(rows).to_have_count(1)
    expect(desk).to_have_url(re.compile(r"/rmas/\?q=find$"))
    desk.wait_for_load_state()
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("FIND-ME")


def test_single_keys_can_be_switched_off(desk: Page) -> None:
    desk.keyboard.press("?")
    desk.get_by_label("Single keys work on this device").uncheck()
    desk.keyboard.press("Escape")

    desk.keyboard.press("g")
    desk.keyboard.press("r")

    expect(desk.get_by_role("heading", level=1)).to_have_text("Today")


def test_an_open_list_of_events_offers_news_and_its_rows_stay(
    desk: Page, shop: Shop, live_server: LiveServer
) -> None:
    waiting = make_event(shop, subject="FIRST", state=EventState.PENDING)
    desk.goto(f"{live_server.url}/messages/in/")
    make_event(shop, subject="SECOND")
    Event.objects.filter(pk=waiting.pk).update(state=EventState.DONE, outcome="older")

    desk.evaluate("document.body.dispatchEvent(new CustomEvent('tick:mid'))")

    expect(desk.locator("#changes")).to_have_text("1 new")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(desk.locator("tbody tr")).to_contain_text("Older, kept as history")
    desk.get_by_role("link", name="Show", exact=True).click()
    expect(desk.locator("tbody tr")).to_have_count(2)


def test_an_address_is_shown_in_its_place(desk: Page, shop: Shop, live_server: LiveServer) -> None:
    event = make_event(shop, b'{"email": "jane@example.com"}')
    desk.goto(f"{live_server.url}/messages/in/{event.pk}/")
    expect(desk.locator(".tree")).to_contain_text("j•••@example.com")

    desk.get_by_role("button", name="Show e-mail addresses").click()

    expect(desk.locator(".tree")).to_contain_text("jane@example.com")
    expect(desk.get_by_role("button", name="Show e-mail addresses")).to_have_count(0)


def test_asking_a_narvar_that_is_not_there_is_told_in_place(
    desk: Page, shop: Shop, live_server: LiveServer
) -> None:
    desk.goto(f"{live_server.url}/rmas/?tab=all&q=RM-404")

    desk.get_by_role("button", name="Ask Narvar for").click()

    expect(desk.locator("#asked [role=alert]")).to_contain_text("could not be reached")
    expect(desk.locator("#asked [role=alert]")).to_be_focused()
    expect(desk.get_by_role("button", name="Ask Narvar for")).to_be_enabled()


def test_a_replay_is_followed_to_its_end(
    desk: Page, ana: User, shop: Shop, live_server: LiveServer
) -> None:
    event = make_event(shop, state=EventState.DEAD, reason="empty")
    job = replay.start(replay.Selection(shop=shop, event=event), by=ana, why="to see")
    desk.goto(f"{live_server.url}/messages/in/replay/{job.pk}/")
    expect(desk.get_by_role("button", name="Stop")).to_be_visible()
    replay.run_slice()
    Event.objects.filter(pk=event.pk).update(state=EventState.DONE)
    replay.run_slice()

    desk.evaluate("document.body.dispatchEvent(new CustomEvent('tick:fast'))")

    expect(desk.locator("#progress")).to_contain_text("1 of 1 through: 1 applied")
    expect(desk.get_by_role("button", name="Stop")).to_have_count(0)
