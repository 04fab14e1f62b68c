"""What waits at the scan box: without a connection, behind a refusal, over a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboard import bench_pages
from tests.dashboard.keyboard import Scanner
from tests.dashboard.scan_box.seen import MARKS, heard, said, waits

pytestmark = MARKS


def test_scans_outlive_a_lost_connection_and_a_reload(
    bench: Page,
    scanner: Scanner,
    context: BrowserContext,
    server: bench_pages.Server,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    context.set_offline(True)
    scanner.scan("A-100")
    waits(bench, "1 scan waiting")
    scanner.scan("CMD:REJECT")
    scanner.scan("A-101")
    waits(bench, "2 scans waiting")
    expect(bench.locator("#scan-said")).to_contain_text("kept and sent again")
    assert server.scans == []
    context.set_offline(False)

    eventually(lambda: len(server.scans) == 2)
    assert [(one["code"], one["decision"]) for one in server.scans] == [
        ("A-100", ""),
        ("A-101", "rejected"),
    ]
    expect(bench.locator("#scan-waiting")).to_be_hidden()


@pytest.mark.parametrize("status", [500, 503, 401, 429])
def test_a_scan_without_an_answer_is_sent_again_under_the_same_id(
    status: int, bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    server.statuses = [status]
    scanner.scan("A-100")
    waits(bench, "1 scan waiting")
    assert heard(bench) == [180]
    bench.evaluate("dispatchEvent(new Event('online'))")

    said(bench, "Counted A-100")
    assert len(server.scans) == 2
    assert server.scans[0] == server.scans[1]


def test_a_new_page_sends_what_waited_for_the_return_it_was_scanned_for(
    bench: Page, scanner: Scanner, server: bench_pages.Server, live_server: LiveServer
) -> None:
    # The old page hears nothing to its end: it tries again by itself, also while it is left.
    server.deaf_to = "/bench/"
    scanner.scan("A-100")
    scanner.scan("CMD:APPROVE")
    waits(bench, "1 scan waiting")
    server.rma = "RM-9"

    bench.goto(f"{live_server.url}/bench/?rma=RM-9")

    said(bench, "Not possible here")
    assert {scan["rma"] for scan in server.scans} == {"RM-1"}
    assert len({scan["scan_id"] for scan in server.scans}) == 1
    assert len(server.counted) == 1
    assert server.pressed == []


def test_a_refused_scan_is_said_and_does_not_block_the_next(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    server.statuses = [403]
    scanner.scan("A-100")
    expect(bench.locator("#scan-said")).to_contain_text("was not taken")

    scanner.scan("A-101")

    said(bench, "Counted A-101")


def test_keys_pressed_without_a_connection_are_dropped_and_said(
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
) -> None:
    server.open.clear()
    server.statuses = [503]
    scanner.scan("A-100")
    bench.wait_for_timeout(400)
    bench.keyboard.press("Enter")
    bench.wait_for_timeout(100)
    server.open.set()

    expect(bench.locator("#scan-said")).to_contain_text("What you pressed after it was not done")
    bench.evaluate("dispatchEvent(new Event('online'))")
    said(bench, "Counted A-100")
    assert server.pressed == []


def test_a_refused_press_stops_what_was_pressed_behind_it(
    bench: Page, server: bench_pages.Server
) -> None:
    server.statuses = [422]
    bench.keyboard.press("*")
    expect(bench.locator("#scan-said")).to_contain_text("Not done: look at the screen.")

    assert server.pressed == ["all"]
    assert heard(bench) == [180]


def test_a_badge_is_written_nowhere_and_what_follows_waits_for_its_page(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    server.open.clear()
    scanner.scan("A-100")
    scanner.scan("BADGE:very-secret")
    scanner.scan("A-101")

    kept = bench.evaluate("sessionStorage.bench")
    assert "A-100" in kept
    assert "secret" not in kept
    server.open.set()
    said(bench, "Counted A-101")
    assert server.codes == ["A-100", "BADGE:very-secret", "A-101"]
    assert heard(bench) == [880]  # on the new page
