"""A bench in a real browser, against a page whose server only notes what it gets."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import User
from tests.dashboard import bench_pages
from tests.dashboard.keyboard import Scanner
from tests.dashboard.screen import be, give_cookie, without_complaint

# Sounds are heard by their pitch; a camera sees what the test holds before it.
STAND_INS = """
window.heard = [];
window.AudioContext = class {
  currentTime = 0; destination = null;
  resume() {}
  createGain() { return { gain: {}, connect: (next) => next }; }
  createOscillator() {
    const frequency = {};
    const start = () => heard.push(frequency.value);
    return { frequency, connect: (next) => next, start, stop() {} };
  }
};
"""
# A key is held for as long as it may be the first of a scan. How late the next one comes is up to
# the machine; how far apart two were struck is up to the test.
PATIENCE = """
const soon = window.setTimeout;
window.setTimeout = (act, wait = 0, ...given) => soon(act, wait < 200 ? 10 * wait : wait, ...given);
"""


@pytest.fixture
def server() -> bench_pages.Server:
    return bench_pages.fresh()


@pytest.fixture
def bench(
    live_server: LiveServer,
    ana: User,
    page: Page,
    server: bench_pages.Server,
) -> Iterator[Page]:
    """Ana's bench with RM-1 open; whatever the console complains of fails the test."""
    be(ana, page.context, live_server.url)
    page.add_init_script(STAND_INS)
    with without_complaint(page):
        page.goto(f"{live_server.url}/bench/")
        expect(page.locator("#code")).to_be_focused()
        yield page
        server.open.set()


@pytest.fixture
def slow_bench(
    bench: Page, client: Client, context: BrowserContext, live_server: LiveServer
) -> Page:
    """Waits long for the next key, so that a machine busy with other tests is fast enough."""
    client.post("/scan/check/", {"gap": "80"})
    give_cookie(context, client, "bench", live_server.url)
    bench.add_init_script(PATIENCE)
    bench.reload()
    expect(bench.locator("#scan")).to_have_attribute("data-gap", "80")
    return bench


@pytest.fixture
def scanner(bench: Page) -> Scanner:
    return Scanner(bench)


@pytest.fixture
def slow_scanner(slow_bench: Page) -> Scanner:
    return Scanner(slow_bench)


@pytest.fixture
def eventually(bench: Page) -> Callable[[Callable[[], bool]], None]:
    """For what only the server knows."""

    def wait(is_true: Callable[[], bool]) -> None:
        for _ in range(200):
            if is_true():
                return
            bench.wait_for_timeout(25)
        raise AssertionError("It did not come to that.")

    return wait
