"""How likely a point is: by the country it should be in, and what stands near it. Pure.

The boxes of `country_boxes.json` are the extents of the map subunits of Natural Earth, 1:50m
(public domain), rounded outwards to a tenth of a degree: [west, south, east, north].
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from returns_ops.returns.coordinates import Point, plain
from returns_ops.returns.regions import country_name

Box = tuple[float, float, float, float]
EARTH_KM = 6371.0
NEARLY = 0.5  # degrees: coasts are drawn coarsely, and harbours lie before them
COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)


@dataclass(frozen=True)
class Fix:
    """What was probably meant."""

    point: Point
    words: str


@dataclass(frozen=True)
class Doubt:
    """`impossible`: no place on earth. Else it may be right all the same."""

    text: str
    fixes: tuple[Fix, ...] = ()
    impossible: bool = False


def doubts(point: Point, country_code: str = "") -> list[Doubt]:
    if not point.on_earth:
        return [_beyond(point, country_code)]
    if point.latitude == 0 and point.longitude == 0:
        text = "0, 0 is in the sea off Africa: maps show it when they know nothing."
        return [Doubt(text)]
    boxes = boxes_of(country_code)
    if not boxes or within(point, boxes):
        return []
    fixes = tuple(_meant(point, country_code))
    away = round(min(_away(point, box) for box in boxes), -1)
    country = country_name(country_code)
    text = f"This is not in the country of the address ({country}), but some {away:,.0f} km away."
    return [Doubt(text, fixes)]


def _beyond(point: Point, country_code: str) -> Doubt:
    name, most, value = "latitude", 90, point.latitude
    if abs(point.latitude) <= 90:
        name, most, value = "longitude", 180, point.longitude
    text = f"A {name} of {plain(value)} is no place on earth: it goes from -{most} to {most}."
    return Doubt(text, tuple(_meant(point, country_code)), impossible=True)


def _meant(point: Point, country_code: str) -> Iterator[Fix]:
    """The usual slips that would put it in its country."""
    boxes = boxes_of(country_code)
    lat, lon = point.latitude, point.longitude
    slips = [
        (Point(lon, lat), "Swap the two"),
        (Point(lat, -lon), "Turn east and west"),
        (Point(-lat, lon), "Turn north and south"),
        (Point(-lat, -lon), "Turn both signs"),
        (Point(lon, -lat), "Swap the two, and turn east and west"),
        (Point(-lon, lat), "Swap the two, and turn north and south"),
        (Point(-lon, -lat), "Swap the two, and turn both signs"),
    ]
    for meant, words in slips:
        if meant.on_earth and (within(meant, boxes) if boxes else meant == slips[0][0]):
            yield Fix(meant, words)
            return


@lru_cache(maxsize=1)
def _all_boxes() -> dict[str, list[Box]]:
    stored = Path(__file__).with_name("country_boxes.json").read_text()
    return {code: [tuple(box) for box in boxes] for code, boxes in json.loads(stored).items()}


def boxes_of(country_code: str) -> list[Box]:
    """None for a country that the map does not draw."""
    return _all_boxes().get(country_code, [])


def within(point: Point, boxes: list[Box]) -> bool:
    lat, lon = float(point.latitude), float(point.longitude)
    return any(
        south - NEARLY <= lat <= north + NEARLY and west - NEARLY <= lon <= east + NEARLY
        for west, south, east, north in boxes
    )


def nearest_box(point: Point, boxes: list[Box]) -> Box | None:
    """The part of a country that it is in, or nearest to."""
    return min(boxes, key=lambda box: _away(point, box), default=None)


def _away(point: Point, box: Box) -> float:
    west, south, east, north = box
    lat, lon = float(point.latitude), float(point.longitude)
    edges = [min(max(lon, west), east), west, east]
    nearest = [Point(*map(Decimal, map(str, (min(max(lat, south), north), x)))) for x in edges]
    return min(kilometres(point, one) for one in nearest)


def kilometres(one: Point, other: Point) -> float:
    """Along the surface, taken as a sphere."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(across / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def direction(one: Point, other: Point) -> str:
    """Where `other` lies, seen from `one`: `north-east`."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    east = math.sin(across) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(across)
    return COMPASS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
