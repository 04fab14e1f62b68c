"""Asking Narvar again: what is in doubt, what nobody spoke of for long, what an outage hid."""

import copy
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from returns_ops.messaging.models import Event
from returns_ops.narvar import reconciliation
from returns_ops.narvar.models import Budget, Connection, Outage
from returns_ops.returns.models import Rma, RmaEvent
from tests.circle import DOMAIN, PASSWORD, USERNAME, Circle
from tests.narvar.lives import document, drain, keep

HOUR = timedelta(hours=1)


def reads(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="get_returns"))


def in_doubt(circle: Circle) -> Rma:
    """Two webhooks that say different things of the same moment; Narvar knows which is true."""
    rma = circle.arrive()
    told = circle.narvar.body(DOMAIN, rma.rma_number)
    keep(circle.shop, told | {"return_status": "exception"})
    drain()
    rma = circle.rma(rma.rma_number)
    assert rma.needs_refetch
    return rma


def wait_is_over(rma: Rma) -> None:
    Rma.objects.filter(pk=rma.pk).update(refetch_at=timezone.now() - timedelta(seconds=1))


def grow_old(rma: Rma, age: timedelta) -> None:
    Rma.objects.filter(pk=rma.pk).update(as_of=timezone.now() - age, verified_at=None)


def as_narvar_was(circle: Circle, rma: Rma) -> dict[str, Any]:
    """Its reading side lags: it answers with what was true before our newest news."""
    before = circle.narvar.body(DOMAIN, rma.rma_number)
    circle.narvar.advance(DOMAIN, rma.rma_number, "exception", send=False)
    circle.tell(rma.rma_number)
    narvar_holds(circle, rma.rma_number, before)
    return before


def narvar_holds(circle: Circle, number: str, body: dict[str, Any]) -> None:
    circle.narvar.world.rma(DOMAIN, number).body = copy.deepcopy(body)


def test_of_two_contradicting_news_narvar_says_which_is_true(circle: Circle) -> None:
    rma = in_doubt(circle)

    assert reconciliation.refetch_doubtful() == 1

    rma = circle.rma(rma.rma_number)
    assert (rma.narvar_status, rma.needs_refetch) == ("delivered_to_retailer", False)
    assert (rma.as_of_source, reads(circle)) == ("api", 1)
    assert reconciliation.refetch_doubtful() == 0


def test_one_return_is_asked_for_once_in_thirty_seconds(circle: Circle) -> None:
    rma = in_doubt(circle)
    circle.narvar.fail_next("get_returns", "status", status=500)

    assert [reconciliation.refetch_doubtful() for _ in range(3)] == [0, 0, 0]

    rma = circle.rma(rma.rma_number)
    assert (reads(circle), rma.refetch_tries, rma.needs_refetch) == (1, 1, True)
    assert rma.refetch_at is not None
    assert rma.refetch_at - timezone.now() > timedelta(seconds=28)
    wait_is_over(rma)
    assert reconciliation.refetch_doubtful() == 1
    assert not circle.rma(rma.rma_number).needs_refetch


def test_an_older_answer_is_not_applied_and_asked_for_again_after_a_minute(circle: Circle) -> None:
    rma = circle.arrive()
    before = as_narvar_was(circle, rma)
    Rma.objects.update(needs_refetch=True)

    reconciliation.refetch_doubtful()

    rma = circle.rma(rma.rma_number)
    assert (rma.narvar_status, before["return_status"]) == ("exception", "delivered_to_retailer")
    assert (rma.needs_refetch, rma.refetch_tries) == (True, 1)
    assert rma.refetch_at is not None
    assert timedelta(seconds=55) < rma.refetch_at - timezone.now() < timedelta(seconds=61)


def test_after_five_answers_that_settle_nothing_a_person_is_told(circle: Circle) -> None:
    rma = circle.arrive()
    as_narvar_was(circle, rma)
    Rma.objects.update(needs_refetch=True)

    for _ in range(8):
        reconciliation.refetch_doubtful()
        wait_is_over(rma)

    rma = circle.rma(rma.rma_number)
    assert (reads(circle), rma.refetch_tries, rma.needs_refetch) == (5, 5, True)
    told = RmaEvent.objects.get(verb="unverified")
    assert told.text == (
        "Asked Narvar 5 times, and it is still not certain:"
        " its answer is older than what it told us before"
    )


def test_narvar_catches_up_and_the_doubt_is_over(circle: Circle) -> None:
    rma = circle.arrive()
    as_narvar_was(circle, rma)
    reconciliation.ask_again(rma)
    assert circle.rma(rma.rma_number).needs_refetch

    circle.narvar.advance(DOMAIN, rma.rma_number, "exception", send=False)
    wait_is_over(rma)
    reconciliation.refetch_doubtful()

    rma = circle.rma(rma.rma_number)
    assert (rma.narvar_status, rma.needs_refetch, rma.refetch_tries) == ("exception", False, 0)


def test_the_same_bytes_after_narvars_last_retry_may_be_news_and_are_asked_about(
    circle: Circle,
) -> None:
    rma = circle.arrive()
    first = circle.narvar.webhook(DOMAIN, rma.rma_number)
    circle.narvar.advance(DOMAIN, rma.rma_number, "exception", send=False)
    circle.tell(rma.rma_number)
    lines = RmaEvent.objects.count()
    kept = Event.objects.earliest("id")
    assert bytes(kept.body) == first[1]
    again = {"X-Narvar-Webhook-Id": kept.webhook_id}

    for hours, doubtful in ((9, False), (11, True)):
        Event.objects.update(last_seen_at=timezone.now() - hours * HOUR)
        assert circle.knock({**first[0], **again}, first[1]) == 200
        drain()
        assert circle.rma(rma.rma_number).needs_refetch is doubtful

    assert reconciliation.refetch_doubtful() == 1
    rma = circle.rma(rma.rma_number)
    assert (rma.narvar_status, rma.needs_refetch) == ("exception", False)
    assert RmaEvent.objects.count() == lines


def test_a_missed_webhook_is_made_good_within_six_hours(circle: Circle) -> None:
    rma = circle.arrive(status="initiated")
    circle.narvar.advance(DOMAIN, rma.rma_number, "delivered_to_retailer", send=False)
    assert reconciliation.reread_open() == 0
    grow_old(rma, 6.1 * HOUR)

    assert reconciliation.reread_open() == 1

    rma = circle.rma(rma.rma_number)
    assert (rma.narvar_status, rma.as_of_source) == ("delivered_to_retailer", "api")
    assert reconciliation.reread_open() == 0


def test_a_read_that_says_nothing_new_leaves_forms_and_history_alone(circle: Circle) -> None:
    rma = circle.arrive()
    lines = RmaEvent.objects.count()
    grow_old(rma, 7 * HOUR)

    assert reconciliation.reread_open() == 1

    again = circle.rma(rma.rma_number)
    assert (again.version, RmaEvent.objects.count()) == (rma.version, lines)
    assert again.as_of > rma.as_of


def test_what_is_done_is_not_read_again(circle: Circle) -> None:
    rma = circle.arrive(status="rejected")
    grow_old(rma, 48 * HOUR)

    assert reconciliation.reread_open() == 0


def test_a_turn_takes_the_newest_and_the_longest_unconfirmed(circle: Circle) -> None:
    now = timezone.now()
    for number in range(200):
        Rma.objects.create(
            shop=circle.shop,
            rma_number=f"R{number:03}",
            narvar_status="initiated",
            created_at=now - number * HOUR,
            as_of=now - (300 - number if number >= 100 else 9) * HOUR,
        )

    assert reconciliation.reread_open() == reconciliation.TURN

    asked = {request.query["rma_number"] for request in circle.narvar.requests()}
    newest = {f"R{number:03}" for number in range(25)}
    longest = {f"R{number:03}" for number in range(100, 125)}
    assert asked == newest | longest


def test_a_shop_with_more_than_a_turn_gets_through_and_begins_with_no_one_twice(
    circle: Circle,
) -> None:
    for number in range(70):
        keep(circle.shop, document(f"R{number}"))
    drain()
    Rma.objects.update(as_of=F("as_of") - 7 * HOUR)  # unknown at Narvar: nothing confirms them

    assert [reconciliation.reread_open() for _ in range(3)] == [50, 20, 0]

    asked = [request.query["rma_number"] for request in circle.narvar.requests()]
    assert len(asked) == len(set(asked)) == 70


def test_the_first_failure_ends_the_turn_of_a_shop(circle: Circle) -> None:
    rmas = [circle.arrive() for _ in range(3)]
    for rma in rmas:
        grow_old(rma, 7 * HOUR)
    circle.narvar.fail_next("get_returns", "status", status=503)

    assert reconciliation.reread_open() == 0

    assert reads(circle) == 1
    assert reconciliation.reread_open() == 2


def test_nothing_is_read_for_a_shop_that_is_paused(circle: Circle) -> None:
    rma = in_doubt(circle)
    grow_old(rma, 7 * HOUR)
    Connection.objects.update(paused=True)

    assert reconciliation.refetch_doubtful() == reconciliation.reread_open() == 0
    assert reads(circle) == 0


def test_the_last_third_of_the_limit_is_left_to_others(circle: Circle) -> None:
    circle.narvar.add_shop(DOMAIN, username=USERNAME, password=PASSWORD, limit=10, window=60)
    for _ in range(10):
        grow_old(circle.arrive(), 7 * HOUR)

    reconciliation.reread_open()

    budget = Budget.objects.get()
    assert (budget.limit, budget.remaining, reads(circle)) == (10, 3, 7)
    assert not circle.narvar.requests(status=429)


def test_being_told_to_wait_is_no_try(circle: Circle) -> None:
    rma = in_doubt(circle)
    circle.narvar.fail_next("get_returns", "rate_limited")

    assert reconciliation.refetch_doubtful() == 0

    rma = circle.rma(rma.rma_number)
    assert (rma.refetch_tries, rma.needs_refetch) == (0, True)


def test_after_an_outage_open_returns_are_read_again(circle: Circle) -> None:
    missed, fresh = circle.arrive(status="initiated"), circle.arrive()
    grow_old(missed, timedelta(minutes=30))
    circle.narvar.advance(DOMAIN, missed.rma_number, "delivered_to_retailer", send=False)
    ended = timezone.now() - timedelta(minutes=5)
    Outage.objects.create(began_at=ended - timedelta(minutes=10), ended_at=ended)

    assert reconciliation.reread_open() == 1

    assert circle.rma(missed.rma_number).narvar_status == "delivered_to_retailer"
    assert circle.rma(fresh.rma_number).as_of_source == "webhook"
    assert reconciliation.reread_open() == 0


def test_what_was_not_touched_for_two_weeks_is_left_to_its_turn(circle: Circle) -> None:
    rma = circle.arrive()
    grow_old(rma, timedelta(days=15))
    Rma.objects.update(verified_at=timezone.now() - HOUR)
    ended = timezone.now() - timedelta(minutes=5)
    Outage.objects.create(began_at=ended - timedelta(minutes=10), ended_at=ended)

    assert reconciliation.reread_open() == 0
