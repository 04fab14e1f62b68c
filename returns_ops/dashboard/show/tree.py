"""A payload as a tree that opens without a script. What is too long is cut, the whole on demand."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from returns_ops.dashboard.show.bodies import masked, shown

DEEPEST = 12
OPEN_LEVELS = 2
MOST_ENTRIES = 3000
LONGEST = 120
LIKE_OTHERS = {"", "true", "false", "null", "none", "empty"}
# Its name stands on what opens it.
BRANCH = SafeString(' class="branch"')


class Number(str):
    """As it was written: 49.90 stays 49.90."""


def tree_of(content: bytes | memoryview, *, revealed: bool = False) -> SafeString | None:
    """None when the body is no JSON that can be shown as one."""
    try:
        value = json.loads(bytes(content), parse_float=Number, parse_int=Number)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list) or not value:
        return None
    return _Tree(shown if revealed else lambda text: shown(masked(text))).entries(value, 0)


class _Tree:
    def __init__(self, say: Callable[[str], str]) -> None:
        self._say = say
        self._left = MOST_ENTRIES

    def entries(self, value: dict[str, Any] | list[Any], level: int) -> SafeString:
        rows = format_html_join(
            "",
            "<div{}><dt><bdi>{}</bdi></dt><dd>{}</dd></div>",
            (
                (BRANCH if _has_entries(child) else "", name, self._value(name, child, level))
                for name, child in self._named(value)
            ),
        )
        return format_html('<dl class="tree">{}</dl>', rows)

    def _named(self, value: dict[str, Any] | list[Any]) -> Iterable[tuple[str, Any]]:
        children = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for name, child in children:
            if self._left <= 0:
                yield "…", Number("More follows: see the text.")
                return
            self._left -= 1
            yield self._say(str(name)), child

    def _value(self, name: str, value: Any, level: int) -> SafeString:
        if _has_entries(value):
            return self._branch(name, value, level)
        if isinstance(value, dict | list):
            return _plain("empty")
        if value is None or isinstance(value, bool):
            return _plain(json.dumps(value))
        if isinstance(value, Number | float):
            return format_html("<bdi>{}</bdi>", str(value))
        return self._text(value)

    def _branch(self, name: str, value: dict[str, Any] | list[Any], level: int) -> SafeString:
        count = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
        if level >= DEEPEST:
            return _plain(f"{count}, too deep to show here: see the text")
        opening = SafeString("<details open>" if level < OPEN_LEVELS else "<details>")
        return format_html(
            '{}<summary><bdi>{}</bdi> <span class="muted">{}</span></summary>{}</details>',
            opening,
            name,
            count,
            self.entries(value, level + 1),
        )

    def _text(self, value: str) -> SafeString:
        text = self._say(value)
        if len(text) > LONGEST:
            return format_html(
                "<details><summary><bdi>{}…</bdi></summary><bdi>{}</bdi></details>",
                text[:LONGEST],
                text,
            )
        # Quoted only where it would be taken for something else.
        if text.strip().lower() in LIKE_OTHERS or _is_number(text):
            text = f"“{text}”"
        return format_html("<bdi>{}</bdi>", text)


def _has_entries(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(text: str) -> SafeString:
    return format_html('<span class="muted">{}</span>', text)
