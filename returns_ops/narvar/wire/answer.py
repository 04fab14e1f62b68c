"""What GET /api/returns answers. The spec shows no envelope, so several are taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from returns_ops.narvar.wire.decode import clean, decode
from returns_ops.narvar.wire.reading import is_wrapped, parse_document
from returns_ops.narvar.wire.remarks import Remarks
from returns_ops.narvar.wire.unreadable import Unreadable
from returns_ops.returns.snapshot import RmaSnapshot

LISTS = ("returns", "rmas", "rma", "return", "data", "results")
CURSOR = "next_timestamp"


@dataclass(frozen=True, kw_only=True)
class ReturnsPage:
    snapshots: tuple[RmaSnapshot, ...]
    next_timestamp: str | int | None  # to be sent back as it is
    problems: tuple[str, ...] = ()  # returns that could not be read, one sentence each


def parse_answer(body: bytes) -> ReturnsPage:
    """One page of returns. Raises Unreadable: an answer we do not know is never an empty page."""
    document = decode(body)
    rows = _rows(document)
    problems = Remarks()
    return ReturnsPage(
        snapshots=tuple(_read(rows, problems)),
        next_timestamp=_cursor(document, problems),
        problems=problems.told(),
    )


def _rows(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise Unreadable("unknown_envelope", "The answer is neither a list nor an object")
    if "rma_number" in document or is_wrapped(document):
        return [document]
    for key in LISTS:
        if isinstance(document.get(key), list):
            return list(document[key])
    return _only_list(document)


def _only_list(document: Mapping[str, Any]) -> list[Any]:
    """Under a name we do not know, the rows themselves must show that they are returns."""
    lists = [value for value in document.values() if isinstance(value, list)]
    if len(lists) == 1 and lists[0] and all(map(_is_return, lists[0])):
        return lists[0]
    keys = ", ".join(sorted(map(str, document))[:20])[:300] or "none"
    told = f"The answer holds no list of returns; its keys: {clean(keys, Remarks())}"
    raise Unreadable("unknown_envelope", told)


def _is_return(row: Any) -> bool:
    return isinstance(row, dict) and ("rma_number" in row or bool(is_wrapped(row)))


def _read(rows: list[Any], problems: Remarks) -> list[RmaSnapshot]:
    found = []
    for place, row in enumerate(rows):
        try:
            found.append(parse_document(row))
        except Unreadable as problem:
            problems.add(f"returns[{place}] was not read: {problem}")
    return found


def _cursor(document: Any, problems: Remarks) -> str | int | None:
    value = document.get(CURSOR) if isinstance(document, dict) else None
    value = clean(value, problems, CURSOR)
    if value is None or value == "":
        return None
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    problems.add(f"{CURSOR} is neither a text nor a number: read as the last page")
    return None
