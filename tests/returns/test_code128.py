"""The bars of our own cards: whatever is printed, a reader gets it back."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.returns.code128 import PATTERNS, bars, svg

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60)
mostly_digits = st.text("00123456789A- ", min_size=1, max_size=60)
SVG = "{http://www.w3.org/2000/svg}"


def values_of(widths: tuple[int, ...]) -> list[int]:
    """What a reader takes in: six widths a value, and the seven of the stop."""
    body, stop = widths[:-7], widths[-7:]
    assert "".join(map(str, stop)) == "2331112"
    sixes = [body[at : at + 6] for at in range(0, len(body), 6)]
    return [PATTERNS.index("".join(map(str, six))) for six in sixes]


def decoded(widths: tuple[int, ...]) -> str:
    start, *values, checksum = values_of(widths)
    weighed = sum(place * value for place, value in enumerate(values, start=1))
    assert (start + weighed) % 103 == checksum
    in_c, text = {104: False, 105: True}[start], ""
    for value in values:
        if value == (100 if in_c else 99):
            in_c = not in_c
        else:
            assert value < (100 if in_c else 95)
            text += f"{value:02}" if in_c else chr(value + 32)
    return text


@given(printable | mostly_digits)
def test_a_reader_gets_back_what_was_printed(text: str) -> None:
    assert decoded(bars(text)) == text


def test_a_card_has_the_bars_that_other_software_draws() -> None:
    modules = "".join("10"[at % 2] * width for at, width in enumerate(bars("CMD:APPROVE")))

    assert modules == (
        "110100100001000100011010111011000101100010001110010011010100011000111011101101110111011"
        "011000101110100011101101110101100010001101000100110111001100011101011"
    )


def test_every_pattern_is_one_that_a_reader_can_tell_from_the_others() -> None:
    *patterns, stop = PATTERNS
    widths = [[int(width) for width in pattern] for pattern in patterns]

    assert len(set(patterns)) == len(patterns) == 106
    assert all(sum(one) == 11 and max(one) <= 4 and len(one) == 6 for one in widths)
    assert all(sum(one[::2]) % 2 == 0 for one in widths)
    assert sum(map(int, stop)) == 13


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("A", 1),
        ("12", 1),
        ("1234", 2),
        ("12345", 4),  # 12, 34, to B, 5
        ("A1234", 4),  # A, to C, 12, 34
        ("A12B", 4),  # a switch there and back would cost two
        ("A1234B", 6),
        ("A123456B", 7),  # A, to C, 12, 34, 56, to B, B
        ("991234", 3),
    ],
)
def test_digits_are_packed_where_that_is_shorter(text: str, symbols: int) -> None:
    assert len(values_of(bars(text))) == symbols + 2  # start and checksum


@given(mostly_digits)
def test_packing_never_makes_it_longer(text: str) -> None:
    assert len(values_of(bars(text))) <= len(text) + 2


@pytest.mark.parametrize("text", ["", "é", "A\n", "\x7f", "１２", "٣"])
def test_what_cannot_be_printed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot say"):
        bars(text)


@given(printable)
def test_the_drawing_is_named_after_its_text_and_has_no_style(text: str) -> None:
    drawing = svg(text)

    root = ElementTree.fromstring(drawing)
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    assert root.get("aria-label") == f"Barcode {text}"
    assert [element.tag for element in root] == [f"{SVG}rect", f"{SVG}path"]
    assert all("style" not in element.attrib for element in root.iter())


def test_the_drawing_shows_the_bars_between_quiet_zones() -> None:
    root = ElementTree.fromstring(svg("BENCH:12", height=40, module=3))

    width = (sum(bars("BENCH:12")) + 20) * 3
    assert (root.get("width"), root.get("height")) == (str(width), "40")
    path = root[1].get("d", "")
    assert path.startswith("M30 0h6v40h-6z")
    assert path.endswith(f"M{width - 30 - 6} 0h6v40h-6z")
    assert path.count("z") == len(bars("BENCH:12")[::2])
