"""A request that a second person approved, on its way to Narvar: judged again before it goes."""

from decimal import Decimal
from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry, Membership, User
from returns_ops.messaging.models import CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import ReceiptLine, RefundLimit
from returns_ops.returns.transitions.second import CHANGED
from tests.circle import DOMAIN, Circle
from tests.returns.asking import Team, ask, make_team


@pytest.fixture
def sent(circle: Circle) -> Team:
    RefundLimit.objects.all().delete()
    return make_team(circle.shop)


def approvals(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


def test_the_amount_that_was_approved_is_what_narvar_pays(circle: Circle, sent: Team) -> None:
    rma = circle.arrive(estimated_refund="53.00")
    asked = ask(rma, sent.ana, partial_amount=Decimal("41.25"), reason="Worn")
    circle.send()
    assert approvals(circle) == 0

    decisions.approve_request(asked.pk, by=sent.paula)
    circle.send()
    circle.refund_arrives(rma)

    asked.refresh_from_db()
    assert asked.state == CommandState.CONFIRMED
    assert [row.amount for row in circle.refunds(rma)] == ["41.25"]


@pytest.mark.parametrize(
    "changed", [{"estimated_refund": "52.00"}, {"estimated_refund": "60.00"}, {"more": 1}]
)
@pytest.mark.parametrize("by_itself", [False, True])
def test_news_of_narvar_that_change_the_return_end_the_request(
    circle: Circle, sent: Team, changed: dict[str, Any], by_itself: bool
) -> None:
    rma = circle.arrive(estimated_refund="53.00")
    asked = ask(rma, sent.ana)
    body = circle.narvar.body(DOMAIN, rma.rma_number)
    if "more" in changed:
        more = [{**item, "quantity": item["quantity"] + 1} for item in body["items"]]
        changed = {"items": more}
    circle.narvar.patch_rma(DOMAIN, rma.rma_number, **changed)
    circle.tell(rma.rma_number)

    if by_itself:
        assert transitions.end_requests() == 1
    else:
        decisions.approve_request(asked.pk, by=sent.paula)
    circle.send(tries=2)

    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (CommandState.CANCELLED, CHANGED)
    assert not ReceiptLine.objects.exists()
    assert approvals(circle) == 0


@pytest.mark.parametrize("who", ["paula", "ana"])
def test_a_right_that_is_gone_when_it_is_sent_stops_it(
    circle: Circle, sent: Team, who: str
) -> None:
    rma = circle.arrive(estimated_refund="53.00")
    asked = ask(rma, sent.ana)
    decisions.approve_request(asked.pk, by=sent.paula)
    Membership.objects.filter(user__username=who).delete()

    circle.send(tries=2)

    asked.refresh_from_db()
    assert asked.state == CommandState.REFUSED
    assert f"{who} may no longer approve" in asked.problem
    assert approvals(circle) == 0
    assert circle.refunds(rma) == []
    assert AuditEntry.objects.filter(action="money.stopped").count() == 1


def test_an_approver_who_was_switched_off_stops_it_too(circle: Circle, sent: Team) -> None:
    asked = ask(circle.arrive(estimated_refund="53.00"), sent.ana)
    decisions.approve_request(asked.pk, by=sent.paula)
    User.objects.filter(pk=sent.paula.pk).update(is_active=False)

    circle.send(tries=2)

    asked.refresh_from_db()
    assert (asked.state, approvals(circle)) == (CommandState.REFUSED, 0)


def test_a_limit_that_is_lowered_afterwards_takes_nothing_back(circle: Circle, sent: Team) -> None:
    asked = ask(circle.arrive(estimated_refund="53.00"), sent.ana)
    decisions.approve_request(asked.pk, by=sent.paula)
    RefundLimit.objects.update(each=0, day=0)

    circle.send()

    asked.refresh_from_db()
    assert (asked.state, approvals(circle)) == (CommandState.ACCEPTED, 1)
