from __future__ import annotations

from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import OTHER_SHOP, SHOP, Caller

LONG_AGO, FAR_OFF = "2001-01-01T00:00:00Z", "2101-01-01T00:00:00+00:00"


def numbers(pages: list[Any]) -> list[list[str]]:
    return [[row["rma_number"] for row in page["returns"]] for page in pages]


def test_one_rma_is_answered_as_its_webhook_body(narvar: Simulator, caller: Caller) -> None:
    rma = narvar.create_rma(SHOP, send=False)

    reply = caller.returns(rma_number=rma["rma_number"])

    assert reply.status == 200
    assert reply.json == {"returns": [rma], "next_timestamp": None}


def test_an_unknown_rma_is_404_or_an_empty_list(narvar: Simulator, caller: Caller) -> None:
    first = caller.returns(rma_number="NONE")
    narvar.change_settings(unknown_rma_is_empty_list=True)
    second = caller.returns(rma_number="NONE")

    assert first.status == 404
    assert (second.status, second.json["returns"]) == (200, [])


def test_another_shop_does_not_see_it(narvar: Simulator, caller: Caller) -> None:
    narvar.add_shop(OTHER_SHOP, username="other", password="word")
    rma = narvar.create_rma(SHOP, send=False)

    reply = Caller(narvar.url, "other", "word", OTHER_SHOP).returns(rma_number=rma["rma_number"])

    assert reply.status == 404


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("moment", ["created", "updated"])
def test_pages_hold_every_return_once(
    narvar: Simulator, caller: Caller, moment: str, backwards: bool
) -> None:
    made = [
        narvar.create_rma(SHOP, order_number="10500", send=False)["rma_number"] for _ in range(5)
    ]
    name = f"{moment}_{'max' if backwards else 'since'}"
    since, pages = (FAR_OFF if backwards else LONG_AGO), []
    while since:
        pages.append(caller.returns(order_number="10500", limit=2, **{name: since}).json)
        since = pages[-1]["next_timestamp"]

    expected = made[::-1] if backwards else made
    assert numbers(pages) == [expected[:2], expected[2:4], expected[4:]]
    assert narvar.objections() == []


def test_an_update_moves_a_return_to_the_end(narvar: Simulator, caller: Caller) -> None:
    made = [narvar.create_rma(SHOP, email="a@example.com", send=False) for _ in range(2)]

    narvar.advance(SHOP, made[0]["rma_number"], "on_its_way_to_retailer")

    found = caller.returns(email="A@example.com", updated_since=LONG_AGO).json
    assert numbers([found]) == [[made[1]["rma_number"], made[0]["rma_number"]]]


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"updated_since": LONG_AGO}, "one of rma_number, order_number or email"),
        ({"order_number": "1"}, "a filter by creation or update time"),
        (
            {"order_number": "1", "created_since": LONG_AGO, "updated_max": FAR_OFF},
            "can be specified",
        ),
        ({"rma_number": "1", "limit": "51"}, "limit is not between"),
        ({"rma_number": "1", "limit": "0"}, "limit is not between"),
        ({"rma_number": "1", "limit": "ten"}, "limit is not between"),
        ({"order_number": "1", "created_since": "yesterday"}, "not an ISO 8601"),
        ({"order_number": "1", "created_since": "2026-01-01T00:00:00"}, "not an ISO 8601"),
    ],
)
def test_a_wrong_query_is_refused_and_objected_to(
    narvar: Simulator, caller: Caller, query: dict[str, str], words: str
) -> None:
    reply = caller.returns(**query)

    assert reply.status == 422
    assert [words in objection.words for objection in narvar.objections()] == [True]


@pytest.mark.provokes_objections
def test_an_unknown_parameter_is_objected_to(narvar: Simulator, caller: Caller) -> None:
    rma = narvar.create_rma(SHOP, send=False)

    reply = caller.returns(rma_number=rma["rma_number"], page=2)

    assert reply.status == 200
    assert [row.words for row in narvar.objections()] == ["unknown parameter page"]


def test_a_time_filter_alone_can_be_allowed(narvar: Simulator, caller: Caller) -> None:
    narvar.change_settings(time_filter_alone=True)
    narvar.create_rma(SHOP, send=False)

    assert len(caller.returns(updated_since=LONG_AGO).json["returns"]) == 1
