"""A request for approval ends by itself: with whatever changes, and with time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import ReceiptLine, Rma, RmaEvent
from returns_ops.returns.states import Work
from returns_ops.returns.transitions.second import CHANGED, EXPIRED
from tests.builders import make_item
from tests.returns.asking import Team, ask, make_return
from tests.returns.requests_of import newest_audit, newest_event, rma_of

pytestmark = pytest.mark.usefixtures("invariants_hold")
DAY = timedelta(hours=24)


# Void when anything changed


@pytest.mark.parametrize(
    "fields",
    [
        {"estimated_refund": Decimal("52.99")},
        {"estimated_refund": Decimal("53.01")},
        {"estimated_refund": None},
        {"first_cap": Decimal("60.00")},
        {"refunded": Decimal("0.01")},
        {"narvar_status": "received_by_retailer"},
        {"refund_method": "gift_card"},
        {"currency": "CAD"},
    ],
    ids=lambda fields: ",".join(fields),
)
@pytest.mark.parametrize("by_itself", [False, True])
def test_what_changed_ends_the_request(
    team: Team, asked: Command, fields: dict[str, Any], by_itself: bool
) -> None:
    Rma.objects.filter(pk=rma_of(asked).pk).update(**fields)

    if by_itself:
        assert transitions.end_requests() == 1
    else:
        decisions.approve_request(asked.pk, by=team.paula)

    assert_ended(asked, CHANGED)
    undo_to_books(asked)


def undo_to_books(command: Command) -> None:
    """The test wrote a refund that no transaction shows: put it back for the promises."""
    Rma.objects.filter(rma_number=command.subject).update(refunded=0)


def assert_ended(command: Command, problem: str) -> None:
    command.refresh_from_db()
    assert (command.state, command.approved_by) == (CommandState.CANCELLED, None)
    assert (command.problem, command.settled_at is None) == (problem, False)
    event, audit = newest_event(command), newest_audit(command)
    assert (event.verb, event.source, event.text) == ("void", RmaEvent.Source.SYSTEM, problem)
    assert (audit.action, audit.actor) == ("rma.void", None)
    assert not ReceiptLine.objects.filter(command__isnull=False).exists()
    assert rma_of(command).work != Work.NEEDS_APPROVAL


@pytest.mark.parametrize("change", ["more", "fewer", "another", "gone"])
@pytest.mark.parametrize("by_itself", [False, True])
def test_other_items_end_the_request(team: Team, change: str, by_itself: bool) -> None:
    rma = make_return(team.shop)
    item = rma.items.get()
    rma.items.update(quantity=2)
    asked = ask(rma, team.ana)
    match change:
        case "more":
            rma.items.update(quantity=3)
        case "fewer":
            rma.items.update(quantity=1)
        case "another":
            make_item(rma)
        case "gone":
            rma.items.filter(pk=item.pk).update(removed_at=timezone.now())

    if by_itself:
        assert transitions.end_requests() == 1
    else:
        decisions.approve_request(asked.pk, by=team.paula)

    assert_ended(asked, CHANGED)


def test_what_has_no_bearing_on_it_ends_nothing(team: Team, asked: Command) -> None:
    Rma.objects.update(email="new@example.com", gift=True, version=99, order_number="2")
    rma_of(asked).items.update(comment="Please hurry", reason="Too small")

    assert transitions.end_requests() == 0
    assert decisions.approve_request(asked.pk, by=team.paula).approved_by == team.paula


@pytest.mark.parametrize("by_itself", [False, True])
@pytest.mark.parametrize("change", ["stranger", "note"])
def test_whatever_the_bench_enters_or_changes_ends_it_too(
    team: Team, change: str, by_itself: bool
) -> None:
    rma = make_return(team.shop)
    stranger = {"sku": "HAT", "quantity": 1, "in_hand": True, "decision": "invalid_item"}
    if change != "stranger":
        rma.receipt_lines.create(entered_by=team.ana, **stranger)
    asked = ask(rma, team.ana)
    if change == "stranger":
        rma.receipt_lines.create(entered_by=team.ana, **stranger)
    else:
        rma.receipt_lines.update(note="Torn after all")

    if by_itself:
        assert transitions.end_requests() == 1
    else:
        decisions.approve_request(asked.pk, by=team.paula)

    assert_ended(asked, CHANGED)


# Time


def test_a_request_can_be_approved_until_its_last_moment(team: Team, asked: Command) -> None:
    with time_machine.travel((asked.expires_at or timezone.now()) - timedelta(seconds=5)):
        assert transitions.end_requests() == 0
        approved = decisions.approve_request(asked.pk, by=team.paula)

    assert approved.state == CommandState.QUEUED


@pytest.mark.parametrize("by_itself", [False, True])
def test_after_that_it_has_ended(team: Team, asked: Command, by_itself: bool) -> None:
    with time_machine.travel((asked.expires_at or timezone.now()) + timedelta(seconds=1)):
        if by_itself:
            assert transitions.end_requests() == 1
        else:
            decisions.approve_request(asked.pk, by=team.paula)

    assert_ended(asked, EXPIRED)


def test_ending_again_ends_nothing_more(asked: Command) -> None:
    Rma.objects.update(estimated_refund=Decimal("1.00"))

    assert [transitions.end_requests() for _ in range(2)] == [1, 0]


def test_what_was_approved_in_time_does_not_expire(team: Team, asked: Command) -> None:
    decisions.approve_request(asked.pk, by=team.paula)

    with time_machine.travel(timezone.now() + 2 * DAY):
        assert transitions.end_requests() == 0
