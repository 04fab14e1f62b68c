"""A scanner as the page sees it: a keyboard that types fast."""

import time

from playwright.sync_api import Page

Key = dict[str, object]
ENTER: Key = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
TAB: Key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
LINE_FEED: Key = {"key": "j", "code": "KeyJ", "modifiers": 2, "windowsVirtualKeyCode": 74}
SHIFT: Key = {"key": "Shift", "code": "ShiftLeft", "windowsVirtualKeyCode": 16}


class Scanner:
    """A keyboard that types at a speed of its own: each key carries the time it was struck at.

    So what the page sees does not depend on how fast the machine of the test is.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.devtools = page.context.new_cdp_session(page)
        self.at = 0.0

    def scan(self, text: str, *ends: Key, apart: int = 4) -> None:
        """A code and what comes behind it, Enter if nothing is said. `apart` is in milliseconds."""
        self.type(text, *(ends or [ENTER]), apart=apart)

    def type(self, text: str, *ends: Key, apart: int = 4) -> None:
        self.at = max(time.time(), self.at + 0.06)
        for key in (*(key_of(char) for char in text), *ends):
            if str(key.get("text", "")).isupper():
                self._strike(SHIFT)
            self._strike(key)
            self.at += apart / 1000

    def _strike(self, key: Key) -> None:
        time.sleep(max(0.0, self.at - time.time()))
        for kind in ("keyDown", "keyUp"):
            strike = key if kind == "keyDown" else {**key, "text": ""}
            self.devtools.send(
                "Input.dispatchKeyEvent", {"type": kind, "timestamp": self.at, **strike}
            )


def key_of(char: str) -> Key:
    return {"key": char, "text": char, "modifiers": 8 if char.isupper() else 0}
