"""Reads a point on earth however people write or copy it, and writes it down again. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import product
from urllib.parse import unquote

LONGEST = 4_000
SIGNS = dict.fromkeys(map(ord, "−–—‒‐‑﹣－"), "-")
MARKS = dict.fromkeys(map(ord, "º˚"), "°") | dict.fromkeys(map(ord, "′’‘´`ʹʼ‛"), "'")
DOUBLE = dict.fromkeys(map(ord, "″“”„ʺ〃"), '"')
SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u3000\t\r\n"), " ")
NOTHING = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff+"))
TIDY = SIGNS | MARKS | DOUBLE | SPACES | NOTHING
FINEST = Decimal("0.000001")
NORTH_EAST = {"N": 1, "E": 1, "S": -1, "W": -1}

UNREADABLE = "These are no coordinates we can read. Paste them like 42.6583, -71.137."
SHORT_LINK = "A short link holds no coordinates. Open it, and copy the long address of the map."
NO_POINT = "This link names no point. Copy the coordinates themselves, or the link of a pin."


class Unreadable(ValueError):
    """In a sentence for the person who typed it."""


@dataclass(frozen=True)
class Point:
    """In degrees, north and east positive. May be beyond 90 or 180: it is what was written."""

    latitude: Decimal
    longitude: Decimal

    @property
    def on_earth(self) -> bool:
        return abs(self.latitude) <= 90 and abs(self.longitude) <= 180

    def __str__(self) -> str:
        return f"{plain(self.latitude)}, {plain(self.longitude)}"


def read_point(text: str) -> Point:
    """Decimal or in minutes and seconds, with signs or letters, or a link of a map."""
    if len(text) > LONGEST:
        raise Unreadable(UNREADABLE)
    link = text.strip()
    if re.match(r"(https?://|geo:|[\w.-]+\.\w+/)", link, re.IGNORECASE):
        return _of_link(link)
    tidied = _tidy(text)
    return _labelled(tidied) or _pair(tidied)


def read_angle(text: str, letters: str) -> Decimal:
    """One of the two; `letters` are NS for a latitude, EW for a longitude."""
    marked = _marked(_tidy(text[:200]))
    for comma, place in product((False, True), PLACES):
        found = re.fullmatch(_angle(comma, place), marked, re.VERBOSE)
        if found:
            degrees, letter = _degrees(found.groupdict(), "")
            if letter and letter not in letters:
                raise Unreadable(f"{letter} belongs to the other field.")
            return degrees
    raise Unreadable(f"Write degrees, like {'42.6583' if letters == 'NS' else '-71.137'}.")


def plain(degrees: Decimal) -> str:
    """`-71.137`: to a tenth of a metre, without zeros at the end."""
    return format(degrees.quantize(FINEST).normalize() + 0, "f")


def in_minutes(point: Point) -> str:
    """`42° 39′ 29.9″ N, 71° 8′ 13.2″ W`, for whoever compares it with a map."""
    return f"{_sexagesimal(point.latitude, 'NS')}, {_sexagesimal(point.longitude, 'EW')}"


def _sexagesimal(degrees: Decimal, letters: str) -> str:
    tenths = int((abs(degrees) * 36_000).to_integral_value())
    whole, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    seconds = Decimal(rest) / 10
    return f"{whole}° {minutes}′ {seconds}″ {letters[degrees < 0]}"


def _tidy(text: str) -> str:
    digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    return re.sub(r" {2,}", " ", digits.translate(TIDY).replace("''", '"')).strip(" ()[]{}<>,;")


def _marked(text: str) -> str:
    """`42d 39m 30s` with signs. A lone S stays what it is in most places: south."""
    text = re.sub(r"(?<=[0-9]) ?d(?:eg)?(?![a-z])\.? ?", "°", text, flags=re.IGNORECASE)
    spelled = r"(?<=[0-9]) ?m(?:in)?(?![a-z])\.? ?(?:([0-9.,]+) ?s(?:ec)?(?![a-z]))?"
    return re.sub(spelled, _minutes, text, flags=re.IGNORECASE).upper()


def _minutes(found: re.Match[str]) -> str:
    return f"'{found[1]}\"" if found[1] else "'"


def _number(comma: bool) -> str:
    return rf"[0-9]{{1,3}}(?:{',' if comma else '[.]'}[0-9]{{1,25}})?"


# Where the letter of an angle stands. Bare spaces between degrees and minutes need a letter:
# without one, `12 34` is two numbers.
PLACES = ("before", "after", "none")


def _angle(comma: bool, place: str, suffix: str = "") -> str:
    number, letter = _number(comma), rf"(?P<letter{suffix}>[NSEW])"
    blank = "(?!)" if place == "none" else r"\ "
    before = letter if place == "before" else ""
    after = rf"\ ?{letter}" if place == "after" else ""
    return rf"""
      {before}\ ?(?P<sign{suffix}>-?)\ ?(?P<degrees{suffix}>{number})
      (?:
        (?:\ ?[°:]\ ?|{blank})(?P<minutes{suffix}>{number})
        (?:(?:\ ?[':]\ ?|{blank})(?P<seconds{suffix}>{number})(?:\ ?")?|\ ?')?
        |\ ?°
      )?
      {after}
    """


@lru_cache(maxsize=1)
def _pairs() -> list[re.Pattern[str]]:
    between = r"(?:\ ?[;/|]\ ?|\ ?,\ ?|\ )"
    both = [(place, place) for place in PLACES]
    one = [pair for place in PLACES[:2] for pair in ((place, "none"), ("none", place))]
    return [
        re.compile(_angle(comma, first, "1") + between + _angle(comma, second, "2"), re.VERBOSE)
        for comma, (first, second) in product((False, True), both + one)
    ]


def _pair(text: str) -> Point:
    marked = _marked(text)
    for form in _pairs():
        found = form.fullmatch(marked)
        if found:
            first, letter = _degrees(found.groupdict(), "1")
            second, other = _degrees(found.groupdict(), "2")
            return _in_order(first, letter, second, other)
    raise Unreadable(UNREADABLE)


def _in_order(first: Decimal, letter: str, second: Decimal, other: str) -> Point:
    if letter and other and (letter in "NS") == (other in "NS"):
        raise Unreadable("Both are on the same axis: one needs N or S, the other E or W.")
    if letter in {"E", "W"} or other in {"N", "S"}:
        return Point(second, first)
    return Point(first, second)


def _degrees(found: dict[str, str | None], suffix: str) -> tuple[Decimal, str]:
    names = ("letter", "sign", "degrees", "minutes", "seconds")
    letter, sign, degrees, minutes, seconds = (found.get(f"{n}{suffix}") or "" for n in names)
    if letter and sign:
        raise Unreadable(f"Either a minus or {letter}: together they could mean both.")
    if _decimal(minutes) >= 60 or _decimal(seconds) >= 60:
        raise Unreadable("There are fewer than 60 minutes in a degree, and seconds in a minute.")
    size = _decimal(degrees) + _decimal(minutes) / 60 + _decimal(seconds) / 3600
    return ((-1 if sign else NORTH_EAST.get(letter, 1)) * size).quantize(FINEST), letter


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") or 0)


LABELLED = r"""["']?\b{name}["']?\s*[:=]?\s*["']?(-?{number})(?![0-9.,]*[0-9])"""


def _labelled(text: str) -> Point | None:
    """`lat: 12.3, lng: -56.7`, and the same as JSON."""
    found = [
        re.search(LABELLED.format(name=name, number=_number(comma=False)), text, re.IGNORECASE)
        for name in ("lat(?:itude)?", "(?:long(?:itude)?|lng|lon)")
    ]
    if not all(found):
        return None
    latitude, longitude = (_decimal(one[1]).quantize(FINEST) for one in found if one)
    return Point(latitude, longitude)


NUMBERS = r"(-?[0-9]{1,3}(?:\.[0-9]{1,25})?)"
PAIR = NUMBERS + r"\s*[,~/]\s*\+?" + NUMBERS + r"(?![0-9])"
# The pin before what the map happens to show.
IN_LINKS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"!3d{NUMBERS}!4d{NUMBERS}",
        rf"[?&#;]mlat={NUMBERS}&mlon={NUMBERS}",
        rf"[?&](?:q|query|ll|destination|daddr|coordinate|address|center)=(?:loc:|@)?\+?{PAIR}",
        rf"[?&]lat={NUMBERS}&(?:lon|lng)={NUMBERS}",
        rf"/(?:search|place|dir/[^/]*|to)/\+?{PAIR}",
        rf"@{PAIR}",
        rf"[?&](?:cp|sll|map)={PAIR}",
        rf"#map=[0-9.]+/{PAIR}",
        rf"#[0-9.]+/{PAIR}",
        rf"^geo:\+?{PAIR}",
    )
]
WRITTEN = re.compile(r"(?:[?&](?:q|query|ll|destination|daddr)=|/(?:search|place)/)([^&/?#]+)")
SHORT = re.compile(r"https?://(?:maps\.app\.goo\.gl|goo\.gl|g\.co|bit\.ly|osm\.org/go)/", re.I)


def _of_link(link: str) -> Point:
    text = unquote(link.replace("+", " ")).translate(SIGNS)
    text = re.sub(r"(?<=[=/,~]) +", "", text)
    for form in IN_LINKS:
        found = form.search(text)
        if found:
            return Point(*(_decimal(one).quantize(FINEST) for one in found.groups()))
    written = WRITTEN.search(text)
    if written:
        try:
            return _pair(_tidy(written[1]))
        except Unreadable:
            pass
    raise Unreadable(SHORT_LINK if SHORT.match(link) else NO_POINT)
