"""Statuses and notes told to Narvar: sent, lost, looked for, refused."""

from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import outbox
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import RmaEvent
from returns_ops.returns.transitions import Refused
from tests.circle import DOMAIN, Circle
from tests.narvar.asking import LOST, calls, look, staff, tell

RECEIVED, ON_ITS_WAY = "received_by_retailer", "on_its_way_to_retailer"
ACCEPT_AND_FORGET: dict[str, Any] = {"status": 201, "act": False}


def test_a_status_goes_full_circle(circle: Circle) -> None:
    rma = circle.arrive()

    command = tell(circle, rma, RECEIVED, by=circle.wanda)
    circle.send()
    command.refresh_from_db()
    assert (command.kind, command.state) == (Kind.SHIPMENT_STATUS, CommandState.ACCEPTED)
    circle.tell(rma.rma_number)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert circle.rma(rma.rma_number).narvar_status == RECEIVED
    told = RmaEvent.objects.filter(rma=rma, command=command).order_by("id")
    assert [event.text for event in told] == [
        "To tell Narvar: status received",
        "Narvar accepted the status",
        "Narvar shows the return as received: what we told it is confirmed",
    ]


def test_a_look_confirms_a_status_that_no_webhook_told(circle: Circle) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, "exception")
    circle.send()

    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_of_a_note_nothing_more_can_be_known_than_that_it_was_accepted(circle: Circle) -> None:
    rma = circle.arrive()

    command = tell(circle, rma, note="Box was wet & torn, 50 % lost\nsee photo")
    circle.send()
    look(minutes=61)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "")
    assert command.settled_at is not None
    assert not command.is_open
    assert circle.narvar.notes(DOMAIN, rma.rma_number) == [command.summary["note"]]
    assert calls(circle, "get_returns") == 0
    circle.approve(rma)  # a note keeps nobody from deciding


def test_a_status_that_narvar_has_no_word_for_is_not_called_a_failure(circle: Circle) -> None:
    rma = circle.arrive()
    circle.narvar.fail_next("shipment_status", "status", **ACCEPT_AND_FORGET)
    command = tell(circle, rma, RECEIVED)
    circle.send()

    look(minutes=1)
    command.refresh_from_db()
    assert command.is_open
    look(minutes=10)

    command = Command.objects.get(pk=command.pk)
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "")
    assert not command.is_open
    assert "no more can be known" in RmaEvent.objects.filter(rma=rma).latest("id").text


def test_a_status_that_should_show_and_does_not_is_told_to_a_person(circle: Circle) -> None:
    rma = circle.arrive()
    circle.narvar.fail_next("shipment_status", "status", **ACCEPT_AND_FORGET)
    command = tell(circle, rma, "exception")
    circle.send()

    look(minutes=10)
    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "not_confirmed")
    assert command.problem == "Accepted 10 minutes ago, and Narvar shows the return as arrived"
    look(minutes=60)

    command.refresh_from_db()
    assert command.state == CommandState.ATTENTION
    assert calls(circle, "shipment_status") == 1


def test_a_return_that_has_moved_on_since_is_no_failure(circle: Circle) -> None:
    rma = circle.arrive("initiated")
    command = tell(circle, rma, "delivered_to_retailer")
    circle.send()
    circle.narvar.advance(DOMAIN, rma.rma_number, "approved", send=False)

    look(minutes=10)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "")
    assert command.settled_at is not None


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_a_status_whose_answer_is_lost_is_looked_for_and_then_sent_again(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, RECEIVED)
    circle.narvar.fail_next("shipment_status", fault, **options)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.OUTCOME_UNKNOWN
    circle.send(tries=2)
    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert calls(circle, "shipment_status") == (1 if acted else 2)


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_a_note_is_never_sent_twice(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, note="Box was wet")
    circle.narvar.fail_next("shipment_status", fault, **options)

    circle.send(tries=8)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
    assert command.problem == "Narvar may have done it; a note cannot be read back"
    assert calls(circle, "shipment_status") == 1
    assert len(circle.narvar.notes(DOMAIN, rma.rma_number)) == acted


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_of_a_status_with_a_note_the_status_is_looked_for(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, "exception", note="Box was wet")
    circle.narvar.fail_next("shipment_status", fault, **options)

    circle.send(tries=8)

    command.refresh_from_db()
    assert calls(circle, "shipment_status") == 1
    if acted:
        look(minutes=61)
        circle.tell(rma.rma_number)
        command.refresh_from_db()
        assert (command.state, command.is_open) == (CommandState.ACCEPTED, False)
        assert "whether its note arrived cannot be seen" in command.problem
    else:
        assert (command.state, command.cause, command.looks) == ("attention", "maybe_done", 3)
        assert "Narvar shows the return as arrived" in command.problem


def test_a_worker_that_dies_with_a_note_in_its_hand_leaves_it_to_a_person(circle: Circle) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, note="Box was wet")
    assert outbox.claim() is not None  # and here the worker ends
    circle.lease_runs_out()

    circle.send(tries=2)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
    assert calls(circle, "shipment_status") == 0


def test_what_is_repeatable_is_tried_five_times(circle: Circle) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, RECEIVED)
    circle.narvar.fail_next("shipment_status", "reset_before", times=9)

    circle.send(tries=9)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "no_clear_answer")
    assert calls(circle, "shipment_status") == 5


def test_a_return_that_moved_on_is_not_set_back(circle: Circle) -> None:
    rma = circle.arrive("initiated")
    command = tell(circle, rma, ON_ITS_WAY)
    circle.narvar.fail_next("shipment_status", "reset_before")
    circle.send()
    circle.narvar.advance(DOMAIN, rma.rma_number, "delivered_to_retailer", send=False)

    circle.send(tries=3)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
    assert calls(circle, "shipment_status") == 1
    assert circle.narvar.body(DOMAIN, rma.rma_number)["return_status"] == "delivered_to_retailer"


def test_what_became_untrue_before_it_was_sent_is_not_told(circle: Circle) -> None:
    rma = circle.arrive("initiated")
    command = tell(circle, rma, ON_ITS_WAY)
    circle.narvar.advance(DOMAIN, rma.rma_number, "delivered_to_retailer", send=False)
    circle.tell(rma.rma_number)

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert command.problem == "Not sent: Narvar shows the return as arrived meanwhile"
    assert calls(circle, "shipment_status") == 0


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_ends_it_with_narvars_words(circle: Circle, status: int) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, RECEIVED, note="Box was wet")
    circle.narvar.fail_next("shipment_status", "status", status=status, text="Return is locked")

    circle.send(tries=3)

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert "Return is locked" in command.problem
    assert calls(circle, "shipment_status") == 1
    assert circle.rma(rma.rma_number).work == rma.work


def test_a_status_with_a_note_stands_before_the_decision_until_it_was_told(
    circle: Circle,
) -> None:
    rma = circle.arrive()
    tell(circle, rma, RECEIVED, note="Box was wet")

    with pytest.raises(Refused, match="being told a status"):
        circle.approve(rma)
    assert not Command.objects.filter(kind=Kind.APPROVAL).exists()

    circle.send()
    circle.tell(rma.rma_number)
    assert circle.approve(rma).state == CommandState.QUEUED


def test_told_to_wait_a_note_goes_out_later(circle: Circle) -> None:
    rma = circle.arrive()
    command = tell(circle, rma, note="Box was wet")
    circle.narvar.fail_next("shipment_status", "status", status=401)

    circle.send()
    Connection.objects.update(problem="")
    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED
    assert circle.narvar.notes(DOMAIN, rma.rma_number) == ["Box was wet"]


def test_the_bench_tells_where_a_parcel_is_and_the_desk_the_rest(circle: Circle) -> None:
    rma = circle.arrive()

    with pytest.raises(Refused, match="may not tell Narvar exception"):
        tell(circle, rma, "exception", by=circle.wanda)
    with pytest.raises(Refused, match="may not tell Narvar received"):
        tell(circle, rma, RECEIVED, by=staff(circle, Role.LOCATION_ADMIN))
    tell(circle, rma, "exception", by=staff(circle, Role.AGENT))
    tell(circle, rma, note="Box was wet", by=circle.wanda)

    actions = AuditEntry.objects.filter(action="rma.status_told").order_by("id")
    assert [one.data["permission"] for one in actions] == ["resolve", "receive"]


def test_the_preview_says_what_the_policy_does_at_a_status(circle: Circle) -> None:
    rma = circle.arrive(policy={"refund_at": RECEIVED, "restock_at": RECEIVED})

    verdict = transitions.preview_status(rma, status=RECEIVED)

    assert verdict.allowed
    assert verdict.sentence == "Narvar is told that the return is: received."
    assert verdict.warnings == (
        "Narvar's policy acts at this status: its automation may refund the customer.",
        "Narvar's policy acts at this status: its automation may restock the items.",
    )
    assert transitions.preview_status(rma, status=ON_ITS_WAY).warnings == ()


def test_no_status_is_told_while_a_decision_about_money_is_under_way(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)

    with pytest.raises(Refused, match="A decision about money is under way: queued"):
        tell(circle, rma, RECEIVED)

    tell(circle, rma, note="A note moves nothing")


def test_one_status_after_the_other(circle: Circle) -> None:
    rma = circle.arrive("initiated")
    tell(circle, rma, ON_ITS_WAY)

    with pytest.raises(Refused, match="Another status is on its way to Narvar: queued"):
        tell(circle, rma, "delivered_to_retailer")
    with pytest.raises(Refused, match="Narvar shows this return as started by customer already"):
        tell(circle, rma, "initiated")
    with pytest.raises(Refused, match="neither a status nor a note"):
        tell(circle, rma)
    with pytest.raises(Refused, match="The status 'approved' cannot be set"):
        tell(circle, circle.arrive(), "approved")
