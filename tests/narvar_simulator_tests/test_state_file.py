from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import HOOK, SHOP, Caller, Receiver, approval


def simulator(path: Path, **settings: Any) -> Simulator:
    return Simulator(state_file=path, save_seconds=0.05, **settings)


def test_the_world_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "narvar.json"
    with simulator(path, refund_delay=0.0) as narvar:
        narvar.add_shop(SHOP, username="api-user", password="api-word")
        rma = narvar.create_rma(SHOP, status="delivered_to_retailer")
        document = approval(rma)
        Caller(narvar.url).call("POST", "/merchant/returns/approval", document)
        before = narvar.body(SHOP, rma["rma_number"]), narvar.ledger()

    with simulator(path) as narvar:
        after = narvar.body(SHOP, rma["rma_number"]), narvar.ledger()
        repeat = Caller(narvar.url).call("POST", "/merchant/returns/approval", document)
        assert narvar.settings.refund_delay == 0.0
        assert len(narvar.ledger()) == 1

    assert after == before
    assert repeat.status == 201


def test_a_refund_that_was_due_is_made_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "narvar.json"
    with simulator(path, refund_delay=0.3) as narvar:
        narvar.add_shop(SHOP, username="api-user", password="api-word")
        rma = narvar.create_rma(SHOP, status="delivered_to_retailer")
        Caller(narvar.url).approve(rma)
        assert narvar.ledger() == []

    with simulator(path) as narvar:
        narvar.wait_idle()
        assert len(narvar.ledger()) == 1


def test_a_webhook_that_was_not_taken_is_sent_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "narvar.json"
    with Receiver() as receiver:
        with simulator(path, retry_seconds=3600) as narvar:
            narvar.add_shop(SHOP, username="u", password="p")
            narvar.set_webhook(SHOP, url="http://127.0.0.1:9/", **HOOK)
            narvar.create_rma(SHOP)
            with pytest.raises(TimeoutError):
                narvar.wait_idle(0.2)
            narvar.set_webhook(SHOP, url=receiver.url, **HOOK)

        with simulator(path) as narvar:
            narvar.wait_idle()
            assert [delivery.state for delivery in narvar.deliveries()] == ["delivered"]

    assert len(receiver.hooks) == 1


def test_it_is_saved_while_running(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "narvar.json"
    with simulator(path) as narvar:
        narvar.add_shop(SHOP, username="u", password="p")
        deadline = time.monotonic() + 5
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

        assert json.loads(path.read_text())["world"]["shops"][0]["domain"] == SHOP
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 9}', '{"format": 1, "world": {}}', ""])
def test_a_corrupt_file_is_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "narvar.json"
    path.write_text(text)

    with simulator(path) as narvar:
        assert narvar.world.rmas == {}

    (aside,) = tmp_path.glob("narvar.json.corrupt-*")
    assert aside.read_text() == text
    assert "unreadable" in capsys.readouterr().err
