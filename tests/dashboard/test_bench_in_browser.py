"""The pages of the bench in a real browser: do they fit, do they read, does the check measure."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import User
from returns_ops.dashboard.cards import TEST_CODE
from tests.dashboard import bench_pages
from tests.dashboard.keyboard import ENTER, LINE_FEED, TAB, Key, Scanner
from tests.dashboard.looks import wrong
from tests.dashboard.screen import be, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.dashboard.bench_pages"),
]
PAGES = ["/scan/setup/", "/scan/check/", "/scan/cards/", "/bench/"]
FRENCH = str.maketrans("12/azqwm:A-", "&é!qwazM,Q)")
GERMAN = str.maketrans("-/yz:+", "ß-zyÖ*")


@pytest.fixture
def desk(live_server: LiveServer, ana: User, page: Page) -> Iterator[Page]:
    """Ana's browser; whatever the console complains of fails the test."""
    bench_pages.fresh()
    be(ana, page.context, live_server.url)
    with without_complaint(page):
        yield page


def test_every_page_is_accessible_and_fits(desk: Page, live_server: LiveServer) -> None:
    for density in ("desk", "bench"):
        desk.goto(f"{live_server.url}/scan/setup/")
        desk.locator(f"[name=density][value={density}]").check()
        desk.get_by_label("Name of this bench").fill("W" * 64)
        desk.get_by_role("button", name="Save").click()
        expect(desk.locator(".toast")).to_contain_text("Saved")

        for url in PAGES:
            desk.goto(live_server.url + url)
            assert wrong(desk) == [], (density, url)


def test_the_scan_box_is_accessible_whatever_it_shows(desk: Page, live_server: LiveServer) -> None:
    desk.goto(f"{live_server.url}/bench/")
    scanner = Scanner(desk)

    for code, shown in [
        ("A-100", "[data-result=right]"),
        ("NONE", "[data-result=wrong]"),
        ("CMD:NORESTOCK", "[data-latched]"),
    ]:
        scanner.scan(code)
        expect(desk.locator(f"#scan{shown}")).to_be_visible()
        assert wrong(desk, sizes=[(320, 800)]) == []


def test_controls_of_a_bench_are_large(desk: Page, live_server: LiveServer) -> None:
    desk.goto(f"{live_server.url}/scan/setup/")
    desk.locator("[name=density][value=bench]").check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator("html[data-density=bench]")).to_have_count(1)
    heights = "all => all.map((elt) => elt.getBoundingClientRect().height)"

    desk.goto(f"{live_server.url}/bench/")
    assert min(desk.locator("main :is(.button, input):visible").evaluate_all(heights)) >= 56
    size = "getComputedStyle(document.body).fontSize"
    assert desk.evaluate(size) == "18px"
    assert desk.evaluate("getComputedStyle(document.querySelector('#code')).fontSize") == "24px"


TYPED: list[tuple[str, list[Key], list[str]]] = [
    (TEST_CODE, [ENTER], ["Ends with CR", "Prefix none", "All is well"]),
    (TEST_CODE, [TAB], ["Ends with Tab", "All is well"]),
    (TEST_CODE, [LINE_FEED], ["Ends with LF", "Line feed works"]),
    (TEST_CODE, [ENTER, ENTER], ["Ends with CR and LF", "All is well"]),
    (TEST_CODE, [], ["Ends with none", "Let the scanner send Enter"]),
    (TEST_CODE.swapcase(), [ENTER], ["Caps Lock on", "switch it off"]),
    (TEST_CODE.upper(), [ENTER], ["Caps Lock off", "capital letters only"]),
    (f"~{TEST_CODE}", [ENTER], ["Prefix ~", "Switch this prefix off"]),
    (f"]C0{TEST_CODE}", [ENTER], ["Prefix ]C0", "That is understood"]),
    (f"{TEST_CODE}#", [ENTER], ["“#” after each code"]),
    (TEST_CODE.translate(FRENCH), [ENTER], ["French keyboard", "“&” came for “1”"]),
    (TEST_CODE.translate(GERMAN), [ENTER], ["German keyboard", "“ß” came for “-”"]),
    (TEST_CODE.replace("m", ""), [ENTER], ["Other signs came", "“:” came for “m”"]),
]
PACES = [
    (200, "45", "typed by hand"),
    (4, "30", "All is well"),
    (30, "45", "All is well"),
    (50, "75", "All is well"),
    (90, "80", "too slow to be told from a person"),
]


def test_the_check_says_how_the_scanner_types(desk: Page, live_server: LiveServer) -> None:
    for typed, ends, words in TYPED:
        desk.goto(f"{live_server.url}/scan/check/")
        expect(desk.locator("#sample")).to_be_focused()

        Scanner(desk).type(typed, *ends, apart=10)

        measured = desk.locator("#measured")
        for line in words:
            expect(measured, f"{typed} {ends}").to_contain_text(line)
        expect(measured).to_contain_text("10 ms on average, 10 ms at most")
        expect(desk).to_have_title("Scanner check – Returns Ops")


def test_the_check_suggests_a_time_that_can_be_saved(desk: Page, live_server: LiveServer) -> None:
    for apart, gap, words in PACES:
        desk.goto(f"{live_server.url}/scan/check/")
        Scanner(desk).type(TEST_CODE, ENTER, apart=apart)
        expect(desk.locator("#measured")).to_contain_text(words)
        expect(desk.get_by_label("Longest time"), f"{apart} ms").to_have_value(gap)

        desk.get_by_role("button", name="Save").click()

        expect(desk.locator(".toast")).to_contain_text("Saved on this device.")
        expect(desk.get_by_label("Longest time")).to_have_value(gap)


def test_a_second_scan_is_measured_afresh(desk: Page, live_server: LiveServer) -> None:
    desk.goto(f"{live_server.url}/scan/check/")
    scanner = Scanner(desk)
    scanner.type(f"~{TEST_CODE}", ENTER)
    expect(desk.locator("#measured")).to_contain_text("Prefix ~")

    scanner.type(TEST_CODE, ENTER)

    expect(desk.locator("#measured")).to_contain_text("All is well")
    expect(desk.locator("#sample")).to_have_value(TEST_CODE)
