"""The second person in a real browser: by keyboard alone, in every size, in light and dark."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from tests.builders import make_item, make_receipt_line
from tests.dashboard.looks import wrong
from tests.dashboard.screen import sit, without_complaint
from tests.returns.asking import Team, ask, make_return, make_team

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def team(shop: Shop) -> Team:
    return make_team(shop)


@pytest.fixture
def asked(team: Team) -> Command:
    rma = make_return(team.shop, "RM-1", estimate="83.00")
    scarf = make_item(rma, "SCARF", quantity=3, comment="Torn", unit_final=Decimal("10"))
    make_receipt_line(rma, scarf, by=team.ana, decision="rejected", grade="C", note="Stain")
    make_receipt_line(rma, None, by=team.ana, sku="ODD", decision="invalid_item")
    amount = Decimal("41.25")
    return ask(rma, team.ana, partial_amount=amount, reason="Worn or used", note="See the chat")


@pytest.fixture
def desk(
    live_server: LiveServer, team: Team, asked: Command, page: Page, settings: LazySettings
) -> Iterator[Page]:
    """Paula, logged in, at the list; whatever the console complains of fails the test."""
    settings.HOLD_SECONDS = 600
    with without_complaint(page):
        sit(page, team.paula, live_server.url, "/approvals/")
        yield page


def state_of(command: Command) -> str:
    return Command.objects.values_list("state", flat=True).get(pk=command.pk)


def test_with_the_keyboard_a_request_is_read_and_approved(
    desk: Page, team: Team, asked: Command
) -> None:
    following = ask(make_return(team.shop, "RM-2"), team.ana)
    for key in ("j", "Enter"):
        desk.keyboard.press(key)
    expect(desk.get_by_role("heading", level=1)).to_contain_text("RM-1")
    desk.wait_for_load_state()

    desk.keyboard.press("a")
    desk.keyboard.press("Enter")
    expect(desk.locator("#read-back")).to_be_focused()
    expect(desk.locator("#read-back")).to_contain_text("You approve 41.25 of 83.00 USD")
    desk.keyboard.press("Enter")  # one press too many approves nothing
    assert state_of(asked) == CommandState.NEEDS_APPROVAL

    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("#answer")).to_contain_text("Approved by Paula Berg")
    expect(desk.locator(".toast")).to_contain_text("Approved. It goes to Narvar by itself.")
    expect(desk.locator("#head")).to_contain_text("Queued")
    expect(desk.locator("#timeline")).to_contain_text("approved the request")
    expect(desk.locator("#answer-title")).to_be_focused()
    assert state_of(asked) == CommandState.QUEUED

    desk.keyboard.press("n")
    expect(desk).to_have_url(f"{desk.url.split('/approvals')[0]}/approvals/{following.pk}/")


def test_with_the_keyboard_a_request_is_sent_back(desk: Page, asked: Command) -> None:
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("RM-1")
    desk.wait_for_load_state()

    desk.keyboard.press("b")
    desk.keyboard.type("   ")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("#reason-wrong")).to_have_text("Say why: it is kept with your name.")
    expect(desk.get_by_label("send it back: why?")).to_be_focused()

    desk.keyboard.press("Control+A")
    desk.keyboard.type("No photo")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("#answer")).to_contain_text("Sent back by Paula Berg: No photo")
    assert state_of(asked) == CommandState.CANCELLED


def test_escape_leaves_the_read_back_and_nothing_happened(desk: Page, asked: Command) -> None:
    desk.get_by_role("link", name="Look and answer").click()
    desk.get_by_role("link", name="Approve request…").click()
    expect(desk.locator("#read-back")).to_be_visible()

    desk.keyboard.press("Escape")

    expect(desk.get_by_label("send it back: why?")).to_be_visible()
    assert state_of(asked) == CommandState.NEEDS_APPROVAL


def test_what_a_colleague_settled_meanwhile_is_shown(
    desk: Page, team: Team, asked: Command
) -> None:
    desk.get_by_role("link", name="Look and answer").click()
    desk.get_by_role("link", name="Approve request…").click()
    yes = desk.get_by_role("button", name="Approve 41.25 USD")
    expect(yes).to_be_visible()
    decisions.send_back(asked.pk, by=team.peter, why="Too much")

    yes.click()

    expect(desk.locator("#answer [role=alert]")).to_be_focused()
    expect(desk.locator("#answer [role=alert]")).to_contain_text("settled already")
    expect(desk.locator("#answer")).to_contain_text("Sent back by peter: Too much")


def test_every_screen_is_accessible_and_fits(desk: Page, team: Team) -> None:
    asked = Command.objects.get()
    own = ask(make_return(team.shop, "RM-OWN"), team.paula)
    void = ask(make_return(team.shop, "RM-VOID"), team.ana)
    Rma.objects.filter(rma_number="RM-VOID").update(estimated_refund=1)
    done = ask(make_return(team.shop, "RM-DONE"), team.ana)
    decisions.approve_request(done.pk, by=team.paula)
    base = desk.url.split("/approvals/")[0]
    paths = ["/approvals/", "/approvals/?tab=mine", "/approvals/?after=999999"]
    paths += [f"/approvals/{one.pk}/" for one in (asked, own, void, done)]
    paths += [f"/approvals/{asked.pk}/approve/"]

    for path in paths:
        desk.goto(base + path)
        assert wrong(desk) == [], path


def test_without_javascript_every_step_works(
    live_server: LiveServer, team: Team, asked: Command, browser: Browser
) -> None:
    """Pages and forms alone: read back on a page of its own, then approve."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sit(page, team.paula, live_server.url, "/approvals/")
    page.get_by_role("link", name="Look and answer").click()
    page.get_by_role("link", name="Approve request…").click()
    expect(page).to_have_title("Approve? Request for RMA RM-1 – Returns Ops")

    page.get_by_role("button", name="Approve 41.25 USD").click()

    expect(page.locator(".toast")).to_contain_text("Approved.")
    assert state_of(asked) == CommandState.QUEUED
    context.close()
