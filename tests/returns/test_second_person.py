"""A second person approves what a colleague asked for: as it was asked, or not at all."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import requests, transitions
from returns_ops.returns.models import BenchRules, ReceiptLine, Rma, RmaEvent
from returns_ops.returns.states import Money, Work
from returns_ops.returns.transitions import NeedsSecondPerson, Refused
from returns_ops.returns.transitions.second import CHANGED, EXPIRED
from tests.builders import make_item, make_shop, make_staff
from tests.returns.asking import Team, ask, decide, everything, make_return, make_team

pytestmark = pytest.mark.usefixtures("invariants_hold")
DAY = timedelta(hours=24)


@pytest.fixture
def team(shop: Shop) -> Team:
    return make_team(shop)


@pytest.fixture
def asked(team: Team) -> Command:
    """53.00 USD, asked for by Ana."""
    return ask(make_return(team.shop, "RM-1"), team.ana, reason="Goodwill")


def rma_of(command: Command) -> Rma:
    return Rma.objects.get(shop=command.shop_id, rma_number=command.subject)


def newest_event(command: Command) -> RmaEvent:
    return RmaEvent.objects.filter(command=command).latest("pk")


def newest_audit(command: Command) -> AuditEntry:
    return AuditEntry.objects.filter(data__command=command.pk).latest("pk")


# Asking


def test_more_than_the_limit_is_not_sent_by_one_person(team: Team) -> None:
    rma = make_return(team.shop)
    before = everything()

    with pytest.raises(NeedsSecondPerson, match=r"Over 30.00 USD .* Ask for approval"):
        decide(rma, team.ana)

    assert everything() == before


def test_a_request_waits_for_a_day_and_is_owed_to_nobody(asked: Command) -> None:
    left = (asked.expires_at or timezone.now()) - timezone.now()

    assert (asked.state, asked.second_person) == (CommandState.NEEDS_APPROVAL, True)
    assert (asked.approved_by, asked.held_until) == (None, None)
    assert DAY - timedelta(minutes=1) < left <= DAY
    assert not Command.objects.due().exists()
    rma = rma_of(asked)
    assert (rma.work, rma.money) == (Work.NEEDS_APPROVAL, Money.NEEDS_APPROVAL)
    assert newest_event(asked).text == "Asked to approve with a refund of 53.00 USD: Goodwill"
    assert ReceiptLine.objects.get().command == asked


def test_a_shop_may_let_its_requests_end_sooner(team: Team) -> None:
    BenchRules.objects.create(shop=team.shop, request_hours=2)

    asked = ask(make_return(team.shop), team.ana)

    assert (asked.expires_at or timezone.now()) <= timezone.now() + timedelta(hours=2)


# Approving


def test_the_second_person_lets_it_go_as_it_is(team: Team, asked: Command) -> None:
    frozen = (bytes(asked.body), asked.amount, asked.call_reference_id)

    approved = decisions.approve_request(asked.pk, by=team.paula)

    assert (approved.state, approved.approved_by) == (CommandState.QUEUED, team.paula)
    assert (bytes(approved.body), approved.amount, approved.call_reference_id) == frozen
    event, audit = newest_event(asked), newest_audit(asked)
    assert (event.verb, event.actor) == ("approve_request", team.paula)
    assert (audit.action, audit.actor) == ("rma.approve_request", team.paula)
    assert audit.data["body_sha256"] == bytes(asked.body_sha256).hex()
    assert rma_of(asked).work == Work.WAITING


def test_it_is_held_as_long_as_every_decision(team: Team, asked: Command) -> None:
    Shop.objects.filter(pk=team.shop.pk).update(hold_seconds=60)

    approved = decisions.approve_request(asked.pk, by=team.paula)

    assert approved.held_until is not None
    assert approved.held_until > timezone.now()
    assert not Command.objects.due().exists()


def test_pressing_twice_approves_once(team: Team, asked: Command) -> None:
    for _ in range(2):
        decisions.approve_request(asked.pk, by=team.paula)

    assert RmaEvent.objects.filter(verb="approve_request").count() == 1


def test_who_comes_second_reads_that_it_is_settled(team: Team, asked: Command) -> None:
    decisions.approve_request(asked.pk, by=team.paula)
    before = everything()

    with pytest.raises(Refused, match="settled already: it is queued"):
        decisions.approve_request(asked.pk, by=team.peter)
    with pytest.raises(Refused, match="settled already: it is queued"):
        decisions.send_back(asked.pk, by=team.peter, why="Too much")

    assert everything() == before


@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_nobody_answers_their_own_request(team: Team, act: str) -> None:
    own = ask(make_return(team.shop), team.paula)
    before = everything()

    with pytest.raises(Refused, match="You asked for this yourself"):
        answer(own, team.paula, act)

    assert everything() == before


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.APPROVER])
@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_no_other_role_answers(team: Team, asked: Command, role: str, act: str) -> None:
    other = make_staff(shop=team.shop, role=role)
    before = everything()

    with pytest.raises(Refused, match="may not approve what a colleague"):
        answer(asked, other, act)

    assert everything() == before


@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_an_approver_of_another_shop_is_a_stranger(asked: Command, act: str) -> None:
    stranger = make_staff(shop=make_shop(), role=Role.APPROVER)
    before = everything()

    with pytest.raises(Refused, match="may not approve what a colleague"):
        answer(asked, stranger, act)

    assert everything() == before


def answer(command: Command, by: User, act: str) -> None:
    if act == "approve":
        decisions.approve_request(command.pk, by=by)
    else:
        decisions.send_back(command.pk, by=by, why="Too much")


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


# Sending back, and taking back


def test_sent_back_with_the_reason_for_who_asked(team: Team, asked: Command) -> None:
    decisions.send_back(asked.pk, by=team.paula, why="  Photo missing ")

    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (CommandState.CANCELLED, "Photo missing")
    event, audit = newest_event(asked), newest_audit(asked)
    assert (event.verb, event.text) == ("send_back", "Sent back: Photo missing")
    assert (audit.action, audit.actor) == ("rma.send_back", team.paula)
    assert rma_of(asked).work == Work.TO_DECIDE
    assert not ReceiptLine.objects.exists()


@pytest.mark.parametrize("why", ["", "   ", "\n"])
def test_without_a_reason_nothing_is_sent_back(team: Team, asked: Command, why: str) -> None:
    before = everything()

    with pytest.raises(Refused, match="Say why"):
        decisions.send_back(asked.pk, by=team.paula, why=why)

    assert everything() == before


def test_after_a_no_it_can_be_asked_anew_under_another_reference(
    team: Team, asked: Command
) -> None:
    decisions.send_back(asked.pk, by=team.paula, why="Photo missing")

    again = ask(rma_of(asked), team.ana)

    assert again.state == CommandState.NEEDS_APPROVAL
    assert again.call_reference_id != asked.call_reference_id
    assert decisions.approve_request(again.pk, by=team.paula).approved_by == team.paula


def test_who_asked_may_take_it_back(team: Team, asked: Command) -> None:
    decisions.undo(asked.pk, by=team.ana)

    with pytest.raises(Refused, match="settled already: it is taken back"):
        decisions.approve_request(asked.pk, by=team.paula)


def test_what_was_sent_back_is_called_that(team: Team, asked: Command) -> None:
    decisions.send_back(asked.pk, by=team.paula, why="Photo missing")

    with pytest.raises(Refused, match="settled already: it is sent back"):
        decisions.approve_request(asked.pk, by=team.peter)


def test_a_colleague_who_is_no_approver_does_not_take_it_back(team: Team, asked: Command) -> None:
    before = everything()

    with pytest.raises(Refused, match="Only who asked for this, or an approver"):
        decisions.undo(asked.pk, by=make_staff(shop=team.shop, role=Role.AGENT))

    assert everything() == before
    assert decisions.undo(asked.pk, by=team.paula).state == CommandState.CANCELLED


def test_requests_of_any_number_are_looked_at(
    team: Team, asked: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returns_ops.returns.transitions.second.BATCH", 1)
    later = [ask(make_return(team.shop, f"RM-{n}"), team.ana) for n in (2, 3)]
    Rma.objects.filter(rma_number=later[1].subject).update(estimated_refund=Decimal("1.00"))

    assert transitions.end_requests() == 1
    later[1].refresh_from_db()
    assert (later[1].state, later[1].problem) == (CommandState.CANCELLED, CHANGED)
    assert list(requests.waiting([team.shop])) == [asked, later[0]]


# Two at once


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_is_written_down(narvar: Any) -> None:
    team = make_team(make_shop())
    asked = ask(make_return(team.shop), team.ana)
    told: list[str] = []
    start = threading.Barrier(2)

    def press(by: User) -> None:
        start.wait(10)
        try:
            decisions.approve_request(asked.pk, by=by)
            told.append("approved")
        except Refused:
            told.append("refused")
        finally:
            connection.close()

    presses = [threading.Thread(target=press, args=[by]) for by in (team.paula, team.peter)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join(20)

    assert sorted(told) == ["approved", "refused"]
    assert RmaEvent.objects.filter(verb="approve_request").count() == 1
