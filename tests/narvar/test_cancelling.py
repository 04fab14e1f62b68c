"""Stopped at the last moment, or cancelled while nothing can have moved."""

from typing import Any

import pytest

from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions, verification
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.states import Work
from tests.circle import Circle
from tests.narvar.asking import create, save, staff


def approvals(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


@pytest.mark.parametrize("switch", [{"paused": True}, {"paused_kinds": ["approval"]}])
def test_what_is_paused_while_narvar_is_looked_at_does_not_go_out(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, switch: dict[str, Any]
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    look = verification.before_sending

    def slow_look(command: Command) -> Any:
        found = look(command)
        Connection.objects.update(**switch)
        return found

    monkeypatch.setattr(verification, "before_sending", slow_look)
    circle.send()
    command.refresh_from_db()
    assert approvals(circle) == 0
    assert (command.state, command.was_ambiguous) == (CommandState.QUEUED, False)

    monkeypatch.undo()
    Connection.objects.update(paused=False, paused_kinds=[])
    circle.send()
    assert len(circle.refunds(rma)) == 1


def test_what_narvar_did_not_take_can_still_be_cancelled(circle: Circle) -> None:
    """Its credential is refused, so nothing has moved: the decision may be taken back."""
    circle.narvar.fail_next("approval", "status", status=401)
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.send()
    command.refresh_from_db()
    assert (command.state, command.tries) == (CommandState.QUEUED, 1)

    decisions.call_off(command.pk, by=circle.wanda)
    circle.send()

    command.refresh_from_db()
    assert (command.state, command.was_given_up) == (CommandState.CANCELLED, False)
    assert circle.refunds(rma) == []
    assert circle.rma(rma.rma_number).work != Work.WAITING


def test_what_may_have_acted_cannot_be_cancelled(circle: Circle) -> None:
    circle.narvar.fail_next("approval", "act_then_reset")
    command = circle.approve(circle.arrive())
    circle.send()

    with pytest.raises(transitions.Refused, match="Too late: the decision is outcome unknown"):
        decisions.call_off(command.pk, by=circle.wanda)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED


def test_a_new_return_that_was_not_sent_yet_is_cancelled(circle: Circle) -> None:
    command = create(circle)

    decisions.call_off(command.pk, by=staff(circle, Role.AGENT))
    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    assert circle.narvar.requests(operation="create_return") == []


def test_a_location_that_was_not_sent_yet_is_cancelled_and_gone(circle: Circle) -> None:
    command = save(circle)
    with pytest.raises(transitions.Refused):
        decisions.call_off(command.pk, by=circle.wanda)

    decisions.call_off(command.pk, by=staff(circle, Role.LOCATION_ADMIN))
    circle.send()

    assert Command.objects.get().state == CommandState.CANCELLED
    assert ReturnLocation.objects.get().removed_at is not None
    assert circle.narvar.requests(operation="create_location") == []
