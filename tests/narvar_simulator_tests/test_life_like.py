from __future__ import annotations

import time

from tests.narvar_simulator import Simulator
from tests.narvar_simulator.kinds import KINDS
from tests.narvar_simulator.life_like import LifeLike
from tests.narvar_simulator_tests.support import SHOP, Receiver


def test_a_backlog_has_every_kind_in_mixed_states(narvar: Simulator, receiver: Receiver) -> None:
    LifeLike(narvar, SHOP).make_backlog()
    narvar.wait_idle()

    rmas = list(narvar.world.rmas.values())
    assert len(rmas) == 60
    assert {rma.kind for rma in rmas} == set(KINDS)
    statuses = {rma.status for rma in rmas}
    assert {"initiated", "on_its_way_to_retailer", "delivered_to_retailer", "approved"} <= statuses
    assert len({hook.json["rma_number"] for hook in receiver.hooks}) == 60
    assert all(rma.created_at < time.time() for rma in rmas)


def test_a_return_lives_until_it_waits_for_the_retailer(narvar: Simulator) -> None:
    life = LifeLike(narvar, SHOP, per_minute=0, step_seconds=(1, 1))
    stories = {kind: life.bear(kind, "initiated") for kind in KINDS}

    for _ in range(4):
        life.tick(time.time() + 100)

    ends = {kind: rma.status for kind, rma in stories.items()}
    assert ends["mail"] == "delivered_to_retailer"
    assert ends["exception"] == "exception"
    assert ends["out_of_stock_exception"] == "out_of_stock_exception"
    assert ends["resolve_manually"] == "resolve_manually_without_automation"
    assert ends["cancelled_by_user"] == "cancelled_by_user"
    assert ends["unknown_status"] == "returned"
    assert ends["keep_the_item"] == "approved"
    assert all(rma.plan == [] for rma in stories.values())
    reversal = stories["instant_refund_reversed"].body["transactions"][1]
    assert reversal["refund_method"] == "narvar_instant_refund_reversal"


def test_a_return_that_the_retailer_closed_does_not_live_on(narvar: Simulator) -> None:
    life = LifeLike(narvar, SHOP, per_minute=0)
    rma = life.bear("mail", "initiated")

    narvar.advance(SHOP, rma.number, "approved")
    life.tick(time.time() + 1000)

    assert rma.status == "approved"


def test_the_stream_pauses_when_too_many_wait(narvar: Simulator) -> None:
    life = LifeLike(narvar, SHOP, per_minute=60_000, most_open=3)

    for _ in range(20):
        life.tick(time.time() + 1)

    assert sum(rma.status == "initiated" for rma in narvar.world.rmas.values()) <= 3


def test_the_same_seed_makes_the_same_stream() -> None:
    kinds = []
    for _ in range(2):
        simulator = Simulator(seed=5)
        simulator.add_shop(SHOP, username="u", password="p")
        LifeLike(simulator, SHOP).make_backlog()
        kinds.append([(rma.kind, rma.number) for rma in simulator.world.rmas.values()])
        simulator.stop()

    assert kinds[0] == kinds[1]


def test_a_running_stream_tells_of_new_returns(narvar: Simulator, receiver: Receiver) -> None:
    narvar.live(SHOP, per_minute=6000, backlog=2, step_seconds=(0.01, 0.02))

    wanted, seen = {"initiated", "delivered_to_retailer"}, set[str]()
    deadline = time.monotonic() + 5
    while not wanted <= seen and time.monotonic() < deadline:
        time.sleep(0.02)
        seen = {hook.json["return_status"] for hook in receiver.hooks}

    assert wanted <= seen
