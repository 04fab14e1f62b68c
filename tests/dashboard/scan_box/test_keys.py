"""Keys, command cards and the decision of the next scan at the scan box."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import bench_pages
from tests.dashboard.keyboard import Scanner
from tests.dashboard.scan_box.seen import MARKS, heard, said

pytestmark = MARKS


@pytest.mark.parametrize(
    ("key", "name"), [("Enter", "approve"), ("*", "all"), ("+", "more"), ("Escape", "undo")]
)
def test_a_key_of_the_empty_box_does_what_its_button_does(
    key: str, name: str, bench: Page, server: bench_pages.Server
) -> None:
    with bench.expect_response(f"**/bench/{name}/"):
        bench.keyboard.press(key)

    expect(bench.locator("#code")).to_have_value("")
    expect(bench.locator("#code")).to_be_focused()
    assert server.pressed == [name]


def test_keys_are_text_once_the_box_is_not_empty(bench: Page, server: bench_pages.Server) -> None:
    bench.keyboard.type("A*+-/.1", delay=70)
    expect(bench.locator("#code")).to_have_value("A*+-/.1")

    bench.keyboard.press("Escape")
    expect(bench.locator("#code")).to_have_value("")
    expect(bench.locator("#code")).to_be_focused()
    assert server.pressed == []


def test_a_key_of_a_disabled_button_is_not_possible(
    bench: Page, server: bench_pages.Server
) -> None:
    bench.keyboard.press("-")

    said(bench, "Not possible here")
    assert heard(bench) == [180]
    assert server.pressed == []


def test_a_slash_and_a_digit_set_the_outcome(bench: Page, server: bench_pages.Server) -> None:
    bench.keyboard.press("/")
    expect(bench.locator("#scan-mode")).to_contain_text("Outcome of the last item: 1..7")
    with bench.expect_response("**/bench/outcome3/"):
        bench.keyboard.press("3")

    expect(bench.locator("#scan-mode")).to_be_hidden()
    assert server.pressed == ["outcome3"]


@pytest.mark.parametrize("key", ["Escape", "Enter", "a"])
def test_another_key_leaves_the_outcomes_and_does_nothing(
    key: str, bench: Page, server: bench_pages.Server
) -> None:
    bench.keyboard.press("/")
    expect(bench.locator("#scan-mode")).to_be_visible()
    bench.keyboard.press(key)

    expect(bench.locator("#scan-mode")).to_be_hidden()
    bench.wait_for_timeout(100)
    assert server.pressed == []


def test_a_scan_leaves_the_outcomes_too(
    slow_bench: Page, slow_scanner: Scanner, server: bench_pages.Server
) -> None:
    slow_bench.keyboard.press("/")
    expect(slow_bench.locator("#scan-mode")).to_be_visible()
    slow_scanner.scan("30012345")

    said(slow_bench, "Counted 30012345")
    expect(slow_bench.locator("#scan-mode")).to_be_hidden()
    assert server.pressed == []


def test_the_point_goes_to_the_note_and_escape_comes_back(bench: Page) -> None:
    bench.keyboard.press(".")
    expect(bench.locator("#note")).to_be_focused()
    expect(bench.locator("#note")).to_have_value("")

    bench.keyboard.press("Escape")
    expect(bench.locator("#code")).to_be_focused()


def test_a_second_enter_is_not_taken_for_another(bench: Page, server: bench_pages.Server) -> None:
    with bench.expect_response("**/bench/approve/"):
        bench.keyboard.press("Enter")
        bench.keyboard.press("Enter")
    bench.wait_for_timeout(100)

    assert server.pressed == ["approve"]
    said(bench, "Approved, held")
    assert heard(bench) == [660, 990]


def test_a_key_waits_for_the_scan_before_it(
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    server.open.clear()
    scanner.scan("RM-2")
    bench.wait_for_timeout(400)
    bench.keyboard.press("Enter")
    bench.wait_for_timeout(100)
    assert server.pressed == []
    server.open.set()

    eventually(lambda: server.pressed == ["approve"])
    assert server.rma == "RM-2"


def test_what_was_pressed_behind_a_wrong_scan_is_not_done(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    server.open.clear()
    scanner.scan("NONE")
    scanner.scan("CMD:APPROVE")
    server.open.set()

    said(bench, "Nothing found What you pressed after it was not done.")
    expect(bench.locator("#scan")).to_have_attribute("data-result", "wrong")
    bench.wait_for_timeout(100)
    assert server.pressed == []
    assert heard(bench) == [180]


def test_the_red_frame_goes_with_the_next_scan(bench: Page, scanner: Scanner) -> None:
    scanner.scan("NONE")
    expect(bench.locator("#scan[data-result=wrong]")).to_be_visible()

    scanner.scan("A-100")

    expect(bench.locator("#scan[data-result=right]")).to_be_visible()
    assert heard(bench) == [180, 880]


def test_a_card_is_pressed_after_the_scans_before_it(
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    server.open.clear()
    scanner.scan("RM-3")
    scanner.scan("A-100")
    scanner.scan("]C0cmd:approve")
    scanner.scan("RM-4")
    server.open.set()

    eventually(lambda: len(server.scans) == 3)
    assert server.codes == ["RM-3", "A-100", "RM-4"]
    assert server.pressed == ["approve"]
    assert [scan["rma"] for scan in server.scans] == ["RM-1", "RM-3", "RM-3"]


def test_a_card_waits_for_what_the_card_before_it_asked_for(
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    server.open.clear()
    scanner.scan("CMD:MISSING")
    scanner.scan("CMD:APPROVE")
    eventually(lambda: server.pressed == ["missing"])
    bench.wait_for_timeout(100)
    assert server.pressed == ["missing"]
    server.open.set()

    eventually(lambda: server.pressed == ["missing", "approve"])


def test_a_card_without_its_button_is_not_possible(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    scanner.scan("CMD:HOLD")

    said(bench, "Not possible here")
    assert (server.codes, server.pressed, heard(bench)) == ([], [], [180])


def test_a_card_that_is_read_twice_counts_once(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    with bench.expect_response("**/bench/approve/"):
        scanner.scan("CMD:APPROVE")
        scanner.scan("CMD:APPROVE")
    bench.wait_for_timeout(100)

    assert server.pressed == ["approve"]


BUSY = """
() => addEventListener("click", () => setTimeout(() => {
  const until = performance.now() + 1500;
  while (performance.now() < until);
}, 80))
"""


def test_a_card_that_is_read_twice_counts_once_however_busy_the_page_is(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    bench.evaluate(BUSY)

    with bench.expect_response("**/bench/approve/"):
        scanner.scan("CMD:APPROVE")
        scanner.scan("CMD:APPROVE")
    bench.wait_for_timeout(100)

    assert server.pressed == ["approve"]


@pytest.mark.parametrize(
    ("card", "decision", "shown"),
    [
        ("REJECT", "rejected", "Next scan: Reject"),
        ("NORESTOCK", "approved_no_restock", "Next scan: Refund, do not restock"),
        ("EXCEPTION", "exception", "Next scan: Needs a person"),
    ],
)
def test_a_decision_is_for_the_next_scan_only(
    card: str,
    decision: str,
    shown: str,
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
) -> None:
    scanner.scan(f"CMD:{card}")
    expect(bench.locator("#scan-mode")).to_contain_text(shown)
    expect(bench.locator("#scan[data-latched]")).to_be_visible()
    scanner.scan("A-100")
    scanner.scan("A-101")

    said(bench, "Counted A-101")
    assert [scan["decision"] for scan in server.scans] == [decision, ""]
    expect(bench.locator("#scan-mode")).to_be_hidden()


@pytest.mark.parametrize("way", ["card", "key", "button"])
def test_a_decision_can_be_taken_back(
    way: str, bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    scanner.scan("CMD:REJECT")
    expect(bench.locator("#scan[data-latched]")).to_be_visible()

    if way == "card":
        scanner.scan("CMD:GOOD")
    elif way == "key":
        bench.keyboard.press("Escape")
    else:
        bench.get_by_role("button", name="Cancel").click()

    expect(bench.locator("#scan[data-latched]")).to_have_count(0)
    expect(bench.locator("#code")).to_be_focused()
    scanner.scan("A-100")
    said(bench, "Counted A-100")
    assert (server.scans[0]["decision"], server.pressed) == ("", [])
