"""From bytes to a JSON document that a database can hold."""

import json
import math
import re
from collections import Counter
from decimal import Decimal
from itertools import accumulate
from typing import Any, NoReturn

from returns_ops.narvar.wire.remarks import Remarks, shown
from returns_ops.narvar.wire.unreadable import Unreadable

DEEPEST = 64
LONGEST_NUMBER = 30
REPLACEMENT = "\ufffd"

# The end quote is optional, so that a string that never ends is one match and not a million.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NAMED = re.compile(r'"rma_number"\s*:\s*"([^"\\\x00]{1,255})"')
_STEP = {"{": 1, "[": 1, "}": -1, "]": -1}


class _DoubledKeys(dict[str, Any]):
    """An object some of whose keys stood twice: the last won, as everywhere in JSON."""

    doubled: list[str]


def decode(body: bytes) -> Any:
    """Any JSON value. A number with a point is its own text, so that no digit is lost."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8", f"The body is not UTF-8 text: {error.reason}") from None
    if not text.strip():
        raise Unreadable("empty", "The body is empty")
    _refuse_depth(text)
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        raise Unreadable("not_json", f"The body is not JSON: {error}") from None


def named_rma(body: bytes) -> str:
    """The RMA that a body seems to speak of, even where it cannot be read; empty: none."""
    found = _NAMED.search(body.decode("utf-8", "replace"))
    return _UNSTORABLE.sub(REPLACEMENT, found[1]).strip() if found else ""


def clean(document: Any, remarks: Remarks, path: str = "", depth: int = 1) -> Any:
    """The same with nothing in it that PostgreSQL refuses; what had to change is remarked."""
    if isinstance(document, str):
        return _storable(document, path, remarks)
    if document is None or isinstance(document, bool):
        return document
    if depth > DEEPEST:
        _too_deep()
    if isinstance(document, dict):
        return _clean_object(document, remarks, path, depth)
    if isinstance(document, list | tuple):
        return [
            clean(row, remarks, f"{path}[{index}]", depth + 1) for index, row in enumerate(document)
        ]
    return _clean_number(document, path, remarks)


def _clean_object(
    document: dict[Any, Any], remarks: Remarks, path: str, depth: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    doubled = list(document.doubled) if isinstance(document, _DoubledKeys) else []
    for key, value in document.items():
        name = _storable(str(key), path, remarks)
        if name in found:
            doubled.append(name)
        found[name] = clean(value, remarks, f"{path}.{name}" if path else name, depth + 1)
    for name in doubled:
        where = f"in {path} " if path else ""
        key = shown(_storable(name, path, remarks))
        remarks.add(f"{key} stands twice {where}".rstrip() + ": the last counts")
    return found


def _storable(text: str, path: str, remarks: Remarks) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    kept, changes = _UNSTORABLE.subn(REPLACEMENT, text)
    if changes:
        held = f"{path or 'a key'} held characters that cannot be stored"
        remarks.add(f"{held}: shown as {REPLACEMENT}")
    return kept


def _clean_number(number: Any, path: str, remarks: Remarks) -> int | str | None:
    if isinstance(number, int):
        return _clean_whole(number, path, remarks)
    if isinstance(number, float | Decimal) and not math.isfinite(number):
        remarks.add(f"{path} is {number}: not a number, left empty")
        return None
    return _storable(str(number), path, remarks)


def _clean_whole(number: int, path: str, remarks: Remarks) -> int | str | None:
    if abs(number) < 10**LONGEST_NUMBER:
        return number
    if number.bit_length() > 4096:  # Python refuses to write much longer ones
        remarks.add(f"{path} is a number of thousands of digits: left empty")
        return None
    return str(number)


def _refuse_depth(text: str) -> None:
    """Before json sees it: json fails on depth with a RecursionError, late and unpredictably."""
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    steps = (_STEP[mark] for mark in re.findall(r"[\[\]{}]", _STRING.sub("", text)))
    if any(depth > DEEPEST for depth in accumulate(steps)):
        _too_deep()


def _too_deep() -> NoReturn:
    raise Unreadable("too_deep", f"The body is nested deeper than {DEEPEST} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    counted = Counter(key for key, _ in pairs)
    found = _DoubledKeys(plain)
    found.doubled = [key for key, times in counted.items() if times > 1]
    return found


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


# Not strict: a shopper's bare line break in a comment is no reason to lose the RMA.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=str, parse_int=_whole, strict=False
)
