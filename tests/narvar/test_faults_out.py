"""A sender killed or frozen at any step, in a real process: one refund under one reference."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from returns_ops import failpoints
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.returns.models import Rma, RmaEvent
from tests.children import failpoints_in_source, run, start
from tests.circle import Circle

STEPS = [name for name in failpoints_in_source() if name.startswith("send.")]
BEFORE_THE_LAST_LOOK_AT_THE_LEASE = "send.after_claim"
WITH_A_STALE_VERDICT = ["send.before_call", "send.after_call", "send.before_settle"]


def test_every_step_has_a_failpoint() -> None:
    steps = ["after_claim", "before_call", "after_call", "before_settle", "before_commit"]
    assert set(STEPS) == {f"send.{step}" for step in [*steps, "after_settle"]}


@pytest.mark.parametrize("step", STEPS)
def test_a_sender_is_killed(circle: Circle, step: str) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)

    code, _ = run("send", failpoints=f"{step}:exit")
    assert code == failpoints.KILLED
    circle.send()
    assert approvals(circle) == was_called_before(step), "what it holds waits for its lease"
    circle.lease_runs_out()
    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert_one_refund(circle, rma)


def was_called_before(step: str) -> bool:
    return step not in ("send.after_claim", "send.before_call")


@pytest.mark.parametrize("step", WITH_A_STALE_VERDICT)
@pytest.mark.parametrize("verdict", [201, 409])
def test_a_sender_frozen_past_its_lease_changes_nothing(
    circle: Circle, step: str, verdict: int
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    calls_first = was_called_before(step)

    if calls_first:
        answer_next_with(circle, verdict)
    with frozen_at(step) as sender:
        somebody_else_sends(circle, rma)
        if not calls_first:
            answer_next_with(circle, verdict)
        before = state()
        words = thaw(sender)

    assert "fenced" in words
    assert state() == before
    assert approvals(circle) == 2
    late = command.attempts.get(number=1)
    assert (late.outcome, late.http_status) == (AttemptOutcome.UNKNOWN, verdict)
    assert late.problem.startswith("Came after its lease.")
    assert_one_refund(circle, rma)


def answer_next_with(circle: Circle, status: int) -> None:
    if status >= 400:
        circle.narvar.fail_next("approval", "status", status=status, text="Return is locked")


def test_a_sender_frozen_past_its_lease_before_it_looks_at_it_does_not_call(
    circle: Circle,
) -> None:
    rma = circle.arrive()
    circle.approve(rma)

    with frozen_at(BEFORE_THE_LAST_LOOK_AT_THE_LEASE) as sender:
        somebody_else_sends(circle, rma)
        before = state()
        words = thaw(sender)

    assert "fenced" in words
    assert state() == before
    assert approvals(circle) == 1
    assert_one_refund(circle, rma)


def test_a_sender_frozen_in_the_middle_of_its_call_changes_nothing(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "slow", bytes_per_second=20, length=20)

    sender = start("send")
    wait_for_calls(circle, 1)
    sender.send_signal(signal.SIGSTOP)
    somebody_else_sends(circle, rma)
    before = state()
    words = thaw(sender)

    assert "fenced" in words
    assert state() == before
    assert approvals(circle) == 2
    assert_one_refund(circle, rma)


@contextmanager
def frozen_at(step: str) -> Iterator[subprocess.Popen[str]]:
    """A sender that has come to this step, and stopped there."""
    sender = start("send", failpoints=f"{step}:freeze")
    _, status = os.waitpid(sender.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    try:
        yield sender
    finally:
        sender.kill()
        sender.wait()


def thaw(sender: subprocess.Popen[str]) -> str:
    """Let it go on to its end; returns what it said."""
    sender.send_signal(signal.SIGCONT)
    said, complained = sender.communicate(timeout=120)
    assert sender.returncode == 0
    return said + complained


def somebody_else_sends(circle: Circle, rma: Rma) -> None:
    circle.lease_runs_out()
    circle.send()
    circle.refund_arrives(rma)
    assert Command.objects.get().state == CommandState.CONFIRMED


def wait_for_calls(circle: Circle, count: int) -> None:
    until = time.monotonic() + 20
    while approvals(circle) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def approvals(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


def state() -> Any:
    """All that a verdict could change."""
    rmas = Rma.objects.values("narvar_status", "money", "work", "refunded")
    events = RmaEvent.objects.order_by("id").values_list("id", "text")
    return list(Command.objects.values()), list(rmas), list(events)


def assert_one_refund(circle: Circle, rma: Rma) -> None:
    command = Command.objects.get()
    sent = circle.narvar.requests(operation="approval")
    assert {request.body.encode() for request in sent} == {bytes(command.body)}
    assert [row.call_reference_id for row in circle.refunds(rma)] == [
        str(command.call_reference_id)
    ]
