"""A decision on its way out: sent, retried, refused, confirmed; the ledger is the judge."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now

from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import client, delivery, reopening
from returns_ops.narvar.connections import Details, connect
from returns_ops.narvar.models import Connection
from returns_ops.returns.models import RmaEvent, Transaction
from returns_ops.returns.states import Money, Work
from tests.circle import DOMAIN, Circle


def test_an_approval_with_refund_goes_full_circle(circle: Circle) -> None:
    rma = circle.arrive()
    assert rma.work == Work.TO_DECIDE

    command = circle.approve(rma)
    assert circle.rma(rma.rma_number).money == Money.QUEUED
    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED
    assert circle.rma(rma.rma_number).work == Work.WAITING

    circle.refund_arrives(rma)

    command.refresh_from_db()
    rma = circle.rma(rma.rma_number)
    assert (command.state, rma.money, rma.work) == (
        CommandState.CONFIRMED,
        Money.CONFIRMED,
        Work.DONE,
    )
    assert rma.refunded == command.amount
    assert Transaction.objects.get(rma=rma).confirms == command
    assert [Decimal(row.amount) for row in circle.refunds(rma)] == [command.amount]


def test_process_refund_is_always_sent(circle: Circle) -> None:
    paid, unpaid = circle.arrive(), circle.arrive()

    circle.approve(paid, refund=True)
    circle.approve(unpaid, refund=False)
    circle.send(tries=2)

    sent = {
        json.loads(request.body)["rma_number"]: json.loads(request.body)["process_refund"]
        for request in circle.narvar.requests(operation="approval")
    }
    assert sent == {paid.rma_number: True, unpaid.rma_number: False}
    assert circle.refunds(unpaid) == []


def test_an_approval_without_refund_is_confirmed_by_the_status(circle: Circle) -> None:
    rma = circle.arrive()

    command = circle.approve(rma, refund=False)
    circle.send()
    circle.tell(rma.rma_number)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert circle.rma(rma.rma_number).money == Money.NONE
    assert circle.refunds(rma) == []


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("act_then_reset", {}),
        ("status_after", {"status": 500}),
        ("status_after", {"status": 503}),
        ("status", {"status": 502}),
        ("reset_before", {}),
        ("lying_length", {}),
    ],
)
def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_reference(
    circle: Circle, fault: str, options: dict[str, Any]
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", fault, **options)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.OUTCOME_UNKNOWN
    assert circle.rma(rma.rma_number).money == Money.OUTCOME_UNKNOWN

    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1
    bodies = {request.body for request in circle.narvar.requests(operation="approval")}
    assert len(bodies) == 1


def test_narvar_that_cannot_be_reached_was_certainly_not_asked(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.stop()

    circle.send()

    command.refresh_from_db()
    attempt = command.attempts.get()
    assert (command.state, command.was_ambiguous) == (CommandState.QUEUED, False)
    assert attempt.outcome == AttemptOutcome.NOT_SENT
    assert attempt.problem.endswith("Narvar could not be reached")


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_parks_the_command_with_narvars_words(circle: Circle, status: int) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "status", status=status, text="Return is locked")

    circle.send(tries=3)

    command.refresh_from_db()
    rma = circle.rma(rma.rma_number)
    assert command.state == CommandState.REFUSED
    assert "Return is locked" in command.problem
    assert (rma.money, rma.work) == (Money.REFUSED, Work.EXCEPTION)
    assert "Return is locked" in RmaEvent.objects.filter(rma=rma).latest("id").text
    assert len(circle.narvar.requests(operation="approval")) == 1
    assert circle.refunds(rma) == []


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_after_a_try_that_may_have_acted_proves_nothing(
    circle: Circle, status: int
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "act_then_reset")
    circle.narvar.fail_next("approval", "status", status=status, text="already approved")

    circle.send(tries=2)
    command.refresh_from_db()
    assert command.state == CommandState.ATTENTION

    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def test_failure_inside_a_201_is_a_refusal(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "failure", act=False)

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert circle.refunds(rma) == []


def test_told_to_wait_we_wait_and_lose_no_try(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "rate_limited", reset=45)

    circle.send()

    command.refresh_from_db()
    wait = command.next_attempt_at - command.attempts.get().started_at
    assert command.state == CommandState.QUEUED
    assert 45 <= wait.total_seconds() <= 48


NEW: dict[str, Any] = {"username": "new-name", "password": "a-new-password"}


def enter_new_credential(circle: Circle) -> None:
    connect(
        Details(
            domain=DOMAIN,
            narvar_url=circle.narvar.url,
            narvar_username=NEW["username"],
            narvar_password=NEW["password"],
        )
    )


def test_a_refused_credential_stops_the_shop_until_it_is_replaced(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.set_credentials(DOMAIN, **NEW)

    circle.send(tries=3)
    command.refresh_from_db()
    circle.shop.connection.refresh_from_db()
    assert (command.state, command.tries) == (CommandState.QUEUED, 1)
    assert "401" in circle.shop.connection.problem

    enter_new_credential(circle)
    circle.send()
    assert len(circle.refunds(rma)) == 1


@pytest.mark.parametrize("takes_the_old", [True, False])
def test_a_credential_replaced_during_a_call_stops_nothing_and_is_used_for_the_next(
    takes_the_old: bool, circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.set_credentials(DOMAIN, keep_old=takes_the_old, **NEW)

    def call_meanwhile(link: Connection, call: client.Call) -> client.Reply:
        reply = client_call(link, call)
        if not Connection.objects.filter(narvar_username=NEW["username"]).exists():
            enter_new_credential(circle)
        return reply

    client_call = client.call
    with monkeypatch.context() as patched:
        patched.setattr(client, "call", call_meanwhile)
        circle.send()
    circle.shop.connection.refresh_from_db()
    assert (circle.shop.connection.problem, delivery.blocked().shops) == ("", set())

    circle.send()
    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def test_a_credential_that_narvar_takes_again_is_noticed(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("get_returns", "status", status=401)
    circle.send()
    Connection.objects.update(updated_at=Now() - timedelta(minutes=6))

    reopening.recheck_refused()
    circle.send()

    assert len(circle.refunds(rma)) == 1


def test_a_redirect_is_never_followed(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "redirect", location=f"{circle.narvar.url}/elsewhere")

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.QUEUED
    assert circle.narvar.requests(path="/elsewhere") == []
    link = Connection.objects.get()
    assert link.problem == "Narvar redirects (302): is the address right?"

    circle.send(tries=2)
    assert len(circle.narvar.requests(operation="approval")) == 1, "the shop is stopped"
    Connection.objects.update(updated_at=Now() - timedelta(minutes=6))
    reopening.recheck_refused()
    circle.send()
    assert len(circle.refunds(rma)) == 1


def test_a_worker_that_dies_in_the_middle_leaves_one_refund(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    claimed = outbox.claim()
    assert claimed is not None  # and here the worker ends, its attempt open
    circle.lease_runs_out()
    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    outcomes = list(command.attempts.values_list("outcome", flat=True))
    assert command.state == CommandState.CONFIRMED
    assert outcomes == [AttemptOutcome.UNKNOWN, AttemptOutcome.ACCEPTED]
    assert len(circle.refunds(rma)) == 1


def test_a_verdict_that_comes_after_the_lease_does_not_land(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    slow = outbox.claim()
    assert slow is not None
    circle.lease_runs_out()
    circle.send()

    refused = outbox.Answer(outcome=AttemptOutcome.REFUSED, problem="from another time")
    delivery.settle(*slow, refused)

    assert Command.objects.get().state == CommandState.ACCEPTED


def test_money_that_nobody_here_asked_for_is_said_to_have_moved_elsewhere(circle: Circle) -> None:
    rma = circle.arrive(kind="unattributed_refund", status="exception")

    assert rma.money == Money.MOVED_ELSEWHERE
    assert rma.refunded > 0


def test_a_paused_shop_sends_nothing(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.shop.connection.paused = True
    circle.shop.connection.save()

    circle.send()

    assert circle.narvar.requests(operation="approval") == []
    assert Command.objects.get().state == CommandState.QUEUED


def breaks(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("an error of ours")


@pytest.mark.parametrize(
    ("where", "what", "sent", "state"),
    [
        ("verification", "before_sending", 0, CommandState.QUEUED),
        ("operations", "meant", 1, CommandState.OUTCOME_UNKNOWN),
        ("transitions", "moved", 1, CommandState.OUTCOME_UNKNOWN),
    ],
)
def test_an_error_of_ours_is_an_answer_too_and_nothing_is_lost_or_paid_twice(
    where: str,
    what: str,
    sent: int,
    state: str,
    circle: Circle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    real = getattr(getattr(delivery, where), what)
    fails = iter([breaks])  # once: what comes after it is written down
    with monkeypatch.context() as broken:
        broken.setattr(getattr(delivery, where), what, lambda *a, **k: next(fails, real)(*a, **k))
        circle.send()

    command.refresh_from_db()
    assert (command.state, command.lease_token) == (state, None)
    assert "error of ours" in command.problem or "could not be written down" in command.problem
    assert len(circle.narvar.requests(operation="approval")) == sent

    circle.send()
    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1
