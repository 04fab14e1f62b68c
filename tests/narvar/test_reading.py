"""Reading harmless things from Narvar: inside the budget, and noting what it says of the shop."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.narvar import answers, breaker, budget, controls, lookup, reopening
from returns_ops.narvar.budget import Priority, Rate
from returns_ops.narvar.client import Reply
from returns_ops.narvar.models import Budget, Connection
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns.models import Rma
from tests.circle import DOMAIN, Circle

REFUSED = "Narvar refused our credential (401)"


def open_the_breaker(circle: Circle) -> None:
    for _ in range(breaker.FAILURES_IN_A_ROW):
        breaker.note(circle.shop.pk, AttemptOutcome.UNKNOWN)
    Budget.objects.update(probe_at=Now())


def stop_for(problem: str) -> None:
    Connection.objects.update(problem=problem, updated_at=Now() - timedelta(minutes=6))


def problem() -> str:
    return Connection.objects.get().problem


# --- the shop's budget -------------------------------------------------------------------------


def test_a_probe_is_counted_and_learns_what_is_left(circle: Circle) -> None:
    open_the_breaker(circle)

    reopening.probe_due()

    learned = Budget.objects.get()
    assert (learned.limit, learned.remaining, learned.successes) == (300, 299, 1)


def test_a_probe_that_the_limit_forbids_is_not_made_and_says_nothing(circle: Circle) -> None:
    open_the_breaker(circle)
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=0, reset=40))

    reopening.probe_due()

    assert circle.narvar.requests() == []
    found = Budget.objects.get()
    assert (found.breaker, found.open_seconds) == (Budget.Breaker.OPEN, breaker.FIRST_PAUSE)
    assert found.probe_at is not None
    assert found.probe_at > timezone.now()


def test_of_two_workers_one_probes(circle: Circle) -> None:
    open_the_breaker(circle)

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(_probe) for _ in range(2)]:
            done.result()

    assert len(circle.narvar.requests()) == 1
    assert circle.narvar.requests(operation="approval") == []


def _probe() -> None:
    try:
        reopening.probe_due()
    finally:
        connection.close()


def test_testing_the_connection_is_counted_and_told_when_the_limit_is_used_up(
    circle: Circle,
) -> None:
    assert controls.test_connection(circle.shop, by=circle.wanda).startswith("OK: Narvar answered")
    assert Budget.objects.get().remaining == 299

    budget.learn(circle.shop.pk, Rate(limit=300, remaining=0, reset=40))
    told = controls.test_connection(circle.shop, by=circle.wanda)

    assert told.startswith("Narvar's limit is used up for")
    assert len(circle.narvar.requests()) == 1


def test_after_an_outage_what_is_owed_goes_out_within_the_limit(circle: Circle) -> None:
    rmas = [circle.arrive() for _ in range(4)]
    for rma in rmas:
        circle.approve(rma)
    circle.narvar.fail_next("get_returns", "status", status=503, times=5)
    circle.send(tries=8)
    assert breaker.open_shops() == [circle.shop.pk]
    for _ in range(reopening.SUCCESSES_TO_CLOSE):
        Budget.objects.update(probe_at=Now())
        reopening.probe_due()

    # Two calls each: a look, and the approval.
    Budget.objects.update(limit=5, remaining=4, reset_at=Now() + timedelta(minutes=1))
    circle.send(tries=12)
    assert len(circle.narvar.ledger(source="api")) == 2
    Budget.objects.update(reset_at=Now())
    circle.send(tries=12)

    assert len(circle.narvar.ledger(source="api")) == 4
    assert len(circle.narvar.requests(operation="approval")) == 4


# --- what it says of the shop ------------------------------------------------------------------


def test_a_credential_refused_to_a_reader_stops_the_shop(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("get_returns", "status", status=401)

    with pytest.raises(LookupFailed, match="refused our credential"):
        lookup.ask(circle.shop, lookup.Question(rma_number=rma.rma_number))

    assert problem() == REFUSED
    circle.send(tries=2)
    assert circle.refunds(rma) == []


def test_an_answer_to_a_reader_shows_that_the_credential_is_taken(circle: Circle) -> None:
    rma = circle.arrive()
    stop_for(REFUSED)

    lookup.ask(circle.shop, lookup.Question(rma_number=rma.rma_number))

    assert problem() == ""


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429}])
def test_no_answer_and_a_wait_say_nothing_of_the_credential(
    circle: Circle, answer: dict[str, Any]
) -> None:
    stop_for(REFUSED)
    circle.narvar.fail_next("list_locations", "status", **answer)

    reopening.recheck_refused()

    assert problem() == REFUSED


def test_locations_that_are_not_enabled_say_nothing_of_the_credential(circle: Circle) -> None:
    circle.narvar.fail_next("list_locations", "status", status=403, times=2)
    controls.test_connection(circle.shop, by=circle.wanda)
    assert problem() == ""

    stop_for(REFUSED)
    reopening.recheck_refused()
    assert problem() == REFUSED

    circle.narvar.fail_next("list_locations", "status", status=403)
    Connection.objects.update(locations_feature=Connection.Feature.OFF)
    stop_for(REFUSED)
    reopening.recheck_refused()
    assert problem() == "", "the next call finds out"


# --- how long to wait --------------------------------------------------------------------------


def reset_of(value: str | None) -> int | None:
    headers = {} if value is None else {"X-Rate-Limit-Reset": value}
    return answers.rate(headers)["reset"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("abc", None),
        ("-5", -5),
        ("45", 45),
        ("300, 300;w=60", 300),
        ("1000000000", 10**9),
        ("9" * 12, answers.MOST),
        ("-" + "9" * 12, -answers.MOST),
    ],
)
def test_the_reset_is_read_as_seconds(value: str | None, seconds: int | None) -> None:
    assert reset_of(value) == seconds


def test_a_reset_that_is_a_moment_of_our_days_is_its_end() -> None:
    found = reset_of(str(int(time.time()) + 30))

    assert found is not None
    assert 29 <= found <= 31
    assert reset_of(str(int(time.time()) - 30)) == 0


@pytest.mark.parametrize(
    ("value", "shortest", "longest"),
    [(None, 60, 62), ("-5", 60, 62), ("abc", 60, 62), ("0", 1, 3), ("1000000000", 900, 902)],
)
def test_a_wait_is_never_absurd(value: str | None, shortest: float, longest: float) -> None:
    headers = {} if value is None else {"X-Rate-Limit-Reset": value}

    judged = answers.judge(Reply(429, b"", 1, headers))

    assert judged.wait_seconds is not None
    assert shortest <= judged.wait_seconds <= longest


def test_what_is_left_counts_even_when_nobody_says_until_when(circle: Circle) -> None:
    budget.reserve(circle.shop.pk, Priority.MONEY)
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=250, reset=40))
    before = Budget.objects.get()

    budget.learn(circle.shop.pk, Rate(remaining=7))

    after = Budget.objects.get()
    assert (after.remaining, after.reset_at) == (7, before.reset_at)


# --- the filters of GET /api/returns -----------------------------------------------------------

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("named", "query"),
    [
        ({"rma_number": "R1"}, {"rma_number": "R1"}),
        ({"email": "a@b.de"}, {"email": "a@b.de", "created_since": "2015-01-01T00:00:00Z"}),
        ({"updated_since": NOON}, {"updated_since": "2026-10-01T12:00:00Z"}),
        (
            {"order_number": "1", "created_max": NOON, "limit": 10},
            {"order_number": "1", "created_max": "2026-10-01T12:00:00Z", "limit": "10"},
        ),
        (
            {"order_number": "1", "updated_max": NOON},
            {"order_number": "1", "updated_max": "2026-10-01T12:00:00Z"},
        ),
    ],
)
def test_a_question_is_asked_as_the_spec_wants_it(
    named: dict[str, Any], query: dict[str, str]
) -> None:
    assert lookup.Question(**named).query() == query


@pytest.mark.parametrize(
    "named", [{"updated_since": NOON, "created_max": NOON}, {"limit": 0}, {"limit": 51}]
)
def test_a_question_that_the_spec_forbids_cannot_be_made(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one filter|1 to 50"):
        lookup.Question(rma_number="R1", **named)


@pytest.mark.parametrize("clock", ["created_since", "updated_since", "created_max", "updated_max"])
def test_every_filter_is_paged_to_its_end(circle: Circle, clock: str) -> None:
    circle.narvar.change_settings(time_filter_alone=True)
    made = {circle.narvar.create_rma(DOMAIN, send=False)["rma_number"] for _ in range(5)}
    bound = timezone.now() + timedelta(hours=-1 if clock.endswith("since") else 1)

    found = lookup.ask(circle.shop, lookup.Question(limit=2, **{clock: bound}))  # type: ignore[arg-type]

    assert set(found.rma_numbers) == made
    assert Rma.objects.count() == 5


def test_a_job_waits_as_it_is_told_and_goes_on_where_it_was(circle: Circle) -> None:
    circle.narvar.change_settings(time_filter_alone=True)
    made = {circle.narvar.create_rma(DOMAIN, send=False)["rma_number"] for _ in range(3)}
    waits: list[float] = []
    circle.narvar.fail_next("get_returns", "rate_limited", reset=45)

    found = lookup.ask(
        circle.shop,
        lookup.Question(updated_since=NOON - timedelta(days=365), limit=2),
        patience=_slept(waits),
    )

    assert set(found.rma_numbers) == made
    assert len(waits) == 1
    assert 45 <= waits[0] <= 48


def _slept(waits: list[float]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        waits.append(seconds)
        Budget.objects.update(reset_at=Now())  # so long does it last

    return sleep
