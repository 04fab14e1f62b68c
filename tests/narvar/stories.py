"""How each cause opens, ends and comes back, told by Narvar or at the bench."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from returns_ops.accounts.permissions import Role
from returns_ops.messaging import replay
from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.narvar import decisions, desk, looking
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import Action
from returns_ops.returns.models import Case, CaseEvent, Parcel, Rma
from returns_ops.returns.states import CaseState, Cause
from returns_ops.returns.transitions import Bench, Part, parcels
from tests.builders import make_parcel, make_staff
from tests.circle import Circle

DOMAIN = "larkspur-outfitters.myshopify.com"
# What it is about, after it opened, after it ended, and after it came back.
Story = Iterator[Rma | Parcel]


def case_of(rma: Rma, cause: Cause) -> Case:
    return Case.objects.get(rma=rma, cause=cause)


def open_causes(rma: Rma) -> set[str]:
    return set(Case.objects.filter(rma=rma, state=CaseState.OPEN).values_list("cause", flat=True))


def verbs(case: Case) -> list[str]:
    return list(CaseEvent.objects.filter(case=case).order_by("id").values_list("verb", flat=True))


def change(circle: Circle, rma: Rma, **keys: Any) -> None:
    """Narvar's picture of the return changes, and its webhook reaches us."""
    circle.narvar.patch_rma(circle.shop.domain, rma.rma_number, **keys)
    circle.tell(rma.rma_number)


def advance(circle: Circle, rma: Rma, status: str) -> None:
    circle.narvar.advance(circle.shop.domain, rma.rma_number, status, send=False)
    circle.tell(rma.rma_number)


def tell(circle: Circle, rma: Rma, note: str) -> Command:
    return decisions.tell_status(
        rma.pk,
        by=circle.wanda,
        status=None,
        note=note,
        version=circle.rma(rma.rma_number).version,
        submission_token=uuid.uuid4(),
    )


def refund_until(hours: float) -> dict[str, str]:
    until = timezone.now() + timedelta(hours=hours)
    return {"refund_at": "approved", "refund_automation_until": until.isoformat()}


def told_by_narvar(circle: Circle, kind: str) -> Story:
    rma = circle.arrive(status=None, kind=kind)
    stuck = rma.narvar_status
    yield rma
    advance(circle, rma, "approved")
    yield rma
    change(circle, rma, return_status=stuck)
    yield rma


def refused_decision(circle: Circle) -> Story:
    rma = circle.arrive()
    circle.approve(rma)
    _refused_by_narvar(circle, "approval")
    yield rma
    circle.approve(rma)
    yield rma
    _refused_by_narvar(circle, "approval")
    yield rma


def refused_note(circle: Circle) -> Story:
    rma = circle.arrive()
    tell(circle, rma, "Ask for the receipt")
    _refused_by_narvar(circle, "shipment_status")
    yield rma
    tell(circle, rma, "Receipt?")
    yield rma
    _refused_by_narvar(circle, "shipment_status")
    yield rma


def _refused_by_narvar(circle: Circle, operation: str) -> None:
    circle.narvar.fail_next(operation, "status", status=422, text="Return is locked")
    circle.send()


def money_not_seen(circle: Circle) -> Story:
    """Nothing came; it is given up, decided anew, and nothing comes once more."""
    rma = circle.arrive(estimated_refund="20.00")
    forgotten(circle, rma)
    yield rma
    _give_up(circle)
    yield rma
    forgotten(circle, rma)
    yield rma


def forgotten(circle: Circle, rma: Rma) -> None:
    circle.approve(rma)
    circle.narvar.fail_next("approval", "accept_and_forget")
    circle.send()
    _look(minutes=11)


def _look(minutes: int) -> None:
    accepted = Command.objects.exclude(state=CommandState.CANCELLED)
    at = timezone.now() - timedelta(minutes=minutes)
    accepted.update(accepted_at=at, next_attempt_at=F("created_at"))
    looking.look_for_outcomes()


def _give_up(circle: Circle) -> None:
    _look(minutes=61)
    second = make_staff("berta", circle.shop, Role.APPROVER)
    stuck = Command.objects.get(state=CommandState.ATTENTION)
    transitions.give_up(stuck.pk, by=second, reason="Narvar's support says no")


def money_that_differs(circle: Circle) -> Story:
    """Its webhook says so at once; it is given up, the rest is decided, and differs as well."""
    rma = circle.arrive(estimated_refund="20.00")
    _paid_otherwise(circle, rma, "7.50")
    yield rma
    _give_up(circle)
    yield rma
    _taken_up_anew(circle, rma)
    _paid_otherwise(circle, rma, "1.50")
    yield rma


def _taken_up_anew(circle: Circle, rma: Rma) -> None:
    """In Narvar itself, as if nothing had been paid."""
    policy = circle.narvar.body(DOMAIN, rma.rma_number)["policy"]
    error = {"message": "Refund reversed", "timestamp": timezone.now().isoformat()}
    change(
        circle,
        rma,
        return_status="delivered_to_retailer",
        policy={**policy, "refund_succeeded_at": None},
        errors=[error],
    )


def _paid_otherwise(circle: Circle, rma: Rma, amount: str) -> None:
    circle.approve(rma)
    circle.narvar.fail_next("approval", "refund_other_amount", amount=amount)
    before = len(circle.refunds(rma))
    circle.send()
    circle.refund_arrives(rma, more_than=before)


def bench_in_doubt(circle: Circle) -> Story:
    rma, bench = circle.arrive(), Bench(by=circle.wanda)
    transitions.open_return(rma.pk, bench=bench)
    item = rma.items.get(position=0)
    line = transitions.count_unit(rma.pk, item.pk, bench=bench)
    doubt = Part(quantity=line.quantity, decision="exception", reason="Serial number differs")
    fine = Part(quantity=line.quantity, decision="approved")
    for part in (doubt, fine, doubt):
        version = circle.rma(rma.rma_number).version
        transitions.split_item(rma.pk, item.pk, [part], bench=bench, version=version)
        yield rma


def late_parcel(circle: Circle) -> Story:
    rma = circle.arrive(status="cancelled_by_user")
    transitions.box_arrived(rma.pk, bench=Bench(by=circle.wanda))
    yield rma
    advance(circle, rma, "delivered_to_retailer")
    yield rma
    advance(circle, rma, "cancelled_by_retailer")
    yield rma


def dead_letter(circle: Circle) -> Story:
    """It is applied again from the case, when what kept it from being applied is gone."""
    rma, agent = circle.arrive(), make_staff("anton", circle.shop, Role.AGENT)
    _news_fails(circle, rma, email="first@example.com")
    yield rma
    case = case_of(rma, Cause.DEAD_LETTER)
    desk.act(
        desk.Act(
            case_id=case.pk,
            code=Action.RETRY,
            by=agent,
            version=case.version,
            rma_version=circle.rma(rma.rma_number).version,
            submission_token=uuid.uuid4(),
            arguments={},
        )
    )
    replay.run_slice()
    circle.drain()
    yield rma
    _news_fails(circle, rma, email="second@example.com")
    yield rma


def _news_fails(circle: Circle, rma: Rma, **keys: Any) -> None:
    """By a fault of ours, until it is tried no more."""
    circle.narvar.patch_rma(circle.shop.domain, rma.rma_number, **keys)
    circle.knock(*circle.narvar.webhook(circle.shop.domain, rma.rma_number))
    Event.objects.filter(state=EventState.PENDING).update(attempts=4)
    with pytest.MonkeyPatch.context() as faulty:
        faulty.setattr(transitions, "apply", lambda arrivals: 1 / 0)
        circle.drain()


def mystery_parcel(circle: Circle) -> Story:
    agent = make_staff("anton", circle.shop, Role.AGENT)
    parcel = make_parcel(circle.shop, by=circle.wanda, tracking_number="1Z7", items={"X": 1})
    parcels.hand_over(parcel.pk, agent, by=circle.wanda)
    parcel.refresh_from_db()
    yield parcel
    parcels.close_parcel(parcel.pk, "Sent back", by=agent, version=parcel.version)
    yield parcel
    parcels.reopen_parcel(parcel.pk, by=agent)
    yield parcel


def automation_ending(circle: Circle) -> Story:
    rma = circle.arrive(policy=refund_until(hours=5))
    yield rma
    command = circle.approve(rma)
    yield rma
    decisions.undo(command.pk, by=circle.wanda)
    yield rma


# cause → what is said of it, and how it opens, ends and comes back.
STORIES: list[tuple[Cause, str, Callable[[Circle], Story]]] = [
    (Cause.EXCEPTION, "declined it", partial(told_by_narvar, kind="exception")),
    (
        Cause.OUT_OF_STOCK,
        "out of stock",
        partial(told_by_narvar, kind="out_of_stock_exception"),
    ),
    (Cause.BY_HAND, "by hand", partial(told_by_narvar, kind="resolve_manually")),
    (Cause.UNKNOWN_STATUS, "“returned”", partial(told_by_narvar, kind="unknown_status")),
    (Cause.SHOPIFY_REFUND, "in Shopify", partial(told_by_narvar, kind="unattributed_refund")),
    (Cause.REFUSED, "Return is locked", refused_decision),
    (Cause.REFUSED, "refused the note", refused_note),
    (Cause.UNSETTLED, "no refund is seen", money_not_seen),
    (Cause.MONEY_DIFFERS, "a refund of 7.50 USD, not of 20.00 USD", money_that_differs),
    (Cause.BENCH, "Serial number differs", bench_in_doubt),
    (Cause.LATE_PARCEL, "cancelled by the customer", late_parcel),
    (Cause.DEAD_LETTER, "could not be applied", dead_letter),
    (Cause.MYSTERY_PARCEL, "1Z7", mystery_parcel),
    (Cause.AUTOMATION_ENDING, "nothing is decided", automation_ending),
]
