"""A return that we ask Narvar to create: one form makes one return, whatever gets lost."""

import uuid
from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.transitions import Refused
from tests.circle import DOMAIN, Circle
from tests.narvar.asking import LOST, calls, create, look, order, staff

SHIRT, JEANS = "gid://shopify/LineItem/1156296586054", "1156296586055"


def of_order(number: str = "20001") -> list[Rma]:
    return list(Rma.objects.filter(order_number=number).order_by("id"))


def test_a_new_return_goes_full_circle(circle: Circle) -> None:
    command = create(circle, order((SHIRT, 2), (JEANS, 1)))
    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED
    assert set(command.result) == {"known", "rma_number", "shipping_label", "qr_code"}

    look()

    command.refresh_from_db()
    (rma,) = of_order()
    assert command.state == CommandState.CONFIRMED
    assert rma.rma_number == command.result["rma_number"]
    assert sum(item.quantity for item in rma.items.all()) == 3
    event = RmaEvent.objects.get(rma=rma, command=command)
    assert (event.text, event.actor) == ("Created here for order 20001", command.requested_by)
    audited = AuditEntry.objects.get(action="return.created")
    assert audited.data["permission"] == "resolve"


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_a_return_is_never_created_twice(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    command = create(circle)
    circle.narvar.fail_next("create_return", fault, **options)

    circle.send(tries=8)
    look()

    command.refresh_from_db()
    assert calls(circle, "create_return") == 1
    assert len(of_order()) == acted
    if acted:
        assert command.state == CommandState.CONFIRMED
        assert command.result["rma_number"] == of_order()[0].rma_number
    else:
        assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
        assert "no new return of this order" in command.problem


def test_an_earlier_return_of_the_same_items_is_not_taken_for_the_new_one(circle: Circle) -> None:
    create(circle)
    circle.send()
    look()
    second = create(circle)
    circle.narvar.fail_next("create_return", "reset_before")

    circle.send(tries=8)

    second.refresh_from_db()
    assert (second.state, second.cause) == (CommandState.ATTENTION, "maybe_done")
    assert len(of_order()) == 1


def test_a_new_return_of_other_items_is_not_taken_for_ours(circle: Circle) -> None:
    command = create(circle)
    circle.narvar.fail_next("create_return", "reset_before")
    circle.send()
    other = {"sku": "HAT", "item_id": "77", "quantity": 1}
    circle.narvar.create_rma(DOMAIN, order_number="20001", items=[other], send=False)

    circle.send(tries=7)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")


def test_two_new_returns_that_fit_are_left_to_a_person(circle: Circle) -> None:
    command = create(circle)
    circle.narvar.fail_next("create_return", "act_then_reset")
    circle.send()
    twin = {"sku": "SHIRT", "item_id": "1156296586054", "quantity": 1}
    circle.narvar.create_rma(DOMAIN, order_number="20001", items=[twin], send=False)

    circle.send(tries=2)

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
    assert "several that fit" in command.problem


@pytest.mark.parametrize("fault", ["html", "empty", "malformed_json"])
def test_an_answer_without_a_number_is_an_answer_and_the_return_is_found(
    circle: Circle, fault: str
) -> None:
    command = create(circle)
    circle.narvar.fail_next("create_return", fault)
    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED

    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert command.result["rma_number"] == of_order()[0].rma_number
    assert calls(circle, "create_return") == 1


def test_a_return_that_was_promised_and_never_shows_is_told_to_a_person(circle: Circle) -> None:
    command = create(circle)
    promised = {"rma_number": "LK0000TEST"}
    circle.narvar.fail_next("create_return", "status", status=201, json=promised)
    circle.send()

    look(minutes=10)
    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "not_confirmed")
    look(minutes=60)

    command.refresh_from_db()
    assert command.state == CommandState.ATTENTION
    assert calls(circle, "create_return") == 1


def test_a_refusal_ends_it_and_frees_the_order(circle: Circle) -> None:
    command = create(circle)
    circle.narvar.fail_next("create_return", "status", status=400, text="Outside the window")

    circle.send(tries=3)

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert "Outside the window" in command.problem
    assert calls(circle, "create_return") == 1
    create(circle)


def test_a_form_sent_twice_asks_once_and_a_second_form_waits(circle: Circle) -> None:
    token = uuid.uuid4()

    first = create(circle, submission_token=token)
    again = create(circle, submission_token=token)
    with pytest.raises(Refused, match="A return of order 20001 is being created already: queued"):
        create(circle)

    assert first == again
    assert Command.objects.count() == 1


def test_only_the_desk_creates_returns(circle: Circle) -> None:
    for person in (circle.wanda, staff(circle, Role.LOCATION_ADMIN)):
        with pytest.raises(Refused, match="may not create returns"):
            create(circle, by=person)

    assert not Command.objects.exists()


def test_what_stays_unclear_is_given_up_by_a_person_who_says_why(circle: Circle) -> None:
    agent = staff(circle, Role.AGENT)
    command = create(circle)
    with pytest.raises(Refused, match="is queued, so it cannot be given up"):
        transitions.give_up_creation(command.pk, by=agent, reason="Impatient")
    circle.narvar.fail_next("create_return", "reset_before")
    circle.send(tries=8)
    with pytest.raises(Refused, match="Say why"):
        transitions.give_up_creation(command.pk, by=agent, reason=" ")

    transitions.give_up_creation(command.pk, by=agent, reason="Not in Narvar's list")

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    create(circle)
