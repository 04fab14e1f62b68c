"""A small drawing of where a location is, and in words what stands near it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from returns_ops.returns.coordinates import Point, in_minutes
from returns_ops.returns.geography import (
    Box,
    boxes_of,
    direction,
    kilometres,
    nearest_box,
)
from returns_ops.returns.models import ReturnLocation

WIDTH, HEIGHT = 320, 200
NEAREST = 5
SAME_PLACE_KM = 0.05
STEPS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30)


class Neighbour(NamedTuple):
    name: str
    url: str
    away: str
    same: bool


class Dot(NamedTuple):
    x: float
    y: float
    name: str


class Shape(NamedTuple):
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Locator:
    """In SVG units. `lines` are the graticule: x1, y1, x2, y2."""

    point: Point
    spoken: str
    here: Dot
    others: list[Dot] = field(default_factory=list)
    lands: list[Shape] = field(default_factory=list)
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    box: str = f"0 0 {WIDTH} {HEIGHT}"


def locator_of(
    point: Point | None, country_code: str, others: Iterable[ReturnLocation]
) -> Locator | None:
    """None where there is no point on earth to draw."""
    if point is None or not point.on_earth:
        return None
    near = _nearest(point, others)
    view = _View.of(point, country_code, [at for _, at, _ in near[:3]])
    return Locator(
        point=point,
        spoken=in_minutes(point),
        here=view.dot(point, ""),
        others=[view.dot(at, one.name) for one, at, _ in near if view.shows(at)],
        lands=[view.shape(box) for box in boxes_of(country_code)],
        lines=view.graticule(),
        neighbours=[_said(point, one, at, away) for one, at, away in near],
    )


def point_of(location: ReturnLocation) -> Point | None:
    if location.latitude is None or location.longitude is None:
        return None
    return Point(location.latitude, location.longitude)


def _nearest(
    point: Point, others: Iterable[ReturnLocation]
) -> list[tuple[ReturnLocation, Point, float]]:
    placed = [(one, at, kilometres(point, at)) for one in others if (at := point_of(one))]
    return sorted(placed, key=lambda found: found[2])[:NEAREST]


def _said(point: Point, one: ReturnLocation, at: Point, away: float) -> Neighbour:
    if away < SAME_PLACE_KM:
        return Neighbour(one.name, one.get_absolute_url(), "the same point", True)
    words = f"{away:,.0f} km {direction(point, at)}" if away >= 10 else f"{away:.1f} km"
    if 0 < away < 10:
        words = f"{words} {direction(point, at)}"
    return Neighbour(one.name, one.get_absolute_url(), words, False)


@dataclass(frozen=True)
class _View:
    """Degrees to drawing: as wide and high as what it must show, true to the middle latitude."""

    west: float
    north: float
    scale_x: float
    scale_y: float

    @classmethod
    def of(cls, point: Point, country_code: str, others: Sequence[Point]) -> "_View":
        lats = [float(at.latitude) for at in (point, *others)]
        lons = [float(at.longitude) for at in (point, *others)]
        land = nearest_box(point, boxes_of(country_code))
        if land:
            lons += [land[0], land[2]]
            lats += [land[1], land[3]]
        middle_lat, middle_lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        narrow = max(math.cos(math.radians(middle_lat)), 0.15)
        high = max((max(lats) - min(lats)) * 1.15, 0.4)
        wide = max((max(lons) - min(lons)) * 1.15, 0.4)
        scale = min(HEIGHT / high, WIDTH / (wide * narrow))
        return cls(
            west=middle_lon - WIDTH / scale / narrow / 2,
            north=middle_lat + HEIGHT / scale / 2,
            scale_x=scale * narrow,
            scale_y=scale,
        )

    def x(self, longitude: float) -> float:
        return round((longitude - self.west) * self.scale_x, 1)

    def y(self, latitude: float) -> float:
        return round((self.north - latitude) * self.scale_y, 1)

    def dot(self, at: Point, name: str) -> Dot:
        return Dot(self.x(float(at.longitude)), self.y(float(at.latitude)), name)

    def shows(self, at: Point) -> bool:
        dot = self.dot(at, "")
        return 0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT

    def shape(self, box: Box) -> Shape:
        west, south, east, north = box
        x, y = self.x(west), self.y(north)
        return Shape(x, y, round(self.x(east) - x, 1), round(self.y(south) - y, 1))

    def graticule(self) -> list[tuple[float, float, float, float]]:
        step = next((one for one in STEPS if HEIGHT / self.scale_y / one <= 6), STEPS[-1])
        lons = _steps(self.west, self.west + WIDTH / self.scale_x, step)
        lats = _steps(self.north - HEIGHT / self.scale_y, self.north, step)
        upright = [(self.x(lon), 0.0, self.x(lon), float(HEIGHT)) for lon in lons]
        return upright + [(0.0, self.y(lat), float(WIDTH), self.y(lat)) for lat in lats]


def _steps(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step)
    found = [(first + place) * step for place in range(40)]
    return [at for at in found if low < at < high]
