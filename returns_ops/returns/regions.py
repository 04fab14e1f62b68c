"""Countries and their states by ISO 3166 (pycountry), found by any of their names. Pure."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import pycountry

Choice = tuple[str, str]  # code and name


@dataclass(frozen=True, kw_only=True)
class Region:
    """All four things that an address says of it."""

    country: str
    country_code: str
    state: str
    state_code: str


@lru_cache(maxsize=1)
def countries() -> list[Choice]:
    return sorted(_names().items(), key=lambda choice: folded(choice[1]))


def country_name(code: str) -> str:
    """As people say it: `South Korea`, not `Korea, Republic of`. Empty when it is none."""
    return _names().get(code, "")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    found = pycountry.countries
    return {one.alpha_2: str(getattr(one, "common_name", one.name)) for one in found}


def states(country_code: str) -> list[Choice]:
    """A country without any is its own only state: Narvar wants one for each address."""
    return _states(country_code) if country_code in _names() else []


@lru_cache(maxsize=300)  # more than there are countries: nothing else is asked for
def _states(country_code: str) -> list[Choice]:
    found = [one for one in pycountry.subdivisions if one.country_code == country_code]
    if not found:
        return [(country_code, country_name(country_code))]
    choices = [(str(one.code).partition("-")[2], str(one.name)) for one in found]
    return sorted(choices, key=lambda choice: folded(choice[1]))


def country_of(text: str) -> str:
    """Its code, by any code or name of it; empty when it is none."""
    try:
        return str(pycountry.countries.lookup(text.strip()).alpha_2)
    except LookupError:
        return _country_names().get(folded(text), "")


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    usual = {"uk": "GB", "great britain": "GB", "united states of america": "US", "usa": "US"}
    return {folded(name): code for code, name in countries()} | usual


def state_of(text: str, country_code: str) -> str:
    """Its code without the country, by code or name; empty when the country has none such."""
    wanted = folded(text).removeprefix(f"{country_code.lower()}-")
    found = states(country_code)
    codes = [code for code, _ in found if code.lower() == wanted]
    named = [code for code, name in found if folded(name) == wanted]
    return next(iter(codes + (named if len(named) == 1 else [])), "")


def region(country_code: str, state_code: str) -> Region | None:
    """None when the country has no such state."""
    state = dict(states(country_code)).get(state_code)
    if state is None:
        return None
    return Region(
        country=country_name(country_code),
        country_code=country_code,
        state=state,
        state_code=state_code,
    )


def folded(text: str) -> str:
    """Without case, accents and outer blanks: how names are compared."""
    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))
