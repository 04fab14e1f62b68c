from __future__ import annotations

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, Receiver


def test_the_status_is_set_and_the_note_kept(
    narvar: Simulator, caller: Caller, receiver: Receiver
) -> None:
    number = narvar.create_rma(SHOP, send=False)["rma_number"]

    reply = caller.ship(rma_number=number, shipment_status="received_by_retailer", note="Box & all")
    narvar.wait_idle()

    assert (reply.status, reply.body) == (201, b"")
    assert narvar.body(SHOP, number)["return_status"] == "received_by_retailer"
    assert narvar.notes(SHOP, number) == ["Box & all"]
    assert [hook.headers["X-Narvar-Topic"] for hook in receiver.hooks] == ["received_by_retailer"]
    assert narvar.objections() == []


def test_a_note_alone_changes_no_status(narvar: Simulator, caller: Caller) -> None:
    number = narvar.create_rma(SHOP, send=False)["rma_number"]

    assert caller.ship(rma_number=number, note="called").status == 201

    assert narvar.body(SHOP, number)["return_status"] == "initiated"


def test_a_status_can_set_off_the_refund_rule(narvar: Simulator, caller: Caller) -> None:
    rule = {"refund_at": "delivered_to_retailer"}
    rma = narvar.create_rma(SHOP, send=False, policy=rule)

    caller.ship(rma_number=rma["rma_number"], shipment_status="delivered_to_retailer")

    (row,) = narvar.ledger()
    assert (row.amount, row.source) == (rma["estimated_refund"], "narvar")
    assert row.call_reference_id is None


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    "query",
    [
        {"shipment_status": "approved"},
        {"shipment_status": ""},
        {},
        {"shipment_status": "lost", "note": "x"},
    ],
)
def test_a_wrong_status_is_refused_and_objected_to(
    narvar: Simulator, caller: Caller, query: dict[str, str]
) -> None:
    number = narvar.create_rma(SHOP, send=False)["rma_number"]

    assert caller.ship(rma_number=number, **query).status == 422

    assert len(narvar.objections()) == 1
    assert narvar.notes(SHOP, number) == []


@pytest.mark.provokes_objections
def test_a_body_is_objected_to(narvar: Simulator, caller: Caller) -> None:
    number = narvar.create_rma(SHOP, send=False)["rma_number"]
    document = {"rma_number": number, "shipment_status": "exception"}

    assert caller.call("POST", "/merchant/returns/shipment_status", document).status == 422

    assert "not a body" in narvar.objections()[0].words


def test_an_unknown_rma_is_404(narvar: Simulator, caller: Caller) -> None:
    assert caller.ship(rma_number="NONE", note="x").status == 404
