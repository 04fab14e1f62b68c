import json
from typing import Any

import pytest

from returns_ops.narvar import wire
from tests.narvar.wire.bodies import rma

ROW = rma()


def page(answer: Any) -> wire.ReturnsPage:
    return wire.parse_answer(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "answer",
    [
        ROW,
        [ROW],
        {"rma": ROW},
        {"return": ROW},
        [{"rma": ROW}],
        {"returns": [ROW]},
        {"rmas": [{"rma": ROW}]},
        {"rma": [ROW]},
        {"data": [ROW]},
        {"results": [ROW], "total": 1},
        {"items": [ROW]},
        {"whatever": [{"return": ROW}]},
    ],
)
def test_every_envelope_gives_the_same_return(answer: Any) -> None:
    found = page(answer)

    assert [snapshot.rma_number for snapshot in found.snapshots] == ["LKR4T9QH2A"]
    assert (found.next_timestamp, found.problems) == (None, ())


@pytest.mark.parametrize("answer", [[], {"returns": []}, {"data": [], "next_timestamp": None}])
def test_an_empty_list_is_an_empty_page(answer: Any) -> None:
    assert page(answer) == wire.ReturnsPage(snapshots=(), next_timestamp=None)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": "Too Many Requests"},
        {"whatever": []},
        {"whatever": [{"name": "x"}]},
        {"one": [ROW], "two": [ROW]},
        {"items": [{"sku": "S"}]},
        "returns",
        None,
    ],
)
def test_an_unknown_envelope_is_never_an_empty_page(answer: Any) -> None:
    with pytest.raises(wire.Unreadable) as caught:
        page(answer)
    assert caught.value.reason == "unknown_envelope"


def test_the_refusal_names_the_keys() -> None:
    with pytest.raises(wire.Unreadable, match="its keys: rows, total"):
        page({"total": 0, "rows": []})


@pytest.mark.parametrize("cursor", ["2026-10-18T16:32:32.118+02:00", 1792341152, "1792341152", 0])
def test_the_cursor_is_handed_on_unchanged(cursor: Any) -> None:
    assert page({"returns": [ROW], "next_timestamp": cursor}).next_timestamp == cursor


def test_a_cursor_that_is_neither_text_nor_number_is_a_problem() -> None:
    found = page({"returns": [], "next_timestamp": {"at": 1}})

    assert found.next_timestamp is None
    assert found.problems == (
        "next_timestamp is neither a text nor a number: read as the last page",
    )


def test_a_return_that_cannot_be_read_does_not_hide_the_others() -> None:
    found = page({"returns": [{"return_status": "approved"}, ROW, 7]})

    assert len(found.snapshots) == 1
    assert found.problems == (
        "returns[0] was not read: The body has no rma_number",
        "returns[2] was not read: The body is JSON, but not an object",
    )


def test_flags_of_a_row_are_told_from_the_row() -> None:
    found = page({"returns": [ROW, {**ROW, "gift": "maybe"}]})

    assert found.snapshots[1].flags[0].startswith('gift is "maybe"')


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 5_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.parse_answer(body)
