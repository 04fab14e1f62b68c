from __future__ import annotations

from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import Caller

PATH = "/api/return_locations"
DOCK: dict[str, Any] = {
    "location": {
        "address1": "1211 Main Road",
        "city": "Newark",
        "latitude": 40.73,
        "longitude": -74.17,
        "phone": "+14155555555",
        "state": "New Jersey",
        "state_code": "NJ",
        "zip": "07114",
        "country_code": "US",
        "country": "United States",
    },
    "accept_in_store_returns": False,
    "accept_mail_in_returns": True,
    "name": "Dock",
}


def test_a_location_lives_from_post_to_delete(narvar: Simulator, caller: Caller) -> None:
    made = caller.call("POST", PATH, DOCK)
    here = f"{PATH}/{made.json['id']}"
    listed = caller.call("GET", PATH)
    renamed = caller.call("PUT", here, DOCK | {"id": made.json["id"], "name": "Gate"})
    found = caller.call("GET", here)
    gone = caller.call("DELETE", here)

    assert (made.status, renamed.status, gone.status) == (201, 200, 204)
    assert listed.json == [made.json]
    assert made.json == DOCK | {"id": made.json["id"]}
    assert found.json["name"] == "Gate"
    assert gone.body == b""
    assert [caller.call(verb, here).status for verb in ("GET", "DELETE")] == [404, 404]
    assert narvar.objections() == []


def test_the_answer_to_a_post_can_be_empty(narvar: Simulator, caller: Caller) -> None:
    narvar.change_settings(location_answers_body=False)

    assert caller.call("POST", PATH, DOCK).body == b""
    assert len(caller.call("GET", PATH).json) == 1


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"accept_mail_in_returns": "yes"},
        {"location": {"city": "Newark"}},
        {"location": DOCK["location"] | {"latitude": 91}},
        {"location": DOCK["location"] | {"longitude": "-74"}},
    ],
)
def test_a_wrong_location_is_refused(
    narvar: Simulator, caller: Caller, changes: dict[str, Any]
) -> None:
    assert caller.call("POST", PATH, DOCK | changes).status == 422

    assert caller.call("GET", PATH).json == []
    assert narvar.objections() != []


@pytest.mark.provokes_objections
def test_an_update_needs_its_own_id(narvar: Simulator, caller: Caller) -> None:
    here = caller.call("POST", PATH, DOCK).json["id"]

    statuses = [
        caller.call("PUT", f"{PATH}/{here}", document).status
        for document in (DOCK, DOCK | {"id": "OTHER"})
    ]

    assert statuses == [422, 422]


def test_an_account_may_not_have_them_enabled(narvar: Simulator, caller: Caller) -> None:
    narvar.change_settings(locations_off_status=403)

    calls = [("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/YXWN"), ("DELETE", f"{PATH}/YXWN")]
    assert {caller.call(verb, path).status for verb, path in calls} == {403}


def test_fields_may_be_kept_otherwise_than_they_were_sent(
    narvar: Simulator, caller: Caller
) -> None:
    narvar.change_settings(locations_drop=["phone"], locations_change={"city": "NEWARK"})

    made = caller.call("POST", PATH, DOCK).json

    assert "phone" not in made["location"]
    assert made["location"]["city"] == "NEWARK"


@pytest.mark.provokes_objections
def test_parameters_and_bodies_that_the_spec_does_not_know_are_objected_to(
    narvar: Simulator, caller: Caller
) -> None:
    caller.call("GET", f"{PATH}?page=2")
    caller.call("DELETE", f"{PATH}/YXWN", DOCK)

    assert [one.words for one in narvar.objections()] == [
        "list_locations takes no parameters: page",
        "delete_location takes no body",
    ]
