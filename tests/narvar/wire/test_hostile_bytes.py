"""Bytes that are no JSON, or JSON that a database or Python itself would choke on."""

import json
import time
from decimal import Decimal

import pytest

from returns_ops.narvar import wire
from tests.narvar.wire.bodies import read, rma

WHOLE = json.dumps(rma(origin_city="Montréal"), ensure_ascii=False)


def reason(body: bytes) -> str:
    with pytest.raises(wire.Unreadable) as caught:
        wire.parse(body)
    assert str(caught.value)
    return caught.value.reason


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    inner = opening * (depth - 1) + closing * (depth - 1)
    return (WHOLE[:-1] + f', "junk": {inner}}}').encode()


def test_sixty_four_levels_are_read() -> None:
    assert wire.parse(nested(64)).rma_number == "LKR4T9QH2A"


@pytest.mark.parametrize("depth", [65, 66, 990, 1_000, 1_010, 100_000])
def test_deeper_nesting_is_refused_before_python_gives_up(depth: int) -> None:
    assert reason(nested(depth)) == "too_deep"
    assert reason(b'{"a":' * depth) == "too_deep"
    assert reason(b"[" * depth) == "too_deep"


def test_brackets_inside_strings_are_no_depth() -> None:
    assert read(email='[{"[{' * 100 + "\\").email == '[{"[{' * 100 + "\\"


def test_many_brackets_side_by_side_are_no_depth() -> None:
    assert len(read(errors=[{"message": "no"}] * 500).errors) == 500


@pytest.mark.parametrize(
    "junk", [b'"\\"' * 500_000, b"[]" * 500_000, b'{"a":"' + b"\\" * 1_000_000]
)
def test_the_depth_check_takes_no_longer_than_the_body_is_long(junk: bytes) -> None:
    started = time.perf_counter()

    assert reason(b"[" * 65 + junk) == "too_deep"
    assert time.perf_counter() - started < 2


def test_a_string_without_end_is_looked_through_once() -> None:
    started = time.perf_counter()

    assert reason(b"[]" * 65 + b'"' + b'\\"' * 500_000) == "not_json"
    assert time.perf_counter() - started < 2


def test_a_document_decoded_elsewhere_may_not_be_deep_either() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]

    with pytest.raises(wire.Unreadable, match="deeper than 64"):
        wire.parse_document(rma(junk=deep))


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "a\ud800b", "\udfff", "\ud83d\ud83d"])
def test_characters_no_database_takes_are_replaced_and_remarked(text: str) -> None:
    found = read(items=[{"sku": "S", "quantity": 1, "comment": text, f"k{text}": text}])

    kept = "".join(
        "\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text
    )
    assert found.items[0].comment == kept
    assert found.items[0].extra == {f"k{kept}": kept}
    assert "items[0].comment held characters that cannot be stored: shown as \ufffd" in found.flags


def test_nul_in_every_field_leaves_none() -> None:
    fields = ["rma_number", "return_status", "order_number", "email", "currency", "return_method"]

    found = wire.parse_document(rma(**dict.fromkeys(fields, "x\x00y")))

    assert "\x00" not in repr(found)
    assert len([flag for flag in found.flags if "cannot be stored" in flag]) == len(fields)


def test_a_real_character_beyond_the_basic_plane_is_kept() -> None:
    assert read(email="\U0001f9e6@example.com").email == "\U0001f9e6@example.com"


def test_a_byte_order_mark_is_skipped() -> None:
    assert wire.parse(WHOLE.encode("utf-8-sig")).origin_city == "Montréal"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-32"])
def test_other_encodings_are_refused(encoding: str) -> None:
    assert reason(WHOLE.encode(encoding)) in ("not_utf8", "not_json")


def test_utf_16_without_a_mark_is_refused_too() -> None:
    assert reason(json.dumps(rma()).encode("utf-16-le")) == "not_json"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_left_empty(number: str) -> None:
    body = WHOLE[:-1] + f', "estimated_refund": {number}, "junk": [{number}]}}'

    found = wire.parse(body.encode())

    assert found.estimated_refund is None
    assert found.extra == {"junk": [None]}
    assert len(found.flags) == 2


@pytest.mark.parametrize(
    "number", ["1e400", "1e-400", "1" * 15, "9" * 5_000, "0." + "1" * 40, "1e999999"]
)
def test_a_number_too_long_to_be_money_is_left_empty_and_kept_aside(number: str) -> None:
    found = wire.parse((WHOLE[:-1] + f', "estimated_refund": {number}}}').encode())

    assert found.estimated_refund is None
    assert str(found.extra["estimated_refund"]) == number
    assert len(found.flags) == 1
    assert found.flags[0].endswith("too long a number, left empty")


def test_a_long_whole_number_in_a_text_field_keeps_its_digits() -> None:
    found = wire.parse((WHOLE[:-1] + f', "order_number": {"7" * 40}}}').encode())

    assert found.order_number == "7" * 40


def test_huge_numbers_of_a_decoded_document_do_no_harm() -> None:
    found = wire.parse_document(rma(estimated_refund=10**6_000, restocking_fee=10**40, gift=1e300))

    assert (found.estimated_refund, found.restocking_fee, found.gift) == (None, None, False)


def test_a_key_told_twice_is_remarked_and_the_last_counts() -> None:
    body = b'{"rma_number":"A","rma_number":"B","return_status":"approved",'
    body += b'"items":[{"sku":"S","quantity":1,"quantity":2}]}'

    found = wire.parse(body)

    assert (found.rma_number, found.items[0].quantity) == ("B", 2)
    assert found.flags == (
        '"quantity" stands twice in items[0]: the last counts',
        '"rma_number" stands twice: the last counts',
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"null", "not_an_object"),
        (b"[]", "not_an_object"),
        (b'[{"rma_number": "A"}]', "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"17", "not_an_object"),
        (b"NaN", "not_an_object"),
        (b"rma_number=A&return_status=approved", "not_json"),
        (b"<rma/>", "not_json"),
        (b'{"rma_number": "A"', "not_json"),
        (b'{"rma_number": "A", "return_status": "approved"} more', "not_json"),
        (b"{}", "no_rma_number"),
        (b'{"rma": {}}', "no_rma_number"),
        (b'{"return_status": "approved", "rma_number": ""}', "no_rma_number"),
        (b'{"return_status": "approved", "rma_number": "  "}', "no_rma_number"),
        (b'{"return_status": "approved", "rma_number": {}}', "no_rma_number"),
        (b'{"return_status": "approved", "rma_number": true}', "no_rma_number"),
        (b'{"rma_number": "A"}', "no_status"),
        (b'{"rma_number": "A", "return_status": []}', "no_status"),
        (b'{"rma_number": "A", "return_tracking_status": "return_initiated"}', "wrong_product"),
    ],
)
def test_what_is_no_rma_is_refused_with_its_reason(body: bytes, expected: str) -> None:
    assert reason(body) == expected


def test_an_essential_that_is_far_too_long_is_refused() -> None:
    assert reason(json.dumps(rma(rma_number="A" * 10_000)).encode()) == "number_too_long"
    assert reason(json.dumps(rma(return_status="a" * 10_000)).encode()) == "status_too_long"


def test_a_bare_line_break_in_a_comment_is_no_reason_to_lose_the_rma() -> None:
    body = b'{"rma_number":"A","return_status":"approved","email":"a\nb"}'

    assert wire.parse(body).email == "a\nb"


def test_decimals_of_a_decoded_document_are_read_exactly() -> None:
    found = wire.parse_document(rma(estimated_refund=Decimal("0.10"), restocking_fee=0.1))

    assert found.estimated_refund == found.restocking_fee == Decimal("0.1")
