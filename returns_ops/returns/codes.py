"""What was scanned or typed, read: a card of ours, or the words by which a thing may be known.

A barcode rarely holds just the number that Narvar told us. Carriers print routing round it,
scanners put a mark before it, products carry one number in several lengths, labels carry links.
Nothing here looks anything up: a word that fits nothing costs nothing, so all likely ones are
given and only an exact match counts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from returns_ops.returns.search import normalise

LONGEST = 500
LONGEST_PRODUCT = 64
MOST_WORDS = 16
COMMANDS = {
    *("APPROVE", "REJECT", "GOOD", "NORESTOCK", "MISSING", "EXCEPTION", "ALL"),
    *("UNDO", "HOLD", "NEXT"),
}

SEPARATOR = "\x1d"  # GS1's FNC1, as scanners send it
SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Caps Lock swaps the case. `]e0` is not here in its other case: `]E0` marks a plain EAN-13.
GS1_SYMBOLOGIES = {"]C1", "]c1", "]e0", "]d2", "]D2", "]Q3", "]q3", "]J1", "]j1"}
# By the first two digits, the whole length of an element that needs no separator behind it.
GS1_LENGTHS = {
    "00": 20,
    "01": 16,
    "02": 16,
    "03": 16,
    "04": 18,
    "20": 4,
    "41": 16,
    **{f"{number}": 8 for number in range(11, 20)},
    **{f"{number}": 10 for number in range(31, 37)},
}
GTIN_LENGTHS = (13, 12, 14, 8)
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
TELLING = re.compile(r"rma|track|trk|order|label|awb|inquiry", re.IGNORECASE)
DIGITAL_LINK = re.compile(r"/01/([0-9]{8,14})(?:/|$)")
# UPS leaves shipper and service out of the number in its MaxiCode and gives them beside it.
MAXICODE = re.compile(r"([0-9]{2})1Z([0-9A-Z]{8})UPSN([0-9A-Z]{6})")


class CodeKind(StrEnum):
    COMMAND = "command"
    BENCH = "bench"
    BADGE = "badge"
    THING = "thing"
    EMPTY = "empty"
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class Code:
    """What was read. `raw` is as scanned, at most 500 characters that the database can hold.

    `candidates` are words in the form of `search.normalise`, best first, each once. A command
    has its verb (`APPROVE`), a bench or badge what stands behind the colon; only a thing may
    have several. Empty and too long have none.
    """

    raw: str
    kind: CodeKind
    candidates: tuple[str, ...]


def read_code(raw: str) -> Code:
    """Reads one scan; any text has an answer, and none raises."""
    stored = raw[:LONGEST].replace("\x00", "").encode(errors="ignore").decode()
    if len(raw) > LONGEST:
        return Code(stored, CodeKind.TOO_LONG, ())
    text, is_gs1 = _unmarked(_printable(raw))
    if card := _card(normalise(text)):
        return Code(stored, *card)
    words = _distinct(_words(text, is_gs1))
    return Code(stored, CodeKind.THING if words else CodeKind.EMPTY, words)


def product_word(code: Code) -> str:
    """The one form in which a product's code is remembered; empty for what cannot be one."""
    if code.kind != CodeKind.THING:
        return ""
    for word in code.candidates:
        if len(word) in GTIN_LENGTHS and _is_number(word) and has_check_digit(word):
            return word.lstrip("0").zfill(max(GTIN_LENGTHS))
    first = code.candidates[0]
    return first if len(first) <= LONGEST_PRODUCT else ""


def _printable(raw: str) -> str:
    # Also invisible characters that come along with copied text, and halves of characters.
    unseen = {"Cc", "Cf", "Cs"}
    kept = (char for char in raw if char == SEPARATOR or unicodedata.category(char) not in unseen)
    return "".join(kept).strip(" ").rstrip(SEPARATOR)


def _unmarked(text: str) -> tuple[str, bool]:
    """The text without what a scanner put before it, and whether it is known to be GS1's."""
    mark = SYMBOLOGY.match(text)
    rest = text[mark.end() :] if mark else text
    return rest.lstrip(SEPARATOR), SEPARATOR in text or text[:3] in GS1_SYMBOLOGIES


def _card(word: str) -> tuple[CodeKind, tuple[str]] | None:
    name, _, value = word.partition(":")
    if name == "CMD" and value in COMMANDS:
        return CodeKind.COMMAND, (value,)
    if name in ("BENCH", "BADGE") and value:
        return CodeKind(name.lower()), (value,)
    return None


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(word for word in words if word), MOST_WORDS))


def _words(text: str, is_gs1: bool) -> Iterator[str]:
    # Each part is normalised once: on some scripts, twice is not the same as what was stored.
    for part in (*_parts_of_link(text), *_parts_of_gs1(text, is_gs1), text):
        yield from _forms(normalise(part))


def _parts_of_link(text: str) -> list[str]:
    """The numbers in a tracking link or a label's QR code. The link itself is never opened."""
    try:
        link = urlsplit(text if LINK.match(text) else "")
    except ValueError:
        return []
    told = [value for name, value in parse_qsl(link.query) if TELLING.search(name)]
    product = DIGITAL_LINK.search(link.path)
    last = product[1] if product else unquote(link.path.rstrip("/").rpartition("/")[2])
    return [*(piece for value in told for piece in value.split(",")), last]


def _parts_of_gs1(text: str, is_gs1: bool) -> Iterator[str]:
    """The values of GS1 elements that name a product, a box, an order or a shipment.

    Serial and lot numbers are left out: we store none, and a short one could be somebody's
    order number.
    """
    text = text.replace(" ", "")
    if re.match(r"\([0-9]{2,4}\)", text):
        text = re.sub(r"\(([0-9]{2,4})\)", rf"{SEPARATOR}\1", text).lstrip(SEPARATOR)
        is_gs1 = True
    # Most scanners drop the mark and the first separator. Then only a product or a box at the
    # beginning is believed, by its check digit.
    for element in islice(_elements(text), None if is_gs1 else 1):
        if element[:2] in ("00", "01", "02") and _is_whole(element):
            yield element[2:]
        elif is_gs1 and element[:3] in ("240", "241", "400", "401"):
            yield element[3:]
        elif is_gs1 and element[:1] == "9" and len(element) >= 20:
            yield element  # a carrier's: what announces the number is part of it


def _is_whole(element: str) -> bool:
    fits = len(element) == GS1_LENGTHS[element[:2]] and _is_number(element)
    return fits and has_check_digit(element[2:])


def _elements(text: str) -> Iterator[str]:
    while text:
        size = GS1_LENGTHS.get(text[:2]) or len(text.partition(SEPARATOR)[0])
        yield text[:size]
        text = text[size:].lstrip(SEPARATOR)


def _forms(word: str) -> Iterator[str]:
    """The word as others may have stored it. What only carries the number comes after it."""
    digits_only = _is_number(word)
    if digits_only:
        yield from (form for number in _in_usps(word) for form in _forms(number))
        yield from _in_fedex(word)
    yield from _in_ups(word)
    yield word
    if digits_only:
        yield from _same_product(word)
        yield from _same_box(word)
        yield from _as_partner_shows_it(word)


def _in_usps(number: str) -> list[str]:
    """`420`, ZIP or ZIP+4, then the number of 20 to 22 or 26 digits; where both could be, both."""
    tails = [number[3 + zip_code :] for zip_code in (5, 9) if number.startswith("420")]
    fitting = [tail for tail in tails if len(tail) in (20, 21, 22, 26) and tail[0] == "9"]
    return sorted(fitting, key=has_check_digit, reverse=True)


def _as_partner_shows_it(number: str) -> Iterator[str]:
    """Carriers whose parcels USPS delivers show its 22 digits without the first two."""
    if len(number) == 22 and number[:2] in ("91", "92"):
        yield number[2:]


def _in_fedex(number: str) -> Iterator[str]:
    """Ground's `96…` ends with 15 digits; the long code with 12, or with more, zeros before."""
    if number.startswith("96") and len(number) in (20, 22, 24):
        yield from (number[-size:] for size in (15, 14, 12))
    if len(number) == 34 and not number.startswith("420"):
        yield from (number[-size:] for size in (12, 14, 15))


def _in_ups(word: str) -> Iterator[str]:
    for found in islice(re.finditer(r"(?=(1Z[0-9A-Z]{16}))", word), 4):
        yield found[1]
    for service, package, shipper in islice(MAXICODE.findall(word), 1):
        yield f"1Z{shipper}{service}{package}"


def _same_product(number: str) -> Iterator[str]:
    """UPC-A, EAN-13 and GTIN-14 are one number with more or fewer zeros before it."""
    if len(number) not in GTIN_LENGTHS or not has_check_digit(number):
        return
    digits = number.lstrip("0")
    yield from (digits.zfill(size) for size in GTIN_LENGTHS if len(digits) <= size)


def _same_box(number: str) -> Iterator[str]:
    """A box number (SSCC) is stored with or without the `00` that announces it."""
    bare = number[2:] if len(number) == 20 and number.startswith("00") else number
    if len(bare) == 18 and has_check_digit(bare):
        yield from (bare, f"00{bare}")


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def has_check_digit(digits: str) -> bool:
    """Whether the last of these ASCII digits is GS1's check digit of the others."""
    weights = (1, 3)
    total = sum(int(digit) * weights[at % 2] for at, digit in enumerate(reversed(digits)))
    return total % 10 == 0
