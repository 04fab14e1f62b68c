"""Is a screen accessible, and does it fit: in every size, in light and dark?

A page is loaded once and looked at five times. A theme changes colours and nothing else, so in the
dark only those are judged again; a tablet shows what a phone or a desktop shows, in other places,
so there only what depends on the place is.
"""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES: dict[str, dict[str, Any]] = {
    "light": {"runOnly": TAGS},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
    "tablet": {
        "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
    },
}
SIZES = ((320, 700), (768, 1024), (1280, 800))
TABLET = 768
ASK = """([within, options]) => axe.run(within, { ...options, resultTypes: ["violations"] })
  .then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))"""


def wrong(page: Page, sizes: Sequence[tuple[int, int]] = SIZES) -> list[str]:
    """All that is wrong with what the page shows now."""
    found = []
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")  # what a sticky header covers by chance is no fault
        for look in ("tablet",) if width == TABLET else ("light", "dark"):
            theme = "dark" if look == "dark" else "light"
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found += [f"{width} {look} {fault}" for fault in faults(page, look)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width} scrolls sideways")
    return found


def faults(
    page: Page, look: str = "light", *, within: str = "html", but: Sequence[str] = ()
) -> list[str]:
    """`but`: rules that what is not ours breaks."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {**RULES[look], "rules": {rule: {"enabled": False} for rule in but}}
    told: list[str] = page.evaluate(ASK, [within, options])
    return told


def open_all(page: Page) -> None:
    """Whatever is folded away is looked at as well, also what else shuts when another opens."""
    page.evaluate(
        "document.querySelectorAll('details')"
        ".forEach((one) => { one.removeAttribute('name'); one.open = true })"
    )
