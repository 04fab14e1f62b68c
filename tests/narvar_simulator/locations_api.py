"""/api/return_locations."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.narvar_simulator import shapes, strict
from tests.narvar_simulator.messages import Answer, Call, json_answer, refusal
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.shapes import Field

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def list_locations(narvar: Narvar, call: Call) -> Answer:
    if refused := _refused(narvar, call):
        return refused
    return json_answer(200, list(call.shop.locations.values()))


def get_location(narvar: Narvar, call: Call) -> Answer:
    if refused := _refused(narvar, call):
        return refused
    found = call.shop.locations.get(call.location_id)
    return json_answer(200, found) if found else _unknown(call)


def create_location(narvar: Narvar, call: Call) -> Answer:
    if refused := _refused(narvar, call):
        return refused
    document = _read(call, strict.LOCATION)
    if isinstance(document, Answer):
        return document
    location_id = "".join(narvar.world.rng.choice(_LETTERS) for _ in range(6))
    call.shop.locations[location_id] = _stored(narvar, document, location_id)
    narvar.world.changed()
    if not narvar.settings.location_answers_body:
        return Answer(201)
    return json_answer(201, call.shop.locations[location_id])


def update_location(narvar: Narvar, call: Call) -> Answer:
    if refused := _refused(narvar, call):
        return refused
    if call.location_id not in call.shop.locations:
        return _unknown(call)
    document = _read(call, strict.LOCATION_UPDATE)
    if isinstance(document, Answer):
        return document
    if document["id"] != call.location_id:
        words = f"id {document['id']} is not the id in the path"
        call.object(words)
        return refusal(422, words)
    call.shop.locations[call.location_id] = _stored(narvar, document, call.location_id)
    narvar.world.changed()
    if not narvar.settings.location_answers_body:
        return Answer(200)
    return json_answer(200, call.shop.locations[call.location_id])


def delete_location(narvar: Narvar, call: Call) -> Answer:
    if refused := _refused(narvar, call):
        return refused
    if call.shop.locations.pop(call.location_id, None) is None:
        return _unknown(call)
    narvar.world.changed()
    return Answer(204)


def _refused(narvar: Narvar, call: Call) -> Answer | None:
    """The spec names no parameter of any of the five, and a body for two of them."""
    if call.query:
        call.object(f"{call.operation} takes no parameters: {', '.join(call.query)}")
    if call.operation not in ("create_location", "update_location") and call.raw:
        call.object(f"{call.operation} takes no body")
    if (status := narvar.settings.locations_off_status) is not None:
        return refusal(status, "management of return locations is not enabled on your account")
    return None


def _unknown(call: Call) -> Answer:
    return refusal(404, f"return location {call.location_id} not found")


def _read(call: Call, fields: dict[str, Field]) -> Json | Answer:
    try:
        document, problems = shapes.read(call.raw)
    except shapes.NotJson as problem:
        call.object(str(problem))
        return refusal(400, str(problem))
    problems += shapes.check(document, fields)
    if not any(problem.refused for problem in problems):
        problems += _range_problems(document["location"])
    call.problems += problems
    if refused := [problem.words for problem in problems if problem.refused]:
        return refusal(422, *refused)
    found: Json = json.loads(call.raw)
    return found


def _range_problems(location: Json) -> list[shapes.Problem]:
    bounds = (("latitude", 90), ("longitude", 180))
    found = [
        shapes.Problem(f"location.{name} is out of range: {location[name]}")
        for name, most in bounds
        if not -most <= location[name] <= most
    ]
    country, state = location["country_code"], location["state_code"]
    if not re.fullmatch("[A-Z]{2}", country):
        found.append(shapes.Problem(f"location.country_code is not of ISO 3166-1: {country}"))
    if state.startswith(f"{country}-"):
        found.append(shapes.Problem(f"location.state_code has its country prefix: {state}"))
    return found


def _stored(narvar: Narvar, document: Json, location_id: str) -> Json:
    """Only what the spec names is kept, as a service that permits known fields would."""
    known = strict.LOCATION["location"].fields or {}
    found = {
        "accept_in_store_returns": document["accept_in_store_returns"],
        "accept_mail_in_returns": document["accept_mail_in_returns"],
        "id": location_id,
        "location": {key: value for key, value in document["location"].items() if key in known},
        "name": document["name"],
    }
    return _kept_otherwise(narvar, found)


def _kept_otherwise(narvar: Narvar, found: Json) -> Json:
    """As the settings say: some fields are dropped, some are changed."""
    for part in (found, found["location"]):
        for name in list(part):
            if name in narvar.settings.locations_drop:
                del part[name]
            elif name in narvar.settings.locations_change:
                part[name] = narvar.settings.locations_change[name]
    return found
