"""Every cause, made by Narvar or at the bench, seen opening, closing and coming back."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, Event, EventState
from returns_ops.narvar import decisions, inbound, looking
from returns_ops.returns import transitions
from returns_ops.returns.models import Case, CaseEvent, Rma
from returns_ops.returns.states import CaseState, Cause
from returns_ops.returns.transitions import Bench, Part, parcels
from returns_ops.returns.transitions.sweeping import open_what_time_brings
from tests.builders import make_parcel, make_staff
from tests.circle import Circle

DOMAIN = "larkspur-outfitters.myshopify.com"


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


@pytest.mark.parametrize(
    ("kind", "cause", "says"),
    [
        ("exception", Cause.EXCEPTION, "declined it"),
        ("out_of_stock_exception", Cause.OUT_OF_STOCK, "out of stock"),
        ("resolve_manually", Cause.BY_HAND, "by hand"),
        ("unknown_status", Cause.UNKNOWN_STATUS, "“returned”"),
        ("unattributed_refund", Cause.SHOPIFY_REFUND, "in Shopify"),
    ],
)
def test_what_narvar_says_opens_one_case_which_closes_and_comes_back(
    circle: Circle, kind: str, cause: Cause, says: str
) -> None:
    rma = circle.arrive(status=None, kind=kind)
    stuck = rma.narvar_status
    case = case_of(rma, cause)
    assert open_causes(rma) == {cause}
    assert says in case.text
    assert case.value > 0
    assert case.currency == rma.currency

    advance(circle, rma, "approved")
    case.refresh_from_db()
    assert (case.state, case.closed_by, case.present) == (CaseState.RESOLVED, None, False)

    change(circle, rma, return_status=stuck)
    case.refresh_from_db()
    assert (case.state, case.times_opened) == (CaseState.OPEN, 2)
    assert verbs(case) == ["opened", "closed", "reopened"]


def test_what_a_person_resolved_stays_resolved_until_there_is_another_error(
    circle: Circle,
) -> None:
    rma = circle.arrive(status=None, kind="exception")
    case = case_of(rma, Cause.EXCEPTION)
    agent = make_staff("anton", circle.shop, Role.AGENT)
    transitions.resolve(case.pk, by=agent, because="Paid by bank transfer", version=case.version)

    change(circle, rma, email="someone.else@example.com")
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED

    error = {"message": "Gateway gone", "timestamp": timezone.now().isoformat()}
    change(circle, rma, errors=[*circle.narvar.body(DOMAIN, rma.rma_number)["errors"], error])
    case.refresh_from_db()
    assert (case.state, case.times_opened) == (CaseState.OPEN, 2)
    assert "Gateway gone" in case.text
    assert verbs(case) == ["opened", "resolved", "reopened"]


def test_a_refused_decision_is_a_case_until_it_is_decided_anew(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "status", status=422, text="Return is locked")
    circle.send()
    case = case_of(rma, Cause.REFUSED)
    assert "Return is locked" in case.text

    circle.approve(rma)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED

    circle.narvar.fail_next("approval", "status", status=422, text="Return is locked")
    circle.send()
    case.refresh_from_db()
    assert (case.state, verbs(case)) == (CaseState.OPEN, ["opened", "closed", "reopened"])


def test_a_refused_note_is_a_case_until_it_is_told_again(circle: Circle) -> None:
    rma = circle.arrive()
    _tell(circle, rma, "Ask for the receipt")
    circle.narvar.fail_next("shipment_status", "status", status=422, text="Too long")
    circle.send()
    case = case_of(rma, Cause.REFUSED)
    assert "refused the note" in case.text

    _tell(circle, rma, "Receipt?")
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED


def _tell(circle: Circle, rma: Rma, note: str) -> Command:
    return decisions.tell_status(
        rma.pk,
        by=circle.wanda,
        status=None,
        note=note,
        version=circle.rma(rma.rma_number).version,
        submission_token=uuid.uuid4(),
    )


@pytest.mark.parametrize(
    ("fault", "options", "cause"),
    [
        ("accept_and_forget", {}, Cause.UNSETTLED),
        ("refund_other_amount", {"amount": "7.50"}, Cause.MONEY_DIFFERS),
    ],
)
def test_money_that_does_not_come_or_differs(
    circle: Circle, fault: str, options: dict[str, Any], cause: Cause
) -> None:
    rma = circle.arrive(estimated_refund="20.00")
    circle.approve(rma)
    circle.narvar.fail_next("approval", fault, **options)
    circle.send()
    assert not Case.objects.exists()

    Command.objects.update(
        accepted_at=timezone.now() - timedelta(minutes=11), next_attempt_at=F("created_at")
    )
    looking.look_for_outcomes()
    case = case_of(rma, cause)
    assert open_causes(rma) == {cause}

    _paid_after_all(circle, rma)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED


def _paid_after_all(circle: Circle, rma: Rma) -> None:
    """Narvar shows the refund that we asked for."""
    body = circle.narvar.body(DOMAIN, rma.rma_number)
    late = {
        "id": "late-1",
        "amount": 20.00,
        "currency": rma.currency,
        "source": "api",
        "refund_method": "original_payment",
        "timestamp": int(timezone.now().timestamp()),
    }
    change(circle, rma, transactions=[*body["transactions"], late])


def test_what_the_bench_could_not_decide(circle: Circle) -> None:
    rma = circle.arrive()
    bench = Bench(by=circle.wanda)
    transitions.open_return(rma.pk, bench=bench)
    item = rma.items.get(position=0)
    line = transitions.count_unit(rma.pk, item.pk, bench=bench)
    doubt = Part(quantity=line.quantity, decision="exception", reason="Serial number differs")
    transitions.split_item(
        rma.pk, item.pk, [doubt], bench=bench, version=circle.rma(rma.rma_number).version
    )
    case = case_of(rma, Cause.BENCH)
    assert "Serial number differs" in case.text

    fine = Part(quantity=line.quantity, decision="approved")
    transitions.split_item(
        rma.pk, item.pk, [fine], bench=bench, version=circle.rma(rma.rma_number).version
    )
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED

    transitions.split_item(
        rma.pk, item.pk, [doubt], bench=bench, version=circle.rma(rma.rma_number).version
    )
    case.refresh_from_db()
    assert (case.state, case.times_opened) == (CaseState.OPEN, 2)


def test_a_parcel_that_came_after_the_return_was_cancelled(circle: Circle) -> None:
    rma = circle.arrive(status="cancelled_by_user")
    assert not Case.objects.exists()

    transitions.box_arrived(rma.pk, bench=Bench(by=circle.wanda))
    case = case_of(rma, Cause.LATE_PARCEL)
    assert "the customer" in case.text

    advance(circle, rma, "delivered_to_retailer")
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED

    advance(circle, rma, "cancelled_by_retailer")
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def test_news_of_a_known_return_that_cannot_be_applied(circle: Circle) -> None:
    rma = circle.arrive()
    headers, body = circle.narvar.webhook(circle.shop.domain, rma.rma_number)
    broken = json.dumps({"rma_number": rma.rma_number, "return_tracking_status": "x"}).encode()
    circle.knock(headers, broken)
    circle.drain()
    case = case_of(rma, Cause.DEAD_LETTER)
    assert case.state == CaseState.OPEN

    circle.knock(headers, body.replace(b"delivered_to_retailer", b"on_its_way_to_retailer"))
    circle.drain()
    case.refresh_from_db()
    assert case.state == CaseState.OPEN  # later news does not make up for what was not read


@pytest.mark.parametrize("killed", [False, True])
def test_news_that_fails_once_more_opens_its_case_again(
    circle: Circle, killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rma, agent = circle.arrive(), make_staff("anton", circle.shop, Role.AGENT)
    event = Event.objects.get(subject=rma.rma_number)
    _die(event, "failed_repeatedly")
    transitions.news_failed(rma.shop, rma.rma_number)
    case = case_of(rma, Cause.DEAD_LETTER)
    transitions.resolve(case.pk, by=agent, because="Sent again", version=case.version)

    if killed:
        _die(event, "killed_its_worker")
        inbound.name_recent_dead_letters()
    else:
        Event.objects.filter(pk=event.pk).update(
            state=EventState.PENDING, attempts=4, done_at=None, next_attempt_at=Now()
        )
        monkeypatch.setattr(transitions, "apply", lambda arrivals: 1 / 0)
        circle.drain()

    case.refresh_from_db()
    assert (case.state, case.times_opened) == (CaseState.OPEN, 2)


def _die(event: Event, reason: str) -> None:
    Event.objects.filter(pk=event.pk).update(
        state=EventState.DEAD, reason=reason, outcome="", done_at=Now()
    )


def test_a_mystery_parcel_is_a_case_of_whom_it_was_handed_to(circle: Circle) -> None:
    agent = make_staff("anton", circle.shop, Role.AGENT)
    parcel = make_parcel(circle.shop, by=circle.wanda, tracking_number="1Z7", items={"X": 1})
    assert not Case.objects.exists()

    parcels.hand_over(parcel.pk, agent, by=circle.wanda)
    case = Case.objects.get(parcel=parcel)
    assert (case.cause, case.owner, case.state) == (Cause.MYSTERY_PARCEL, agent, CaseState.OPEN)

    parcel.refresh_from_db()
    parcels.close_parcel(parcel.pk, "Sent back", by=agent, version=parcel.version)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED

    parcels.reopen_parcel(parcel.pk, by=agent)
    case.refresh_from_db()
    assert (case.state, case.times_opened) == (CaseState.OPEN, 2)


def test_an_automation_about_to_end_with_nothing_done(circle: Circle) -> None:
    rma = circle.arrive(policy=_refund_until(hours=30))
    open_what_time_brings()
    assert not Case.objects.exists()

    change(circle, rma, policy=_refund_until(hours=5))
    case = case_of(rma, Cause.AUTOMATION_ENDING)

    Rma.objects.filter(pk=rma.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    change(circle, rma, policy=_refund_until(hours=-1))
    case.refresh_from_db()
    assert case.state == CaseState.OPEN  # what was late has not become better

    circle.approve(rma)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED


def test_the_clock_alone_opens_it_and_nobody_twice(circle: Circle) -> None:
    rma = circle.arrive(policy=_refund_until(hours=30))
    Rma.objects.filter(pk=rma.pk).update(deadline_at=timezone.now() + timedelta(hours=2))

    assert open_what_time_brings() == 1
    assert open_what_time_brings() == 0
    assert open_causes(rma) == {Cause.AUTOMATION_ENDING}


def _refund_until(hours: float) -> dict[str, str]:
    until = timezone.now() + timedelta(hours=hours)
    return {"refund_at": "approved", "refund_automation_until": until.isoformat()}
