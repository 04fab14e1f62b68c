from __future__ import annotations

from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, approval, entry

PATH = "/merchant/returns/approval"


@pytest.fixture
def rma(narvar: Simulator) -> dict[str, Any]:
    items = [{"sku": "A", "quantity": 3, "unit_price": "10.00"}]
    return narvar.create_rma(SHOP, status="delivered_to_retailer", send=False, items=items)


def test_a_repeat_does_nothing_and_is_accepted(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    document = approval(rma)

    statuses = [caller.call("POST", PATH, document).status for _ in range(3)]

    assert statuses == [201, 201, 201]
    assert len(narvar.ledger()) == 1
    assert narvar.objections() == []


def test_a_repeat_can_be_answered_409(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.change_settings(repeat_status=409)
    document = approval(rma)

    statuses = [caller.call("POST", PATH, document).status for _ in range(2)]

    assert statuses == [201, 409]
    assert len(narvar.ledger()) == 1


@pytest.mark.provokes_objections
def test_the_same_id_with_another_body_does_nothing_and_is_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    document = approval(rma, entry(rma["items"][0], 1, "approved"))
    caller.call("POST", PATH, document)

    changed = document | {"items": [entry(rma["items"][0], 2, "approved")]}
    reply = caller.call("POST", PATH, changed)

    assert reply.status == 201
    assert [row.amount for row in narvar.ledger()] == ["3.05"]
    (objection,) = narvar.objections()
    assert "different body" in objection.words


def test_a_forgotten_id_acts_again(narvar: Simulator, caller: Caller, rma: dict[str, Any]) -> None:
    narvar.change_settings(forget_call_ids_after=0.0)
    document = approval(rma)
    caller.call("POST", PATH, document)
    narvar.patch_rma(SHOP, rma["rma_number"], transactions=[], policy={"refund_succeeded_at": None})

    caller.call("POST", PATH, document)

    assert len(narvar.ledger()) == 2


@pytest.mark.provokes_objections
def test_a_refused_call_does_not_burn_its_id_unless_asked_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    wrong = approval(rma, entry(rma["items"][0], 9, "approved"))
    right = wrong | {"items": [entry(rma["items"][0], 3, "approved")]}

    first = [caller.call("POST", PATH, document).status for document in (wrong, right)]
    narvar.change_settings(remember_rejected_ids=True)
    other = wrong | {"call_reference_id": "6d0e1f0a-0000-4000-8000-000000000001"}
    burnt = right | {"call_reference_id": other["call_reference_id"]}
    second = [caller.call("POST", PATH, document).status for document in (other, burnt)]

    assert (first, second) == ([422, 201], [422, 201])
    assert len(narvar.ledger()) == 1
