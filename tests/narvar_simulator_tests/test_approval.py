from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, Receiver, approval, entry


def three_units(narvar: Simulator, **more: Any) -> dict[str, Any]:
    """Three units at 10.00; the label costs 6.95, so the estimate is 23.05."""
    items = [{"sku": "A", "quantity": 3, "unit_price": "10.00"}]
    wishes: dict[str, Any] = {"status": "delivered_to_retailer", "send": False, "items": items}
    return narvar.create_rma(SHOP, **(wishes | more))


def test_an_approval_refunds_what_was_calculated(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)

    document = approval(rma)
    reply = caller.call("POST", "/merchant/returns/approval", document)

    body = narvar.body(SHOP, rma["rma_number"])
    assert (reply.status, reply.body) == (201, b"")
    assert body["return_status"] == "approved"
    assert body["items"][0]["current_processing_state"][-1]["status"] == "approved"
    assert body["transactions"][0]["source"] == "api"
    assert body["transactions"][0]["amount"] == 23.05
    assert body["policy"]["refund_succeeded_at"]
    (row,) = narvar.ledger()
    assert (row.amount, row.currency, row.source) == ("23.05", "USD", "api")
    assert row.call_reference_id == document["call_reference_id"]
    assert row.transaction_id == body["transactions"][0]["id"]
    assert narvar.objections() == []


def test_only_approved_units_are_refunded(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)
    line = rma["items"][0]

    caller.approve(rma, entry(line, 2, "approved"), entry(line, 1, "not_received"))

    assert [row.amount for row in narvar.ledger()] == ["13.05"]
    states = narvar.body(SHOP, rma["rma_number"])["items"][0]["current_processing_state"]
    assert [(s["status"], s["quantity"]) for s in states[-2:]] == [
        ("approved", 2),
        ("not_received", 1),
    ]


def test_an_override_refunds_that_amount(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)

    caller.approve(
        rma,
        process_refund_override=True,
        total_refund_override_amount=3.1,
        total_refund_override_currency="USD",
    )

    assert [row.amount for row in narvar.ledger()] == ["3.10"]
    assert narvar.objections() == []


def test_without_process_refund_no_money_moves(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)

    caller.approve(rma, process_refund=False)

    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "approved"
    assert narvar.ledger() == []


def test_all_lines_rejected_reject_the_return(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)

    caller.approve(rma, entry(rma["items"][0], 3, "rejected"))

    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "rejected"
    assert narvar.ledger() == []


def test_no_restock_with_a_restock_timing_makes_an_exception(
    narvar: Simulator, caller: Caller
) -> None:
    rma = three_units(narvar, policy={"restock_at": "approved"})

    caller.approve(rma, entry(rma["items"][0], 3, "approved_no_restock"))

    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "exception"
    assert len(narvar.ledger()) == 1


def test_no_restock_without_a_restock_timing_is_approved(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)

    caller.approve(rma, entry(rma["items"][0], 3, "approved_no_restock"))

    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "approved"


def test_auto_approve_waits_for_the_other_items(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar)
    line = rma["items"][0]

    caller.approve(rma, entry(line, 1, "approved"), auto_approve=True)
    before = narvar.body(SHOP, rma["rma_number"])["return_status"], narvar.ledger()
    caller.approve(rma, entry(line, 2, "approved"), auto_approve=True)

    assert before == ("delivered_to_retailer", [])
    assert narvar.body(SHOP, rma["rma_number"])["return_status"] == "approved"
    assert [row.amount for row in narvar.ledger()] == ["23.05"]


def test_an_instant_refund_is_not_followed_by_a_second(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar, kind="instant_refund")

    caller.approve(rma)

    assert [row.source for row in narvar.ledger()] == ["narvar"]


def test_a_reversed_instant_refund_can_be_refunded_again(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar, kind="instant_refund_reversed")

    caller.approve(rma)

    assert [row.amount for row in narvar.ledger()] == ["23.05", "-23.05", "23.05"]


def test_a_refund_never_exceeds_what_is_left(narvar: Simulator, caller: Caller) -> None:
    rma = three_units(narvar, kind="unattributed_refund", status="exception")
    already = Decimal(narvar.ledger()[0].amount)

    caller.approve(rma)

    assert Decimal(narvar.ledger()[1].amount) == Decimal("23.05") - already


def test_the_refund_follows_after_its_delay_and_is_told(
    narvar: Simulator, caller: Caller, receiver: Receiver
) -> None:
    narvar.change_settings(refund_delay=0.1)
    rma = three_units(narvar)

    caller.approve(rma)
    at_once = narvar.ledger()
    narvar.wait_idle()

    assert at_once == []
    assert len(narvar.ledger()) == 1
    assert [len(hook.json["transactions"]) for hook in receiver.hooks] == [0, 1]
    assert {hook.headers["X-Narvar-Topic"] for hook in receiver.hooks} == {"approved"}


def test_a_yen_refund_has_no_decimals(narvar: Simulator, caller: Caller) -> None:
    rma = narvar.create_rma(SHOP, kind="jpy_order", status="delivered_to_retailer", send=False)

    caller.approve(rma)

    assert [row.amount for row in narvar.ledger()] == [rma["estimated_refund"]]
    assert "." not in rma["estimated_refund"]
