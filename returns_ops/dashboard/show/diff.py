"""What changed between two texts, word by word: what went is struck out, what came is marked."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

LONGEST = 400  # words; comparing more costs more than it tells


def diff(before: str, after: str) -> SafeString:
    """`1 × <del>M</del> <ins>L</ins>`: words that stayed are shown once."""
    old, new = _words(before), _words(after)
    if len(old) + len(new) > LONGEST or not _alike(old, new):
        return _joined([("del", before), ("ins", after)])
    return _joined(_steps(old, new))


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _alike(old: list[str], new: list[str]) -> bool:
    """Two texts with little in common read better one after the other."""
    return SequenceMatcher(None, old, new, autojunk=False).ratio() >= 0.4


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield "", "".join(old[a:b])
        else:
            yield "del", "".join(old[a:b])
            yield "ins", "".join(new[c:d])


def _joined(steps: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> SafeString:
    return format_html_join("", "{}", ((_marked(tag, text),) for tag, text in steps if text))


def _marked(tag: str, text: str) -> SafeString | str:
    """With words for who does not see the marks."""
    if tag == "del":
        return format_html('<del><span class="sr">removed: </span>{}</del> ', text)
    if tag == "ins":
        return format_html('<ins><span class="sr">added: </span>{}</ins>', text)
    return text
