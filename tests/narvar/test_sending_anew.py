"""Send as new: two people, the same decision, a new reference, and never more than the cap."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.plan import Rest
from returns_ops.returns.transitions import Refused
from tests.builders import give_role, make_item, make_staff
from tests.circle import Circle
from tests.narvar import boxes
from tests.returns.asking import everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paula(circle: Circle) -> User:
    return make_staff("paula", circle.shop, Role.APPROVER)


@pytest.fixture
def refused(circle: Circle) -> Command:
    """Wanda's refund, which Narvar refused with a 422."""
    circle.narvar.fail_next("approval", "status", status=422)
    command = circle.approve(circle.arrive())
    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    return command


def anew(command: Command, by: User, *, reason: str = "Narvar mended it", **more: Any) -> Command:
    known = {"submission_token": uuid.uuid4(), **more}
    return decisions.send_as_new(command.pk, by=by, reason=reason, **known)


def rma_of(command: Command) -> Rma:
    return Rma.objects.get(shop=command.shop_id, rma_number=command.subject)


def test_what_was_refused_is_paid_once_under_a_new_reference(
    circle: Circle, refused: Command, paula: User
) -> None:
    before = bytes(refused.body)

    made = anew(refused, paula)
    circle.send()
    circle.refund_arrives(rma_of(refused))

    made.refresh_from_db()
    refused.refresh_from_db()
    assert (made.state, refused.state) == (CommandState.CONFIRMED, CommandState.REFUSED)
    assert (made.amount, made.ordinal) == (refused.amount, refused.ordinal + 1)
    assert (made.requested_by, made.approved_by) == (circle.wanda, paula)
    assert bytes(refused.body) == before
    [paid] = circle.refunds(rma_of(refused))
    assert (paid.call_reference_id, Decimal(paid.amount)) == (
        str(made.call_reference_id),
        refused.amount,
    )
    assert made.call_reference_id != refused.call_reference_id


def test_who_did_it_and_why_is_kept(refused: Command, paula: User) -> None:
    made = anew(refused, paula, reason="  Narvar mended it ")

    event = RmaEvent.objects.get(command=made, verb="send_as_new")
    audit = AuditEntry.objects.get(action="rma.send_as_new")
    assert (event.actor, event.text) == (paula, "Refused decision sent as new: Narvar mended it")
    assert audit.actor == paula
    assert audit.data["reason"] == "Narvar mended it"
    assert audit.data["sent_as_new_of"] == refused.pk


def test_what_narvar_did_after_all_is_not_paid_again(circle: Circle, paula: User) -> None:
    """Given up too early: the look before the money sees what was paid for the old one."""
    circle.narvar.fail_next("approval", "act_then_reset", times=1)
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.send()
    circle.narvar.wait_idle(10)
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.ATTENTION, cause="no_clear_answer"
    )
    transitions.give_up(command.pk, by=paula, reason="Nothing to be seen")

    made = anew(command, paula)
    circle.send()

    made.refresh_from_db()
    assert made.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1
    assert not circle.narvar.ledger(call_reference_id=str(made.call_reference_id))


def test_the_same_form_twice_is_one_command(refused: Command, paula: User) -> None:
    token = uuid.uuid4()

    first, second = (anew(refused, paula, submission_token=token) for _ in range(2))

    assert first.pk == second.pk
    assert Command.objects.count() == 2


def _requester(circle: Circle, command: Command, paula: User) -> User:
    give_role(circle.wanda, circle.shop, Role.APPROVER)
    return User.objects.get(pk=circle.wanda.pk)


def _agent(circle: Circle, command: Command, paula: User) -> User:
    return make_staff("ana", circle.shop, Role.AGENT)


def _another_item(circle: Circle, command: Command, paula: User) -> User:
    make_item(rma_of(command))
    return paula


def _another_sum(circle: Circle, command: Command, paula: User) -> User:
    Rma.objects.update(estimated_refund=Decimal("1.00"))
    return paula


def _decided_again(circle: Circle, command: Command, paula: User) -> User:
    circle.approve(rma_of(command))
    return paula


def _decided_again_and_refused(circle: Circle, command: Command, paula: User) -> User:
    circle.narvar.fail_next("approval", "status", status=422)
    circle.approve(rma_of(command))
    circle.send()
    return paula


def _requester_left(circle: Circle, command: Command, paula: User) -> User:
    circle.wanda.memberships.all().delete()
    return paula


def _cancelled(circle: Circle, command: Command, paula: User) -> User:
    Rma.objects.update(narvar_status="cancelled_by_user")
    return paula


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (_requester, "You asked for this decision yourself"),
        (_agent, "may not send as new"),
        (_another_item, "not as it was"),
        (_another_sum, "not as it was"),
        (_decided_again, "decided again since"),
        (_decided_again_and_refused, "decided again since"),
        (_requester_left, "may no longer approve"),
        (_cancelled, "was cancelled"),
    ],
)
def test_otherwise_nothing_is_sent(
    circle: Circle,
    refused: Command,
    paula: User,
    arrange: Callable[[Circle, Command, User], User],
    words: str,
) -> None:
    by = arrange(circle, refused, paula)
    before = everything()

    with pytest.raises(Refused, match=words):
        anew(refused, by)

    assert everything() == before


def test_without_a_reason_nothing_is_sent(refused: Command, paula: User) -> None:
    before = everything()

    with pytest.raises(Refused, match="Say why"):
        anew(refused, paula, reason="  ")

    assert everything() == before


@pytest.mark.parametrize("stage", ["queued", "undone", "accepted"])
def test_only_what_ended_without_effect_is_sent_as_new(
    circle: Circle, paula: User, stage: str
) -> None:
    command = circle.approve(circle.arrive())
    if stage == "undone":
        decisions.undo(command.pk, by=circle.wanda)
    if stage == "accepted":
        circle.send()
    before = everything()

    with pytest.raises(Refused, match=f"is {stage}.*not sent again"):
        anew(command, paula)

    assert everything() == before


def test_a_missing_rest_is_told_as_missing_again(circle: Circle, paula: User) -> None:
    circle.narvar.fail_next("approval", "failure")
    rma = boxes.arrive(circle, ("SOCKS", 2, "10.00"))
    boxes.scan(circle, rma, 1)
    command = boxes.decide(circle, rma, rest=Rest.MISSING)
    circle.send()

    made = anew(command, paula)
    circle.send()

    first, second = (
        bytes(one.body).replace(str(one.call_reference_id).encode(), b"") for one in (command, made)
    )
    assert first == second
    assert [Decimal(row.amount) for row in circle.refunds(rma)] == [made.amount]
