"""Reading scans: every form in which carriers, products and people write the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns.codes import (
    COMMANDS,
    LONGEST,
    MOST_WORDS,
    CodeKind,
    has_check_digit,
    read_code,
)
from returns_ops.returns.search import normalise

GS, RS, EOT = "\x1d", "\x1e", "\x04"
UPS = "1Z5R89390357567127"
pieces = [*"()]/:?=&#.,0149ZzCde -", "\x00", GS, "\ud800", "1Z", "https://", "420", "(01)", "?rma="]
scans = st.text(max_size=600) | st.lists(st.sampled_from(pieces)).map("".join)
marks = st.sampled_from(["", "]C1", "]C0", "]d2", "]E0", "]Q3", "]A0", "]c1", f"]C1{GS}", GS])
digits = st.text("0123456789", min_size=1, max_size=40)


def words(raw: str) -> tuple[str, ...]:
    code = read_code(raw)
    assert code.kind == CodeKind.THING
    return code.candidates


def gtin(body: str) -> str:
    return next(f"{body}{last}" for last in range(10) if has_check_digit(f"{body}{last}"))


@given(scans)
def test_any_text_is_read_into_few_words_without_an_error(raw: str) -> None:
    code = read_code(raw)

    assert len(code.candidates) <= MOST_WORDS
    assert len(set(code.candidates)) == len(code.candidates)
    assert bool(code.candidates) == (code.kind not in (CodeKind.EMPTY, CodeKind.TOO_LONG))
    for word in code.candidates:
        assert word == "".join(word.split())
        assert "\x00" not in word
        assert word.encode()


@given(scans)
def test_any_text_can_be_stored_as_scanned(raw: str) -> None:
    stored = read_code(raw).raw

    assert len(stored) <= LONGEST
    assert "\x00" not in stored
    assert stored.encode().decode() == stored


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60))
def test_a_thing_is_found_by_what_was_stored_of_it(text: str) -> None:
    code = read_code(f" {text}\r\n")

    marked_or_card = text.startswith("]") or code.kind not in (CodeKind.THING, CodeKind.EMPTY)
    assert marked_or_card or not normalise(text) or normalise(text) in code.candidates


@given(digits, marks)
def test_a_number_means_the_same_with_a_mark_of_the_scanner(number: str, mark: str) -> None:
    assert set(words(number)) <= set(words(f"{mark}{number}"))


@given(st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True))
def test_a_word_means_the_same_with_caps_lock(text: str) -> None:
    assert read_code(text.swapcase()).candidates == read_code(text).candidates


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_a_command_card_says_its_verb(verb: str) -> None:
    code = read_code(f"CMD:{verb}")

    assert (code.kind, code.candidates) == (CodeKind.COMMAND, (verb,))


@pytest.mark.parametrize("raw", ["cmd:approve", "]C0CMD:APPROVE\r", " Cmd:Approve ", "cMD:aPPROVE"])
def test_a_card_is_known_with_marks_caps_lock_and_line_ends(raw: str) -> None:
    assert read_code(raw).kind == CodeKind.COMMAND


def test_a_bench_and_a_badge_say_who_they_are() -> None:
    bench, badge = read_code("BENCH:pack-1"), read_code("BADGE:x7k2m")

    assert (bench.kind, bench.candidates) == (CodeKind.BENCH, ("PACK-1",))
    assert (badge.kind, badge.candidates) == (CodeKind.BADGE, ("X7K2M",))


@pytest.mark.parametrize("raw", ["CMD:", "CMD:DANCE", "BENCH:", "BADGE: ", "CMD", "APPROVE"])
def test_what_is_no_card_of_ours_is_a_thing(raw: str) -> None:
    assert read_code(raw).kind == CodeKind.THING


@pytest.mark.parametrize("raw", ["", "  ", "\r\n", GS, "]C1", "#", "\x00"])
def test_nothing_is_nothing(raw: str) -> None:
    assert read_code(raw).kind == CodeKind.EMPTY


def test_five_hundred_characters_are_read() -> None:
    assert read_code("A" * LONGEST).kind == CodeKind.THING


def test_a_longer_text_is_cut_and_not_read() -> None:
    code = read_code("A" * (LONGEST + 1))

    assert (code.kind, code.candidates) == (CodeKind.TOO_LONG, ())
    assert code.raw == "A" * LONGEST


def test_an_order_number_loses_its_hash() -> None:
    assert words("#1001") == ("1001",)


def test_an_rma_number_is_taken_as_it_is() -> None:
    assert words("tp1233apqw") == ("TP1233APQW",)


def test_spaces_inside_a_tracking_number_do_not_matter() -> None:
    assert words("1Z 999 AA1 01 2345 6784") == ("1Z999AA10123456784",)


def test_characters_nobody_sees_are_left_out() -> None:
    assert words("\ufeffTP12\u200b33APQW") == ("TP1233APQW",)


@pytest.mark.parametrize("number", ["JJD0099999999", "3318810025", "GM295117494011169042"])
def test_a_dhl_number_is_left_alone(number: str) -> None:
    assert words(number) == (number,)


@pytest.mark.parametrize("raw", ["012345678905", "0012345678905", "00012345678905"])
def test_one_product_is_found_by_each_of_its_lengths(raw: str) -> None:
    found = words(raw)

    assert found[0] == raw
    assert set(found) == {"012345678905", "0012345678905", "00012345678905"}


def test_a_case_is_not_the_product_in_it() -> None:
    assert words(gtin("1001234567890")) == (gtin("1001234567890"),)


def test_with_a_wrong_check_digit_it_is_just_a_number() -> None:
    assert words("012345678906") == ("012345678906",)


@given(st.text("0123456789", min_size=11, max_size=11))
def test_every_upc_is_its_ean(body: str) -> None:
    upc = gtin(body)

    assert {upc, f"0{upc}", f"00{upc}"} <= set(words(upc)) & set(words(f"]E00{upc}"))


@pytest.mark.parametrize(
    "raw",
    [
        "(01)09506000134352(21)12345",
        "(01) 0950 6000 134352 (10)LOT7",
        f"]d20109506000134352{GS}2112345",
        "]C1010950600013435217261231",
        f"{GS}01095060001343522112345{GS}10LOT",
        "01095060001343522112345",
        "https://id.gs1.org/01/09506000134352/21/12345",
        "]Q3https://example.com/01/9506000134352?17=261231",
    ],
)
def test_the_product_is_found_in_a_longer_code(raw: str) -> None:
    found = words(raw)

    assert {"9506000134352", "09506000134352"} <= set(found[:3])
    assert "12345" not in found  # a serial number could be somebody's order number


def test_a_part_number_in_the_code_is_a_word_too() -> None:
    assert words("(01)09506000134352(240)jacket-m")[-2] == "JACKET-M"


def test_without_any_mark_only_the_product_is_believed() -> None:
    assert set(words("01095060001343524001001")) == {
        "09506000134352",
        "9506000134352",
        "01095060001343524001001",
    }
    assert "1001" in words("]C101095060001343524001001")


def test_a_german_ean_is_not_taken_for_an_order_number() -> None:
    assert set(words("]E04006381333931")) == {"4006381333931", "04006381333931"}


@pytest.mark.parametrize(
    ("raw", "tracking"),
    [
        ("420221539101026837331000039521", "9101026837331000039521"),
        ("420 22153 9101026837331000039521", "9101026837331000039521"),
        (f"]C142022153{GS}9101026837331000039521", "9101026837331000039521"),
        ("4201002334249200190132607600833457", "9200190132607600833457"),
        ("4201028200009261290113185417468510", "9261290113185417468510"),
        ("4202215392748931507708513018050063", "92748931507708513018050063"),
    ],
)
def test_usps_puts_the_zip_code_before_the_number(raw: str, tracking: str) -> None:
    assert words(raw)[0] == tracking


def test_where_the_zip_code_could_end_in_two_places_both_numbers_are_tried() -> None:
    raw = "42022153" + "9274" + "9" + "3" * 21

    assert {raw[8:], raw[12:]} <= set(words(raw))


def test_fedex_shows_its_number_in_a_postal_code_without_the_prefix() -> None:
    assert "61292700768711948021" in words("420100239261292700768711948021")


@pytest.mark.parametrize(
    ("raw", "tracking"),
    [
        ("9611020987654312345672", "987654312345672"),
        ("9622001900000000000000776632517510", "776632517510"),
        ("9632001560123456789900794808390594", "794808390594"),
        ("1001921334250001000300779017972697", "779017972697"),
        ("100192133425 000100030 0779017972697", "779017972697"),
    ],
)
def test_fedex_ends_a_long_code_with_the_number(raw: str, tracking: str) -> None:
    found = words(raw)

    assert found[0] == tracking
    assert normalise(raw) in found


def test_fedex_may_have_stored_it_with_its_zeros() -> None:
    assert "00776632517510" in words("9622001900000000000000776632517510")


@pytest.mark.parametrize(
    "raw",
    [
        "1Z5R89390357567127",
        "1z5r89390357567127",
        "420941041Z5R89390357567127",
        "X1Z5R89390357567127/003",
    ],
)
def test_a_ups_number_is_found_wherever_it_stands(raw: str) -> None:
    assert words(raw)[0] == UPS


@pytest.mark.parametrize("separator", [GS, ""])
def test_a_ups_maxicode_is_put_together(separator: str) -> None:
    fields = ["96303281483", "840", "003", "1Z14638500", "UPSN", "123X56", "187", "", "1/1"]

    assert "1Z123X560314638500" in words(f"[)>{RS}01{separator}{separator.join(fields)}{RS}{EOT}")


@pytest.mark.parametrize(
    "raw", ["00340434161094042557", "340434161094042557", "(00)3 4043416 109404255 7"]
)
def test_a_box_number_is_found_with_and_without_its_zeros(raw: str) -> None:
    assert {"340434161094042557", "00340434161094042557"} <= set(words(raw))


@pytest.mark.parametrize(
    ("raw", "first"),
    [
        ("https://x.narvar.com/x/tracking/ups?tracking_numbers=1Z5R89390357567127", UPS),
        ("https://www.fedex.com/fedextrack/?trknbr=776632517510", "776632517510"),
        (
            "https://tools.usps.com/go/TrackConfirmAction?tLabels=9405803699300124",
            "9405803699300124",
        ),
        ("HTTPS://EXAMPLE.COM/R?RMA=tp1233apqw&lang=en", "TP1233APQW"),
        ("https://example.com/r?rma_number=%23TP1233APQW", "TP1233APQW"),
        ("https://example.com/returns/TP1233APQW/", "TP1233APQW"),
        ("www.example.com/returns/TP1233APQW#top", "TP1233APQW"),
        ("https://example.com/label/TP%201233", "TP1233"),
    ],
)
def test_the_number_in_a_link_comes_first(raw: str, first: str) -> None:
    assert words(raw)[0] == first


def test_several_numbers_in_a_link_are_all_tried() -> None:
    found = words(
        "https://x.example/t?trackNums=1Z5R89390357567127,1Z879E930346834440&order=%231001"
    )

    assert found[:3] == (UPS, "1Z879E930346834440", "1001")


def test_a_number_in_a_link_is_read_like_any_other() -> None:
    assert "9101026837331000039521" in words(
        "https://x.example/?tLabels=420221539101026837331000039521"
    )


def test_what_a_parameter_of_another_name_says_is_no_word() -> None:
    assert "SECRET" not in words("https://x.example/a?session=secret&rma=R1")


@pytest.mark.parametrize("raw", ["https://[", "http://[::1", "https://", "https://x.example"])
def test_a_broken_link_is_only_a_word(raw: str) -> None:
    assert normalise(raw) in words(raw)
