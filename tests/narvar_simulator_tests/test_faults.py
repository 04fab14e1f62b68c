from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, approval

PATH = "/merchant/returns/approval"


@pytest.fixture
def rma(narvar: Simulator) -> dict[str, Any]:
    return narvar.create_rma(SHOP, status="delivered_to_retailer", send=False)


def test_act_then_hang_refunds_and_never_answers(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "act_then_hang", seconds=30)
    caller.timeout = 0.2

    with pytest.raises(TimeoutError):
        caller.approve(rma)

    assert len(narvar.ledger()) == 1
    (record,) = narvar.requests(operation="approval")
    assert (record.status, record.fault) == (None, "act_then_hang")


def test_act_then_reset_refunds_and_breaks_the_connection(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "act_then_reset")

    with pytest.raises(ConnectionResetError):
        caller.approve(rma)

    assert len(narvar.ledger()) == 1


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("reset_before", {}, ConnectionResetError),
        ("hang_before", {"seconds": 0.05}, http.client.RemoteDisconnected),
    ],
)
def test_a_fault_before_acting_moves_no_money(
    narvar: Simulator,
    caller: Caller,
    rma: dict[str, Any],
    kind: str,
    options: dict[str, Any],
    error: type[Exception],
) -> None:
    narvar.fail_next("approval", kind, **options)

    with pytest.raises(error):
        caller.approve(rma)

    assert narvar.ledger() == []


@pytest.mark.parametrize(
    ("kind", "options", "status", "refunds"),
    [
        ("status", {"status": 503}, 503, 0),
        ("status", {"status": 409, "text": "already approved"}, 409, 0),
        ("status", {"status": 422, "json": {"errors": ["no"]}}, 422, 0),
        ("status_after", {"status": 500}, 500, 1),
        ("status_after", {"status": 520}, 520, 1),
        ("status_after", {"status": 204}, 204, 1),
        ("status_after", {"status": 202, "text": ""}, 202, 1),
        ("redirect", {"location": "http://127.0.0.1:9/"}, 302, 0),
        ("malformed_json", {}, 201, 1),
        ("html", {}, 201, 1),
        ("empty", {}, 201, 1),
        ("failure", {}, 201, 0),
        ("failure", {"act": True, "code": "X"}, 201, 1),
        ("accept_and_forget", {}, 201, 0),
        ("rate_limited", {}, 429, 0),
        ("status", {"act": True}, 503, 1),
    ],
)
def test_a_fault_answers_its_status_and_acts_or_not(
    narvar: Simulator,
    caller: Caller,
    rma: dict[str, Any],
    kind: str,
    options: dict[str, Any],
    status: int,
    refunds: int,
) -> None:
    narvar.fail_next("approval", kind, **options)

    reply = caller.approve(rma)

    assert reply.status == status
    assert len(narvar.ledger()) == refunds
    assert narvar.requests()[0].status == status
    assert narvar.objections() == []


def test_a_failure_is_spoken_of_inside_a_201(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "failure", code="E7", message="Return not found")

    message = {"code": "E7", "message": "Return not found"}
    assert caller.approve(rma).json == {"status": "FAILURE", "messages": [message]}


def test_malformed_json_cannot_be_read(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("get_returns", "malformed_json")

    with pytest.raises(json.JSONDecodeError):
        _ = caller.returns(rma_number=rma["rma_number"]).json


@pytest.mark.parametrize(
    ("sent", "reset"),
    [("normal", "2"), ("absurd", "-5"), ("none", None), ({"X-Rate-Limit-Reset": "9"}, "9")],
)
def test_a_429_comes_with_various_headers(
    narvar: Simulator, caller: Caller, rma: dict[str, Any], sent: Any, reset: str | None
) -> None:
    narvar.fail_next("any", "rate_limited", headers=sent)

    reply = caller.approve(rma)

    assert reply.status == 429
    assert reply.headers.get("X-Rate-Limit-Reset") == reset


def test_a_slow_answer_drips(narvar: Simulator, caller: Caller, rma: dict[str, Any]) -> None:
    narvar.fail_next("approval", "slow", bytes_per_second=100, length=20)
    began = time.monotonic()

    reply = caller.approve(rma)

    assert len(reply.body) == 20
    assert time.monotonic() - began >= 0.19


def test_a_big_answer_is_big(narvar: Simulator, caller: Caller, rma: dict[str, Any]) -> None:
    narvar.fail_next("approval", "big", megabytes=2)
    narvar.fail_next("approval", "gzip_bomb", megabytes=5)

    plain, bomb = caller.approve(rma), caller.approve(rma)

    assert len(plain.body) > 2_000_000
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(bomb.body) < 50_000


def test_a_lying_length_ends_too_early(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "lying_length")

    with pytest.raises(http.client.IncompleteRead):
        caller.approve(rma)

    assert len(narvar.ledger()) == 1


def test_another_amount_can_be_refunded(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "refund_other_amount", amount="1.50", currency="CAD")

    caller.approve(rma)

    assert [(row.amount, row.currency) for row in narvar.ledger()] == [("1.50", "CAD")]


def test_a_repeat_after_accept_and_forget_is_still_forgotten(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("approval", "accept_and_forget")
    document = approval(rma)

    statuses = [caller.call("POST", PATH, document).status for _ in range(2)]

    assert statuses == [201, 201]
    assert narvar.ledger() == []


def test_faults_are_used_up_in_order_and_by_operation(
    narvar: Simulator, caller: Caller, rma: dict[str, Any]
) -> None:
    narvar.fail_next("shipment_status", "status", status=500)
    narvar.fail_next("approval", "status", status=502)
    narvar.fail_next("approval", "status", status=504)

    statuses = [caller.approve(rma).status for _ in range(3)]
    narvar.clear_faults()

    assert statuses == [502, 504, 201]
    assert caller.ship(rma_number=rma["rma_number"], note="x").status == 201


def test_random_faults_take_their_share(narvar: Simulator, caller: Caller) -> None:
    narvar.random_faults(share=0.3, kinds=["status"], seed=1)
    statuses = [caller.returns(rma_number="X").status for _ in range(100)]
    narvar.random_faults(share=0)
    after = {caller.returns(rma_number="X").status for _ in range(20)}

    assert 15 <= statuses.count(503) <= 45
    assert after == {404}


@pytest.mark.parametrize(("operation", "kind"), [("approval", "nonsense"), ("aproval", "status")])
def test_a_misspelt_fault_is_refused(narvar: Simulator, operation: str, kind: str) -> None:
    with pytest.raises(ValueError, match="no such"):
        narvar.fail_next(operation, kind)
