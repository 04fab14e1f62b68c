"""A person with a scanner in one hand: every scan, key and tap is counted."""

from playwright.sync_api import Locator, Page, expect

GLOVED = 56  # CSS pixels: what a glove needs to hit


class Hands:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.scans = self.keys = self.taps = 0

    def scan(self, code: str, said: str = "") -> None:
        self.scans += 1
        self.page.keyboard.type(code, delay=4)
        self.page.keyboard.press("Enter")
        if said:
            expect(self.page.locator("#scan-said")).to_contain_text(said)
        # A person needs longer than the scanner's own line feed may take.
        self.page.wait_for_timeout(400)

    def key(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(150)

    def tap(self, what: str | Locator) -> None:
        """A button by its name, or anything else; it must be large enough for a glove."""
        button = self.page.get_by_role("button", name=what) if isinstance(what, str) else what
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= GLOVED, f"{what} is {box['height']} px high"
        self.taps += 1
        button.tap()
        self.page.wait_for_timeout(150)

    @property
    def counted(self) -> tuple[int, int]:
        return self.scans, self.keys
