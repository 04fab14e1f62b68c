"""The scan box in a real browser, against a page whose server only notes what it gets."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import User
from tests.dashboard import bench_pages
from tests.dashboard.keyboard import ENTER, LINE_FEED, TAB, Key, Scanner

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.dashboard.bench_pages"),
]
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


@pytest.fixture
def server() -> bench_pages.Server:
    return bench_pages.fresh()


@pytest.fixture
def bench(
    live_server: LiveServer,
    ana: User,
    client: Client,
    context: BrowserContext,
    page: Page,
    server: bench_pages.Server,
) -> Iterator[Page]:
    """Ana's bench with RM-1 open; whatever the console complains of fails the test."""
    give_cookie(context, client, "sessionid", live_server.url)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    page.add_init_script(STAND_INS)
    page.goto(f"{live_server.url}/bench/")
    expect(page.locator("#code")).to_be_focused()
    yield page
    server.open.set()
    assert complaints == []


def give_cookie(context: BrowserContext, client: Client, name: str, url: str) -> None:
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def slow_bench(
    bench: Page, client: Client, context: BrowserContext, live_server: LiveServer
) -> Page:
    """Set up for a slow scanner, so that a machine busy with other tests is fast enough."""
    client.post("/scan/check/", {"gap": "80"})
    give_cookie(context, client, "bench", live_server.url)
    bench.reload()
    expect(bench.locator("#scan")).to_have_attribute("data-gap", "80")
    return bench


@pytest.fixture
def scanner(bench: Page) -> Scanner:
    return Scanner(bench)


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


def said(bench: Page, words: str) -> None:
    expect(bench.locator("#scan-said")).to_have_text(words)


def waits(bench: Page, words: str) -> None:
    expect(bench.locator("#scan-waiting")).to_be_visible()
    expect(bench.locator("#scan-waiting")).to_have_text(words)


def heard(bench: Page) -> list[int]:
    return list(bench.evaluate("heard"))


def test_a_scan_goes_out_whole_with_an_id_and_the_open_return(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    scanner.scan("WOOL-socks:7")

    said(bench, "Counted WOOL-socks:7")
    [scan] = server.scans
    assert (scan["code"], scan["rma"], scan["decision"]) == ("WOOL-socks:7", "RM-1", "")
    assert UUID(scan["scan_id"]).version == 4
    expect(bench.locator("#counted")).to_have_text("1")
    expect(bench.locator("#code")).to_have_value("")
    expect(bench.locator("#code")).to_be_focused()


def test_a_label_opens_its_return_and_the_next_scan_is_for_that(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    scanner.scan("RM-2")
    scanner.scan("A-100")

    said(bench, "Counted A-100")
    assert [scan["rma"] for scan in server.scans] == ["RM-1", "RM-2"]
    expect(bench).to_have_url(re.compile(r"/bench/\?rma=RM-2$"))


@pytest.mark.parametrize(
    ("apart", "ends"),
    [
        (4, [ENTER]),
        (4, [ENTER, ENTER]),
        (4, [ENTER, LINE_FEED]),
        (4, [LINE_FEED]),
        (4, [TAB]),
        (30, [ENTER]),
        (30, [ENTER, ENTER]),
    ],
)
def test_scanners_of_all_kinds_are_heard_whatever_has_the_focus(
    apart: int, ends: list[Key], bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    focused = ["#code", "summary", "button[data-primary]", "#amount", "#reason"]

    for number, focus in enumerate(focused):
        bench.locator(focus).focus()
        scanner.scan(f"X-400638133393{number}", *ends, apart=apart)
        said(bench, f"Counted X-400638133393{number}")

    assert server.codes == [f"X-400638133393{number}" for number in range(len(focused))]
    assert server.pressed == []
    expect(bench.locator("details")).not_to_have_attribute("open", "")
    expect(bench.locator("#amount")).to_have_value("3.1")
    expect(bench.locator("#reason")).to_have_value("None")


def test_five_scans_at_once_arrive_once_each_and_in_order(
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    server.open.clear()
    for number in range(5):
        scanner.scan(f"ITEM-{number}")
    waits(bench, "5 scans waiting")
    assert server.codes == ["ITEM-0"]
    server.open.set()

    eventually(lambda: len(server.scans) == 5)
    assert server.codes == [f"ITEM-{number}" for number in range(5)]
    assert len(server.counted) == 5
    expect(bench.locator("#scan-waiting")).to_be_hidden()


def test_a_code_that_begins_with_a_key_is_still_a_code(
    slow_bench: Page, server: bench_pages.Server
) -> None:
    codes = ["+A123BJC5D6E71", "*B-7", "/3-B-7", ".B-7"]

    for code in codes:
        slow_bench.keyboard.type(f"{code}\n")
        said(slow_bench, f"Counted {code}")

    assert server.codes == codes
    assert server.pressed == []


def test_the_fast_end_of_a_typed_number_is_no_scan_of_its_own(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    bench.keyboard.type("RM", delay=90)
    scanner.scan("-2002")

    said(bench, "RM-2002 is open")
    assert server.codes == ["RM-2002"]


def test_a_scan_into_a_field_leaves_no_trace_there(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    bench.locator("#note").fill("a torn seam")
    bench.locator("#note").evaluate("field => field.setSelectionRange(2, 6)")
    scanner.scan("B-200-T")
    said(bench, "Counted B-200-T")
    selected = "field => [field.value, field.selectionStart, field.selectionEnd]"
    assert bench.locator("#note").evaluate(selected) == ["a torn seam", 2, 6]

    bench.locator("#reason").focus()
    scanner.scan("TTT-9")
    said(bench, "Counted TTT-9")
    expect(bench.locator("#reason")).to_have_value("None")
    expect(bench.locator("#reason")).to_be_focused()


def test_slow_typing_in_a_field_stays_there(bench: Page, server: bench_pages.Server) -> None:
    bench.locator("#note").focus()
    bench.keyboard.type("fine+*/", delay=90)
    bench.keyboard.press("Enter", delay=90)

    expect(bench.locator("#note")).to_have_value("fine+*/\n")
    assert (server.codes, server.pressed) == ([], [])


def test_a_letter_of_a_scan_is_no_shortcut_but_a_single_one_is(
    slow_bench: Page,
) -> None:
    shortcut = slow_bench.locator("[data-key=x]")
    shortcut.evaluate("elt => elt.addEventListener('click', () => { elt.dataset.hit = '1' })")
    slow_bench.locator("summary").focus()

    slow_bench.keyboard.type("x1x2x3\n")
    said(slow_bench, "Counted x1x2x3")
    expect(shortcut).not_to_have_attribute("data-hit", "1")

    expect(slow_bench.locator("#code")).to_be_focused()
    slow_bench.locator("summary").focus()
    slow_bench.keyboard.press("x")
    expect(shortcut).to_have_attribute("data-hit", "1")


@pytest.mark.parametrize("moves", [("summary", "#code"), ("#code", "#note"), ("#amount", "#code")])
@pytest.mark.parametrize("after", [1, 5])
def test_a_focus_that_moves_in_the_middle_of_a_scan_loses_nothing(
    after: int,
    moves: tuple[str, str],
    bench: Page,
    scanner: Scanner,
    server: bench_pages.Server,
) -> None:
    begun, ended = moves
    bench.locator("#note").fill("torn")
    bench.locator(begun).focus()
    bench.evaluate(
        """([after, ended]) => {
          let keys = 0;
          addEventListener("keyup", ({ key }) => {
            if (key.length === 1 && ++keys === after) document.querySelector(ended).focus();
          });
        }""",
        [after, ended],
    )

    scanner.scan("10-20")

    said(bench, "Counted 10-20")
    assert (server.codes, server.pressed) == (["10-20"], [])
    expect(bench.locator("#code")).to_have_value("")
    expect(bench.locator("#note")).to_have_value("torn")
    expect(bench.locator("#amount")).to_have_value("3.1")


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


def test_a_scan_leaves_the_outcomes_too(slow_bench: Page, server: bench_pages.Server) -> None:
    slow_bench.keyboard.press("/")
    expect(slow_bench.locator("#scan-mode")).to_be_visible()
    slow_bench.keyboard.type("30012345\n")

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


def test_input_methods_that_name_no_keys_are_read_as_well(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    for char in "A-100":
        unnamed = {"type": "rawKeyDown", "key": "Unidentified", "windowsVirtualKeyCode": 229}
        scanner.devtools.send("Input.dispatchKeyEvent", unnamed)
        scanner.devtools.send("Input.insertText", {"text": char})

    said(bench, "Counted A-100")
    assert server.codes == ["A-100"]


def test_the_soft_keyboard_comes_when_it_is_asked_for(bench: Page) -> None:
    button = bench.get_by_role("button", name="Keyboard")
    expect(bench.locator("#code")).to_have_attribute("inputmode", "none")

    button.click()
    expect(bench.locator("#code")).to_have_attribute("inputmode", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(bench.locator("#code")).to_be_focused()


def test_find_sends_what_was_typed(bench: Page, server: bench_pages.Server) -> None:
    bench.locator("#code").fill("70074401")
    bench.get_by_role("button", name="Find", exact=True).click()

    said(bench, "Counted 70074401")
    assert server.codes == ["70074401"]


def test_without_a_reader_in_the_browser_there_is_no_camera(bench: Page) -> None:
    bench.evaluate("delete window.BarcodeDetector")
    bench.reload()

    assert bench.get_by_role("button", name="Camera").is_visible() == bench.evaluate(
        "'BarcodeDetector' in window"
    )


def test_the_camera_reads_into_the_queue_and_stops_when_closed(
    bench: Page, server: bench_pages.Server
) -> None:
    bench.add_init_script(
        """
        window.tracks = [];
        window.BarcodeDetector = class { async detect() { return [{ rawValue: "CAM-1" }]; } };
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          window.wanted = wanted.video.facingMode;
          const stream = document.createElement("canvas").captureStream();
          tracks.push(...stream.getTracks());
          return stream;
        };
        HTMLMediaElement.prototype.play = async () => {};
        """
    )
    bench.reload()

    bench.get_by_role("button", name="Camera").click()
    expect(bench.locator("#camera-said")).to_have_text("Counted CAM-1")
    bench.wait_for_timeout(500)
    bench.get_by_role("button", name="Close").click()

    expect(bench.locator("#code")).to_be_focused()
    assert server.codes == ["CAM-1"]
    assert bench.evaluate("wanted") == "environment"
    assert bench.evaluate("tracks.map((track) => track.readyState)") == ["ended"]


def test_a_device_without_sound_is_silent(bench: Page, scanner: Scanner) -> None:
    bench.locator("#scan").evaluate("form => { form.dataset.sound = 'off' }")

    scanner.scan("NONE")

    said(bench, "Nothing found")
    assert heard(bench) == []


def test_without_javascript_the_form_posts_the_code(
    bench: Page, live_server: LiveServer, context: BrowserContext, server: bench_pages.Server
) -> None:
    browser = context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{live_server.url}/bench/")

    page.get_by_label("Scan or type").fill("A-100")
    page.keyboard.press("Enter")

    expect(page.locator("body")).to_have_text("Taken: A-100")
    plain.close()


def test_on_plain_http_a_scan_still_gets_an_id(
    bench: Page, scanner: Scanner, server: bench_pages.Server
) -> None:
    bench.evaluate("crypto.randomUUID = undefined")

    scanner.scan("A-100")

    said(bench, "Counted A-100")
    assert UUID(server.scans[0]["scan_id"]).version == 4
