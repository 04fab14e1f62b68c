"""A worker is told to end while Narvar has not answered yet: one refund, whoever is told."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from returns_ops.messaging.models import Command, CommandState
from tests.circle import Circle
from tests.e2e.stack import Stack
from tests.stack.holding import eventually

SLOW: dict[str, Any] = {"bytes_per_second": 10, "length": 20}


@pytest.fixture
def stack(circle: Circle, tmp_path: Path) -> Iterator[Stack]:
    running = Stack(var=tmp_path)
    try:
        running.start_worker()
        running.start_beat()
        yield running
    finally:
        running.stop()


def approvals(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


def ended(stack: Stack, name: str) -> bool:
    stack.running[name].wait(40)
    del stack.running[name]
    return True


def test_a_worker_that_is_told_to_end_finishes_its_call(circle: Circle, stack: Stack) -> None:
    circle.narvar.fail_next("approval", "slow", **SLOW)
    rma = circle.arrive()
    circle.approve(rma)
    assert eventually(lambda: approvals(circle) == 1, 60)

    os.kill(stack.running["worker"].pid, signal.SIGTERM)
    assert ended(stack, "worker")

    command = Command.objects.get()
    assert (command.state, command.tries) == (CommandState.ACCEPTED, 1)
    circle.refund_arrives(rma)
    assert len(circle.refunds(rma)) == 1
    assert approvals(circle) == 1


def test_when_its_processes_are_told_as_well_the_lease_brings_the_call_back(
    circle: Circle, stack: Stack
) -> None:
    circle.narvar.fail_next("approval", "slow", **SLOW)
    rma = circle.arrive()
    circle.approve(rma)
    assert eventually(lambda: approvals(circle) == 1, 60)

    os.killpg(stack.running["worker"].pid, signal.SIGTERM)
    assert ended(stack, "worker")
    assert Command.objects.get().state == CommandState.SENDING
    circle.lease_runs_out()
    stack.start_worker("second")
    assert eventually(lambda: Command.objects.get().state == CommandState.ACCEPTED, 60)

    circle.refund_arrives(rma)  # and either of us, or the worker, writes it down
    assert eventually(lambda: Command.objects.get().state == CommandState.CONFIRMED, 30)
    assert Command.objects.get().tries == 2
    assert len({request.body for request in circle.narvar.requests(operation="approval")}) == 1
    assert len(circle.refunds(rma)) == 1
