from __future__ import annotations

import pytest

from tests.narvar_simulator import ControlClient, Simulator, control
from tests.narvar_simulator.control_client import ControlError
from tests.narvar_simulator_tests.support import HOOK, OTHER_SHOP, SHOP, Caller, Receiver


@pytest.fixture
def control_client(narvar: Simulator) -> ControlClient:
    return ControlClient(narvar.url)


def test_a_return_is_played_through_from_outside(
    control_client: ControlClient, receiver: Receiver
) -> None:
    remote = control_client
    remote.add_shop(OTHER_SHOP, username="u2", password="p2", limit=50)
    remote.set_webhook(OTHER_SHOP, url=receiver.url, **HOOK)
    rma = remote.create_rma(OTHER_SHOP, kind="gift", send=False)
    number = rma["rma_number"]
    remote.advance(OTHER_SHOP, number, "delivered_to_retailer")
    remote.send(OTHER_SHOP, number)
    remote.wait_idle()
    remote.redeliver(number, which=0)
    remote.wait_idle()
    caller = Caller(remote.url, "u2", "p2", OTHER_SHOP)
    caller.approve(rma)
    caller.ship(rma_number=number, note="done")
    remote.wait_idle()

    assert remote.body(OTHER_SHOP, number)["return_status"] == "approved"
    assert remote.notes(OTHER_SHOP, number) == ["done"]
    assert [row.amount for row in remote.ledger(shop=OTHER_SHOP)] == [rma["estimated_refund"]]
    assert [row.status for row in remote.requests(operation="approval")] == [201]
    assert remote.requests(operation="approval")[0].json["rma_number"] == number
    assert remote.objections() == []
    assert len(receiver.hooks) == len(remote.deliveries(rma_number=number)) == 5
    assert remote.deliveries()[0].body == receiver.hooks[0].body


def test_keys_of_a_body_are_patched(control_client: ControlClient) -> None:
    number = control_client.create_rma(SHOP)["rma_number"]

    control_client.patch_rma(SHOP, number, gift=True, policy={"refund_at": None})

    body = control_client.body(SHOP, number)
    assert body["gift"] is True
    assert body["policy"]["refund_at"] is None
    assert "restock_at" in body["policy"]


def test_faults_settings_and_quota_are_set_from_outside(
    control_client: ControlClient, caller: Caller
) -> None:
    control_client.fail_next("approval", "status", status=502, times=2)
    control_client.clear_faults()
    control_client.fail_next("get_returns", "status", status=502)
    control_client.use_quota(SHOP, 10)
    statuses = [caller.returns(rma_number="X").status for _ in range(2)]
    control_client.random_faults(share=1.0, kinds=["empty"])
    empty = caller.returns(rma_number="X")
    control_client.set_credentials(SHOP, username="new", password="word")

    assert statuses == [502, 404]
    assert (empty.status, empty.body) == (404, b"")
    assert empty.headers["X-Rate-Limit-Remaining"] == "287"
    assert caller.returns(rma_number="X").status == 401


def test_held_webhooks_are_released_from_outside(
    control_client: ControlClient, receiver: Receiver
) -> None:
    control_client.change_settings(hold=True)
    number = control_client.create_rma(SHOP)["rma_number"]
    headers, body = control_client.webhook(SHOP, number)
    control_client.change_settings(hold=False)

    assert control_client.release_held() == 1
    control_client.wait_idle()

    assert receiver.hooks[0].body == body
    assert receiver.hooks[0].headers["Authorization"] == headers["Authorization"]


def test_a_reset_forgets_all_but_shops(control_client: ControlClient, caller: Caller) -> None:
    rma = control_client.create_rma(SHOP, kind="instant_refund")
    control_client.fail_next("any", "status")
    control_client.reset()

    health = control_client.health()
    assert (health["rmas"], health["refunds"], health["shops"]) == (0, 0, [SHOP])
    assert caller.returns(rma_number=rma["rma_number"]).status == 404


def test_nonsense_is_refused_with_words(control_client: ControlClient) -> None:
    with pytest.raises(ControlError, match="no such kind"):
        control_client.create_rma(SHOP, kind="nonsense")
    with pytest.raises(ControlError, match="missing or unknown"):
        control_client.body(SHOP, "NONE")
    with pytest.raises(ControlError, match="no such setting"):
        control_client.change_settings(nonsense=1)


def test_strangers_are_refused(narvar: Simulator) -> None:
    answer = control.answer(narvar, "10.0.0.7", "GET", "/_control/health", b"")

    assert answer.status == 403
