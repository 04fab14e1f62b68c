"""Reads what people write of a location: one reader for screens, files and the admin. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from returns_ops.returns.coordinates import Point, read_angle, read_point
from returns_ops.returns.location_doubts import Doubted, doubts_of
from returns_ops.returns.location_faults import faults_of
from returns_ops.returns.location_snapshot import DEGREES, FIELDS
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.phone_numbers import read_phone
from returns_ops.returns.postcodes import tidy
from returns_ops.returns.regions import country_name, country_of, state_of, states

FLAGS = ("accepts_mail", "accepts_in_store")
REGION = ("country", "country_code", "state", "state_code")
LETTERS = {"latitude": "NS", "longitude": "EW"}
SAID = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What need not be there, or is told once for two.
MAY_LACK = ("address2", "country_code", "state_code")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The location, or what is wrong with it by field; `doubts` can be read, and hardly meant."""

    order: LocationOrder | None = None
    problems: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubted] = field(default_factory=list)


def read_location(cells: Mapping[str, str]) -> Reading:
    row = {name: cells.get(name, "").strip() for name in FIELDS}
    row |= _region(row)
    problems = _strange_region(row)
    found: dict[str, Any] = {}
    for name, text in _placed(row).items():
        try:
            found[name] = _read(name, text, row["country_code"])
        except ValueError as error:
            problems.setdefault(name, f"{str(error)[:200].rstrip('.')}.")
    doubts = doubts_of(_point(found), found) if not problems.keys() & {*DEGREES} else []
    impossible = {one.field: one.text for one in doubts if one.impossible}
    told = {name: value for name, value in found.items() if value != "" and name not in problems}
    problems = {**faults_of(told), **impossible, **problems}
    if problems:
        return Reading(problems={name: problems[name] for name in FIELDS if name in problems})
    return Reading(order=LocationOrder(**found), doubts=doubts)


def read_degrees(name: str, text: str) -> Decimal:
    """Raises coordinates.Unreadable, in words."""
    return read_angle(text, LETTERS[name])


def read_flag(text: str) -> bool:
    """Raises ValueError, in words."""
    if text.strip().casefold() not in SAID:
        raise ValueError(f"{text.strip()!r} is neither yes nor no")
    return SAID[text.strip().casefold()]


def _read(name: str, text: str, country: str) -> Any:
    if not text and name not in MAY_LACK:
        raise ValueError(f"The {FIELDS[name]} is missing")
    if name in FLAGS:
        return read_flag(text)
    if name in DEGREES:
        return read_degrees(name, text)
    if name == "phone":
        return read_phone(text, country).e164
    return tidy(text, country) if name == "postal_code" else text


def _placed(row: Mapping[str, str]) -> dict[str, str]:
    """A whole point in one of its two cells is the point."""
    for name in DEGREES:
        with suppress(ValueError):
            point = read_point(row[name])
            return {**row, "latitude": str(point.latitude), "longitude": str(point.longitude)}
    return dict(row)


def _point(found: Mapping[str, Any]) -> Point | None:
    if any(name not in found for name in DEGREES):
        return None
    return Point(found["latitude"], found["longitude"])


def _region(row: Mapping[str, str]) -> dict[str, str]:
    """What one of code and name says, the other need not, nor what can be only one."""
    code = row["country_code"].upper() or country_of(row["country"])
    state = row["state_code"].upper() or state_of(row["state"], code)
    if not row["state"] and not state and len(of_country := states(code)) == 1:
        state = of_country[0][0]
    return {
        "country_code": code,
        "country": row["country"] or country_name(code),
        "state_code": state,
        "state": row["state"] or dict(states(code)).get(state, ""),
    }


def _strange_region(row: Mapping[str, str]) -> dict[str, str]:
    """A name that nobody here knows may be Narvar's own; one that means another place is wrong."""
    code, state = row["country_code"], row["state_code"]
    if not code:
        return {"country": "The country is missing, or nobody here knows it."}
    named = country_name(code)
    if not named:
        return {"country_code": f"{code[:80]!r} is not a country code of two capital letters."}
    if country_of(row["country"]) not in ("", code):
        return {"country": f"{row['country'][:80]} is not {named}, as its code says."}
    if not state:
        return {"state": f"The state is missing, or it is none of {named}."}
    known = dict(states(code))
    if state not in known:
        return {"state_code": f"{state[:80]} is no state of {named}."}
    if state_of(row["state"], code) not in ("", state):
        return {"state": f"{row['state'][:80]} is not {known[state]}, as its code says."}
    return {}
