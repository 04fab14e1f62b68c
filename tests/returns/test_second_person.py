"""A second person approves what a colleague asked for: as it was asked, or not at all."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import requests, transitions
from returns_ops.returns.models import BenchRules, ReceiptLine, Rma, RmaEvent
from returns_ops.returns.states import Money, Work
from returns_ops.returns.transitions import NeedsSecondPerson, Refused
from returns_ops.returns.transitions.second import CHANGED
from tests.builders import make_shop, make_staff
from tests.returns.asking import Team, ask, decide, everything, make_return, make_team
from tests.returns.requests_of import newest_audit, newest_event, rma_of

pytestmark = pytest.mark.usefixtures("invariants_hold")
DAY = timedelta(hours=24)


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
