from __future__ import annotations

from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, approval, entry

PATH = "/merchant/returns/approval"


@pytest.fixture
def rma(narvar: Simulator) -> dict[str, Any]:
    """Three units at 10.00, so 23.05 can be refunded."""
    items = [{"sku": "A", "quantity": 3, "unit_price": "10.00"}]
    return narvar.create_rma(SHOP, status="delivered_to_retailer", send=False, items=items)


def override(amount: Any, currency: str | None = "USD") -> dict[str, Any]:
    found = {"process_refund_override": True, "total_refund_override_amount": amount}
    return found | ({"total_refund_override_currency": currency} if currency else {})


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"call_reference_id": "12"}, "not a uuid"),
        ({"rma_number": 17}, "not a string"),
        ({"process_refund": "true"}, "not a boolean"),
        ({"auto_approve": 1}, "not a boolean"),
        ({"items": []}, "fewer than 1"),
        ({"items": {}}, "not a array"),
        (override("3.10"), "not a number"),
        (override(0), "not above zero"),
        (override(-2), "not above zero"),
        (override(23.06), "exceeds what is left"),
        (override(3.105), "more decimals"),
        (override(3, "CAD"), "not the order's"),
        ({"process_refund_override": True}, "without total_refund_override_amount"),
        ({"total_refund_override_amount": 3}, "without process_refund_override"),
        (override(3) | {"process_refund": False}, "while process_refund is false"),
    ],
)
def test_a_wrong_approval_is_refused_and_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    reply = caller.approve(rma, **changes)

    assert reply.status == 422
    assert words in " ".join(reply.json["errors"])
    assert [words in objection.words for objection in narvar.objections()] == [True]
    assert narvar.ledger() == []
    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "delivered_to_retailer"


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": 4}, "more units"),
        ({"quantity": 0}, "not a count"),
        ({"quantity": 1.5}, "not a count"),
        ({"quantity": "1"}, "not a number"),
        ({"item_id": "13882200000001"}, "not a number"),
        ({"item_id": 99}, "unknown item"),
        ({"item_id": None}, "not a number"),
        ({"item_sku": "B"}, "unknown item"),
        ({"status": "refunded"}, "not one of the spec's words"),
        ({"status": None}, "not a string"),
    ],
)
def test_a_wrong_item_is_refused_and_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    reply = caller.approve(rma, entry(rma["items"][0], 1, "approved") | changes)

    assert reply.status == 422
    assert [words in objection.words for objection in narvar.objections()] == [True]
    assert narvar.ledger() == []


@pytest.mark.provokes_objections
@pytest.mark.parametrize("missing", ["rma_number", "call_reference_id", "items"])
def test_a_missing_field_is_refused(
    narvar: Simulator, caller: Caller, rma: dict[str, Any], missing: str
) -> None:
    document = approval(rma)
    del document[missing]

    reply = caller.call("POST", PATH, document)

    assert reply.status == 422
    assert [objection.words for objection in narvar.objections()] == [f"{missing} is missing"]


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"refund_adjustment_amount": 3}, "refund_adjustment_amount is obsolete"),
        ({"override_note": "x"}, "override_note is obsolete"),
        ({"colour": "red"}, "colour is not in the spec"),
        (override(3, None), "total_refund_override_currency not sent"),
    ],
)
def test_a_harmless_fault_is_objected_to_and_served(
    narvar: Simulator, caller: Caller, rma: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    reply = caller.approve(rma, **changes)

    assert reply.status == 201
    assert [objection.words for objection in narvar.objections()] == [words]
    assert len(narvar.ledger()) == 1


@pytest.mark.provokes_objections
def test_an_obsolete_field_of_an_item_is_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    old = {"refund_override_amount": 3, "override_note": "x"}
    caller.approve(rma, entry(rma["items"][0], 1, "approved") | old)

    words = [objection.words for objection in narvar.objections()]
    assert words == [
        "items[0].refund_override_amount is obsolete",
        "items[0].override_note is obsolete",
    ]


@pytest.mark.provokes_objections
def test_process_refund_not_sent_is_true_but_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    document = approval(rma)
    del document["process_refund"]

    assert caller.call("POST", PATH, document).status == 201

    assert [objection.words for objection in narvar.objections()] == ["process_refund not sent"]
    assert len(narvar.ledger()) == 1


@pytest.mark.provokes_objections
def test_a_sku_that_two_lines_share_is_ambiguous(narvar: Simulator, caller: Caller) -> None:
    rma = narvar.create_rma(SHOP, kind="twin_sku", status="delivered_to_retailer", send=False)
    by_sku = {"item_sku": rma["items"][0]["sku"], "quantity": 1, "status": "approved"}

    reply = caller.approve(rma, by_sku)

    assert reply.status == 422
    assert "ambiguous SKU" in narvar.objections()[0].words


def test_an_invalid_item_need_not_be_on_the_rma(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    foreign = {"item_sku": "SOMETHING-ELSE", "quantity": 1, "status": "invalid_item"}

    reply = caller.approve(rma, entry(rma["items"][0], 3, "approved"), foreign)

    assert reply.status == 201
    assert narvar.objections() == []


@pytest.mark.provokes_objections
@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"a": NaN}'])
def test_what_is_not_json_is_refused(narvar: Simulator, caller: Caller, raw: bytes) -> None:
    reply = caller.call("POST", PATH, raw=raw)

    assert reply.status == 400
    assert len(narvar.objections()) == 1


@pytest.mark.provokes_objections
def test_another_content_type_is_objected_to(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    form = "application/x-www-form-urlencoded"

    reply = caller.call("POST", PATH, approval(rma), headers={"Content-Type": form})

    assert reply.status == 201
    assert "Content-Type" in narvar.objections()[0].words


@pytest.mark.provokes_objections
def test_an_objection_shows_the_request(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    caller.approve(rma, colour="red")

    (objection,) = narvar.objections(operation="approval")
    assert objection.shop == SHOP
    assert objection.request["path"] == PATH
    assert '"colour": "red"' in objection.request["body"]
