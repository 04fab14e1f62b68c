"""The bytes of a message for people: indented, nothing that turns text around, e-mails masked."""

import json
import re
from typing import NamedTuple

LONGEST = 200_000
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Matched from the @ outwards, so that a long word costs no more than its length.
_LOCAL_BACKWARDS = re.compile(r"[\w.+%'-]+")
_HOST = re.compile(r"[\w-]+\.\w")


class Body(NamedTuple):
    text: str
    is_json: bool
    size: str
    cut: bool


def body_of(content: bytes | memoryview, *, revealed: bool = False) -> Body:
    raw = bytes(content)
    text, is_json = raw.decode("utf-8", "replace"), False
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
        is_json = True
    except (ValueError, RecursionError):
        pass
    whole = shown(text if revealed else masked(text))
    return Body(whole[:LONGEST], is_json, f"{len(raw):,} bytes", len(whole) > LONGEST)


def shown(text: str) -> str:
    """JSON may hold half a surrogate, and marks that turn the text around."""
    return TURNING.sub(_escaped, text.encode("utf-8", "backslashreplace").decode())


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def masked(text: str) -> str:
    """`jane@example.com` as `j•••@example.com`, wherever it stands."""
    parts = text.split("@")
    for place, host in enumerate(parts[1:]):
        local = _LOCAL_BACKWARDS.match(parts[place][::-1])
        if local and _HOST.match(host):
            keep = len(parts[place]) - local.end()
            parts[place] = f"{parts[place][: keep + 1]}•••"
    return "@".join(parts)
