"""Every cause, made by Narvar or at the bench, seen opening, closing and coming back."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.narvar import inbound
from returns_ops.returns import transitions
from returns_ops.returns.models import Case, Rma
from returns_ops.returns.states import CaseState, Cause
from returns_ops.returns.transitions import parcels
from returns_ops.returns.transitions.sweeping import open_what_time_brings
from tests.builders import make_parcel, make_staff
from tests.circle import Circle
from tests.narvar.stories import (
    DOMAIN,
    STORIES,
    Story,
    case_of,
    change,
    forgotten,
    open_causes,
    refund_until,
    verbs,
)


def test_no_cause_is_without_its_story() -> None:
    assert {cause for cause, *_ in STORIES} == set(Cause)


@pytest.mark.parametrize(
    ("cause", "says", "story"),
    STORIES,
    ids=[f"{cause}-{n}" for n, (cause, *_) in enumerate(STORIES)],
)
def test_a_cause_opens_one_case_which_closes_by_itself_and_comes_back(
    circle: Circle, cause: Cause, says: str, story: Callable[[Circle], Story]
) -> None:
    steps = story(circle)
    about = next(steps)
    held = {"rma": about} if isinstance(about, Rma) else {"parcel": about}
    case = Case.objects.get(cause=cause, **held)
    assert (case.state, case.present, verbs(case)[0]) == (CaseState.OPEN, True, "opened")
    assert says in case.text

    next(steps)
    case.refresh_from_db()
    assert (case.state, case.closed_by, case.present) == (CaseState.RESOLVED, None, False)

    next(steps)
    case.refresh_from_db()
    assert (case.state, case.present, case.times_opened) == (CaseState.OPEN, True, 2)
    opened = {"opened", "closed", "reopened"}
    assert [verb for verb in verbs(case) if verb in opened] == ["opened", "closed", "reopened"]


def test_a_case_says_what_is_at_stake(circle: Circle) -> None:
    rma = circle.arrive(status=None, kind="exception")

    case = case_of(rma, Cause.EXCEPTION)

    assert open_causes(rma) == {Cause.EXCEPTION}
    assert case.value > 0
    assert case.currency == rma.currency


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


def test_what_narvar_pays_after_all_closes_the_case_of_its_own_accord(circle: Circle) -> None:
    rma = circle.arrive(estimated_refund="20.00")
    forgotten(circle, rma)
    assert open_causes(rma) == {Cause.UNSETTLED}

    _paid_after_all(circle, rma)

    assert open_causes(rma) == set()
    assert Command.objects.get().state == CommandState.CONFIRMED


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


def test_a_parcel_handed_to_the_desk_is_theirs(circle: Circle) -> None:
    agent = make_staff("anton", circle.shop, Role.AGENT)
    parcel = make_parcel(circle.shop, by=circle.wanda, items={"X": 1})
    assert not Case.objects.exists()

    parcels.hand_over(parcel.pk, agent, by=circle.wanda)

    assert Case.objects.get(parcel=parcel).owner == agent


def test_an_automation_about_to_end_with_nothing_done(circle: Circle) -> None:
    rma = circle.arrive(policy=refund_until(hours=30))
    open_what_time_brings()
    assert not Case.objects.exists()

    change(circle, rma, policy=refund_until(hours=5))
    case = case_of(rma, Cause.AUTOMATION_ENDING)

    Rma.objects.filter(pk=rma.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    change(circle, rma, policy=refund_until(hours=-1))
    case.refresh_from_db()
    assert case.state == CaseState.OPEN  # what was late has not become better

    circle.approve(rma)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED


def test_the_clock_alone_opens_it_and_nobody_twice(circle: Circle) -> None:
    rma = circle.arrive(policy=refund_until(hours=30))
    Rma.objects.filter(pk=rma.pk).update(deadline_at=timezone.now() + timedelta(hours=2))

    assert open_what_time_brings() == 1
    assert open_what_time_brings() == 0
    assert open_causes(rma) == {Cause.AUTOMATION_ENDING}
