"""Badges and presence in a real browser, with the page's own clock."""

import re

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.badges import PREFIX, issue_badge
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions import claiming
from tests.builders import PASSWORD, make_staff
from tests.dashboard.looks import faults, wrong
from tests.dashboard.screen import be, sit

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam")


@pytest.fixture
def site(live_server: LiveServer) -> str:
    return str(live_server.url)


def tick(page: Page, name: str = "mid") -> None:
    page.evaluate(f"document.body.dispatchEvent(new CustomEvent('tick:{name}'))")


def test_the_badge_page_is_accessible_and_fits(site: str, page: Page, ana: User) -> None:
    be(ana, page.context, site)

    for password in ("", "wrong", PASSWORD):
        page.goto(f"{site}/preferences/badge/")
        if password:
            page.get_by_label("Your password").fill(password)
            page.get_by_role("button", name=re.compile("Make")).click()
            page.wait_for_load_state()
        assert wrong(page) == [], password


def test_on_paper_there_is_the_badge_alone_and_black_on_white(
    site: str, page: Page, ana: User
) -> None:
    User.objects.filter(pk=ana.pk).update(theme="dark")
    sit(page, ana, site, "/preferences/badge/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Make my badge").click()
    card = page.locator(".badge-card")
    expect(card).to_contain_text("Ana Ruiz")

    page.emulate_media(media="print")

    expect(card).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    expect(page.locator(".top")).to_be_hidden()
    expect(card).to_have_css("background-color", "rgb(255, 255, 255)")
    # Wide enough for the bars at their own size: narrower ones would not read.
    assert card.locator("svg").evaluate("svg => svg.clientWidth >= svg.viewBox.baseVal.width")


def test_two_people_see_each_other_come_write_and_take_over(
    site: str, browser: Browser, page: Page, ana: User, sam: User, rma: Rma
) -> None:
    claiming.claim(rma, by=ana)
    there = browser.new_context().new_page()
    for one, person in ((page, ana), (there, sam)):
        sit(one, person, site, rma.get_absolute_url())
    expect(there.locator("#presence")).to_contain_text("Ana Ruiz is here")
    typed = page.get_by_label("Scan or type")
    typed.press_sequentially("41", delay=200)

    tick(page)
    expect(page.locator("#presence")).to_contain_text("Sam is here")
    tick(there)
    expect(there.locator("#presence")).to_contain_text("Ana Ruiz is writing")
    there.get_by_role("button", name="Take over").click()
    expect(there.get_by_role("button", name="Release")).to_be_visible()
    tick(page)

    expect(page.locator("#claim")).to_contain_text("Sam took it in hand")
    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    expect(typed).to_have_value("41")
    expect(typed).to_be_focused()
    assert faults(page) == faults(there) == []
    there.context.close()


def test_a_screen_that_nobody_touches_locks_itself(
    site: str, page: Page, ana: User, sam: User, rma: Rma, settings: LazySettings
) -> None:
    settings.BADGE_IDLE_MINUTES = 0.05
    sit(page, ana, site, rma.get_absolute_url())
    page.get_by_label("Scan or type").fill(PREFIX + issue_badge(sam, by=sam))
    page.keyboard.press("Enter")
    expect(page.locator(".tools")).to_contain_text("Sam")
    for _ in range(4):
        page.wait_for_timeout(1000)
        tick(page, "slow")

    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page).to_have_url(re.compile(r"/login/\?next="))
    expect(page.locator(".toast")).to_contain_text("The screen locked itself")
