"""What is doubtful about a location though each of its fields can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from returns_ops.returns import geography, postcodes
from returns_ops.returns.coordinates import Point
from returns_ops.returns.geography import Fix
from returns_ops.returns.regions import region

NO_WAY_IN = "It takes returns neither by mail nor in store: nobody can send anything there."


@dataclass(frozen=True)
class Doubted:
    """`field`: where it is told; `about`: the fields it is made of."""

    field: str
    text: str
    about: tuple[str, ...]
    fixes: tuple[Fix, ...] = ()
    impossible: bool = False


def doubts_of(point: Point | None, values: Mapping[str, Any]) -> list[Doubted]:
    """`values`: what could be read of the form; what is missing there is not judged."""
    country, state = values.get("country_code") or "", values.get("state_code") or ""
    found = _of_postcode(values.get("postal_code") or "", country, state)
    found += _of_point(point, country) if point else []
    if {"accepts_mail", "accepts_in_store"} <= values.keys():
        ways = ("accepts_mail", "accepts_in_store")
        if not any(values[name] for name in ways):
            found.append(Doubted("accepts_mail", NO_WAY_IN, ways))
    return found


def _of_postcode(code: str, country: str, state: str) -> list[Doubted]:
    place = region(country, state)
    text = postcodes.doubt(code, country, state, place.state if place else "") if code else ""
    about = ("postal_code", "country_code", "state_code")
    return [Doubted("postal_code", text, about)] if text else []


def _of_point(point: Point, country: str) -> list[Doubted]:
    about = ("latitude", "longitude", "pasted", "country_code")
    return [
        Doubted("latitude", one.text, about, one.fixes, one.impossible)
        for one in geography.doubts(point, country)
    ]
