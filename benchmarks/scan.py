"""From the scanner's Enter to the painted answer, in a real browser, with many returns around.

`python -m benchmarks scan`: one bench, real web process, keys at a scanner's speed. Bounded by
the number of boxes. Between the scans the same browser fetches a page that asks no database, so
that a busy machine can be told from a slow program.
"""

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Page, sync_playwright

from benchmarks.table import Row
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Work
from tests.e2e.stack import Stack

MANY = 100_000
BOXES = 60
DOMAIN = "scan.myshopify.com"
PASSWORD = "only for this measurement"
LONGEST_WAIT = 30  # seconds for one scan
PAUSE = 400  # milliseconds between two scans of a person
# Notes when the scanner's Enter comes, and when the frame after the answer is painted; `below` is
# when what stands below the bench, which follows by itself, is painted too.
WATCH = """
() => {
  window.took = [];
  window.below = [];
  let from = 0;
  const enter = ({ key }) => { if (key === "Enter") from = performance.now(); };
  addEventListener("keydown", enter, true);
  document.body.addEventListener("scanned", () => {
    requestAnimationFrame(() => setTimeout(() => window.took.push(performance.now() - from)));
  });
  document.body.addEventListener("htmx:afterOnLoad", ({ detail }) => {
    if (!detail.requestConfig.path.endsWith("/below/")) return;
    requestAnimationFrame(() => setTimeout(() => window.below.push(performance.now() - from)));
  });
}
"""


BARE = """
async () => {
  const from = performance.now();
  await (await fetch("/livez")).text();
  return performance.now() - from;
}
"""


class Times(NamedTuple):
    """In milliseconds, each as the browser sees it; `cpu` is the web process's, for one scan."""

    opened: list[float]
    counted: list[float]
    below: list[float]
    bare: list[float]
    cpu: float


def run() -> list[Row]:
    browser_path = shutil.which("chromium")
    if browser_path is None:
        return [Row("scan to painted answer", "no chromium on PATH")]
    shop = _shop()
    call_command("generate_rmas", count=MANY, seed=7, shop=DOMAIN)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # else autovacuum works off the writing meanwhile
    boxes = _boxes(shop)
    stack = Stack(var=Path(tempfile.mkdtemp()))
    stack.start_web()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
            )
            times = _work(browser.new_page(), stack, boxes)
            browser.close()
    finally:
        stack.stop()
    return [
        Row(f"returns around, boxes scanned: {MANY:,}", f"{len(times.opened)}"),
        *_rows("label to painted return", times.opened, "< 150"),
        *_rows("item to painted count", times.counted, "< 150"),
        *_rows("label to all of the return, below the bench too", times.below),
        *_rows("a page that asks no database", times.bare),
        Row("CPU of the web process for a scan, ms", f"{times.cpu:.0f}"),
    ]


def _shop() -> Shop:
    shop = Shop.objects.get_or_create(domain=DOMAIN)[0]
    user = User.objects.get_or_create(username="scanner")[0]
    user.set_password(PASSWORD)
    user.save()
    Membership.objects.get_or_create(user=user, shop=shop, role=Role.WAREHOUSE)
    return shop


def _boxes(shop: Shop) -> list[tuple[str, str]]:
    """RMA numbers and a SKU of each, from all over the table."""
    waiting = Rma.objects.filter(shop=shop, work__in=[Work.TO_RECEIVE, Work.TO_DECIDE])
    chosen = waiting.order_by("?").prefetch_related("items")[:BOXES]
    return [(rma.rma_number, rma.items.all()[0].sku) for rma in chosen]


def _work(page: Page, stack: Stack, boxes: list[tuple[str, str]]) -> Times:
    page.goto(f"{stack.url}/login/?next=/scan/")
    page.fill("[name=username]", "scanner")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")
    page.evaluate(WATCH)
    opened, counted, bare = [], [], []
    group = stack.running["web"].pid
    before = _cpu_of(group)
    for number, sku in boxes:
        opened.append(_scan(page, number))
        counted.append(_scan(page, sku))
        bare.append(float(page.evaluate(BARE)))
    spent = _cpu_of(group) - before
    below = [float(one) for one in page.evaluate("() => window.below")]
    assert len(below) == len(boxes), "what stands below a bench did not follow"
    return Times(opened, counted, below, bare, cpu=1000 * spent / (2 * len(boxes)))


def _cpu_of(group: int) -> float:
    """Seconds that the living processes of a group have computed."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _scan(page: Page, code: str) -> float:
    before = page.evaluate("() => window.took.length")
    page.keyboard.type(code, delay=4)
    page.keyboard.press("Enter")
    # The page's policy forbids what a waiting function would need.
    until = time.monotonic() + LONGEST_WAIT
    while page.evaluate("() => window.took.length") == before:
        assert time.monotonic() < until, f"{code} was not answered"
        page.wait_for_timeout(50)
    page.wait_for_timeout(PAUSE)
    return float(page.evaluate("() => window.took.at(-1)"))


def _rows(name: str, took: list[float], goal: str = "") -> list[Row]:
    cuts = statistics.quantiles(took, n=20)
    return [
        Row(f"{name}, median ms", f"{statistics.median(took):.0f}"),
        Row(f"{name}, 95th percentile ms", f"{cuts[18]:.0f}", goal),
    ]
