"""What is read at the scan box: whole, once each, in order, whatever had the focus."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboard import bench_pages
from tests.dashboard.keyboard import ENTER, LINE_FEED, TAB, Key, Scanner
from tests.dashboard.scan_box.seen import MARKS, heard, said, waits

pytestmark = MARKS


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
    slow_bench: Page, slow_scanner: Scanner, server: bench_pages.Server
) -> None:
    codes = ["+A123BJC5D6E71", "*B-7", "/3-B-7", ".B-7"]

    for code in codes:
        slow_scanner.scan(code)
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
    slow_bench: Page, slow_scanner: Scanner
) -> None:
    shortcut = slow_bench.locator("[data-key=x]")
    shortcut.evaluate("elt => elt.addEventListener('click', () => { elt.dataset.hit = '1' })")
    slow_bench.locator("summary").focus()

    slow_scanner.scan("x1x2x3")
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
