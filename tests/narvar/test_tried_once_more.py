"""An unclear refund is tried once more only while it is still right, as Narvar shows it now."""

from datetime import timedelta

import pytest
from django.utils import timezone

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma
from tests.builders import make_staff
from tests.circle import Circle

pytestmark = pytest.mark.usefixtures("circle")


@pytest.fixture
def anton(circle: Circle) -> User:
    return make_staff("anton", circle.shop, Role.AGENT)


def unclear(circle: Circle) -> tuple[Rma, Command]:
    """The connection broke before Narvar acted, and six hours went by."""
    rma = circle.arrive(estimated_refund="20.00")
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "reset_before")
    circle.send()
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.ATTENTION,
        cause="no_clear_answer",
        first_sent_at=timezone.now() - timedelta(hours=6),
    )
    return rma, command


def paid_by_hand(circle: Circle, rma: Rma) -> None:
    paid = {"id": "t-1", "amount": 20.0, "currency": "USD", "source": "shopify_webhook"}
    circle.narvar.patch_rma(
        circle.shop.domain, rma.rma_number, transactions=[{**paid, "timestamp": 1_800_000_000}]
    )


def ours(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


def test_what_is_still_owed_goes_out_and_is_paid_once(circle: Circle, anton: User) -> None:
    rma, command = unclear(circle)

    transitions.send_again(command.pk, by=anton)
    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def test_what_somebody_paid_by_hand_is_not_sent_when_we_know_it(
    circle: Circle, anton: User
) -> None:
    rma, command = unclear(circle)
    paid_by_hand(circle, rma)
    circle.tell(rma.rma_number)
    calls = ours(circle)

    with pytest.raises(transitions.Refused, match="not sent again"):
        transitions.send_again(command.pk, by=anton)
    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.ATTENTION
    assert ours(circle) == calls
    assert circle.refunds(rma) == []


def test_what_somebody_paid_by_hand_is_not_sent_when_only_narvar_knows_it(
    circle: Circle, anton: User
) -> None:
    rma, command = unclear(circle)
    transitions.send_again(command.pk, by=anton)
    paid_by_hand(circle, rma)
    calls = ours(circle)

    circle.send()

    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
    assert "not sent again" in command.problem
    assert ours(circle) == calls
    assert circle.refunds(rma) == []
