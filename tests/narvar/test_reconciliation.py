"""Asking Narvar again: what is in doubt, what nobody spoke of for long, what an outage hid."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.messaging.models import Heartbeat
from returns_ops.narvar import inbound, outages, reconciliation
from returns_ops.narvar.models import Budget, Connection, Outage
from returns_ops.returns.models import Rma, RmaEvent, Transaction
from tests.circle import DOMAIN, PASSWORD, USERNAME, Circle
from tests.narvar.lives import document, drain, forget_everything, item, keep, mirror

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


@pytest.fixture
def door_seen(live_server: Any, settings: Any) -> Any:
    settings.PUBLIC_URL = live_server.url
    return lambda ago: Heartbeat.objects.filter(name="door").update(
        seen_at=timezone.now() - timedelta(seconds=ago)
    )


def test_the_first_look_at_an_open_door_is_no_outage(door_seen: Any) -> None:
    assert outages.watch() is None
    assert Heartbeat.objects.filter(name="door").exists()


@pytest.mark.parametrize(("ago", "found"), [(11, False), (59, False), (70, True), (5000, True)])
def test_a_door_unseen_for_more_than_a_minute_was_shut(
    door_seen: Any, ago: int, found: bool
) -> None:
    outages.watch()
    door_seen(ago)

    outage = outages.watch()

    assert (outage is not None) is found
    if outage:
        assert abs((outage.ended_at - outage.began_at).total_seconds() - ago) < 5
    assert outages.watch() is None


def test_while_the_door_is_shut_nothing_is_noted(door_seen: Any, settings: Any) -> None:
    outages.watch()
    door_seen(300)
    settings.PUBLIC_URL = "http://127.0.0.1:1"

    assert outages.watch() is None

    assert timezone.now() - Heartbeat.objects.get(name="door").seen_at > timedelta(seconds=290)
    assert not Outage.objects.exists()


def life(number: str) -> list[dict[str, Any]]:
    """An edit that changes the lines, money that shows and vanishes again, and a tie at the end."""
    transaction = {
        "id": "tx-1",
        "amount": "10.00",
        "currency": "USD",
        "timestamp": 1_793_500_000,
        "source": "narvar",
    }
    edit = [{"created_at": "2026-11-01T02:30:00Z"}]
    told = [document(number, step) for step in range(3)]
    states = told[2]["items"][0]["current_processing_state"]
    lines = [item("FLEECE-M", states), item("SCARF", states)]
    edited = document(number, 2, previous_versions=edit, items=lines)
    paid = copy.deepcopy(edited) | {"transactions": [transaction]}
    end = document(number, 100, previous_versions=edit, transactions=[])
    return [*told, edited, paid, end, end | {"return_status": "exception"}]


@pytest.fixture
def ends() -> list[Any]:
    """How each example ended."""
    return []


@given(data=st.data())
@effort(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_with_any_repetition_ends_in_the_same_state(
    circle: Circle, ends: list[Any], data: Any
) -> None:
    forget_everything()
    made = circle.narvar.create_rma(DOMAIN, status="initiated", send=False)
    deliveries = life(made["rma_number"])
    number = made["rma_number"]
    narvar_holds(circle, number, deliveries[-2])
    order = data.draw(st.permutations(range(len(deliveries))))
    again = data.draw(st.lists(st.sampled_from(order), max_size=4))
    batch = data.draw(st.integers(1, 12))

    for index in [*order, *again]:
        keep(circle.shop, deliveries[index])
    while inbound.drain_batch(batch):
        pass
    reconciliation.refetch_doubtful()

    (end,) = mirror()
    assert (end.pop("rma_number"), end["narvar_status"]) == (number, "approved")
    assert (end["needs_refetch"], end["refetch_tries"]) == (False, 0)
    assert [line for line, *_ in end["items"]] == [deliveries[-1]["items"][0]["item_id"]]
    assert [(name, str(amount)) for name, amount in end["money"]] == [("tx-1", "10.0000")]
    ends.append(end)
    assert end == ends[0]


def test_money_that_narvar_no_longer_lists_is_kept_and_told_once(circle: Circle) -> None:
    *_, paid, poorer, _ = life("R1")
    for body in (paid, poorer, json.loads(json.dumps(poorer)) | {"locale": "en"}):
        keep(circle.shop, body)
        drain()

    assert Transaction.objects.count() == 1
    drift = RmaEvent.objects.filter(verb="drift")
    assert [line.text for line in drift] == [
        "Narvar no longer lists a refund of 10.00 USD that it showed before: it stays counted"
    ]
