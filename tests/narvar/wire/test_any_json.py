"""Whatever JSON comes: an RMA that can be stored, or Unreadable. Nothing else."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from returns_ops.narvar import wire
from tests.narvar.wire.bodies import EXAMPLES, document


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


KNOWN = sorted({key for name in EXAMPLES for key in _keys(document(name))} | {"return", "item"})
WORDS = [
    "approved",
    "USD",
    "JPY",
    "QQQ",
    "true",
    "1e400",
    "-0",
    "2026-10-18T16:32:32Z",
    "1792341152",
]
texts = st.text(st.characters(), max_size=20) | st.sampled_from(["\x00", "\ud800", "", *WORDS])
numbers = st.integers() | st.floats() | st.integers(10**29, 10**40)
keys = st.sampled_from(KNOWN) | texts
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=30,
)
essentials = st.fixed_dictionaries(
    {"rma_number": st.just("A") | texts, "return_status": st.just("approved") | texts}
)
documents = st.tuples(st.dictionaries(keys, values, max_size=8), essentials).map(
    lambda both: {**both[0], **both[1]}
)
changed_leaf = st.tuples(st.sampled_from(EXAMPLES), st.integers(0, 10_000), values)


def storable(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            storable(key)
            storable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            storable(inner)
    elif isinstance(value, str):
        assert b"\x00" not in value.encode()
    elif isinstance(value, Decimal):
        assert value.is_finite()
        assert len(format(value, "f")) <= 50
    elif isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, datetime):
        assert value.tzinfo
    else:
        assert value is None or isinstance(value, int)


def read_or_refuse(body: bytes) -> None:
    try:
        found = wire.parse(body)
    except wire.Unreadable as refusal:
        storable([refusal.reason, str(refusal)])
    else:
        storable(asdict(found))
        assert found.rma_number
        json.dumps(asdict(found)["extra"])


@given(documents)
def test_any_document_is_read_or_refused(hostile: dict[str, Any]) -> None:
    read_or_refuse(json.dumps(hostile).encode())


@given(values)
def test_any_json_is_read_or_refused(hostile: Any) -> None:
    read_or_refuse(json.dumps(hostile).encode())


@given(values)
def test_any_answer_is_read_or_refused(hostile: Any) -> None:
    try:
        found = wire.parse_answer(json.dumps(hostile).encode())
    except wire.Unreadable:
        return
    storable([asdict(snapshot) for snapshot in found.snapshots])
    storable([found.next_timestamp, found.problems])


@given(st.binary())
def test_any_bytes_are_read_or_refused(hostile: bytes) -> None:
    read_or_refuse(hostile)


@given(changed_leaf)
def test_an_example_with_any_value_anywhere_is_read_or_refused(
    change: tuple[str, int, Any],
) -> None:
    name, place, value = change
    body = document(name)
    spots = list(_spots(body))
    holder, key = spots[place % len(spots)]
    holder[key] = value

    read_or_refuse(json.dumps(body).encode())


@given(documents)
def test_the_same_body_reads_the_same(hostile: dict[str, Any]) -> None:
    body = json.dumps(hostile).encode()
    try:
        first = wire.parse(body)
    except wire.Unreadable:
        return
    assert wire.parse(body) == first


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _spots(inner)
