"""What may go wrong between the door and the RMA, and how it ends."""

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops import failpoints
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar import inbound
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Rma, RmaEvent
from tests.builders import make_shop
from tests.children import run, start
from tests.narvar.lives import document, drain, forget_everything, keep, pauses_are_over


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Shop]:
    yield make_shop("larkspur.myshopify.com")
    assert broken() == []


def test_a_parser_that_fails_is_tried_five_times_with_longer_and_longer_pauses(shop: Shop) -> None:
    event = keep(shop, document("R1"))

    pauses = []
    with failpoints.armed("drain.after_parse:raise"):
        for _ in range(inbox.ATTEMPTS):
            assert inbound.drain_batch() == 1
            event.refresh_from_db()
            pauses.append((event.next_attempt_at - event.last_seen_at).total_seconds())
            pauses_are_over()

    assert (event.state, event.attempts) == (EventState.DEAD, 5)
    assert event.reason == "failed_repeatedly"
    assert event.problem == "FailpointReached while reading"
    for pause, least in zip(pauses[:4], [10, 30, 90, 270], strict=True):
        assert least <= pause < 1.3 * least + 60
    assert inbound.drain_batch() == 0
    assert not Rma.objects.exists()


def test_an_event_that_kills_its_worker_kills_five_and_none_of_its_neighbours(shop: Shop) -> None:
    events = [keep(shop, document(f"R{number}")) for number in range(3)]
    code, _ = run("drain", failpoints="drain.after_claim:exit")
    assert code == failpoints.KILLED
    pauses_are_over()
    assert len(inbox.claim(100)) == 3, "once may have been chance"
    pauses_are_over()

    claimed = inbox.claim(100)

    assert [event.pk for event in claimed] == [events[0].pk], "suspects go one by one"
    for _ in range(inbox.ATTEMPTS - 3):  # it kills two more
        Event.objects.filter(pk=events[0].pk).update(lease_until=events[0].received_at)
        assert [event.pk for event in inbox.claim(100)] == [events[0].pk]
    pauses_are_over()
    drain()
    drain()
    killer = Event.objects.get(pk=events[0].pk)
    assert (killer.state, killer.attempts, killer.reason) == ("dead", 5, "killed_its_worker")
    assert sorted(Rma.objects.values_list("rma_number", flat=True)) == ["R1", "R2"]


def test_a_poisoned_event_does_not_hold_up_newer_news_of_its_return(shop: Shop) -> None:
    poison = keep(shop, b'{"rma_number": "R1", "items": {')
    keep(shop, document("R1", step=2))

    drain()

    poison.refresh_from_db()
    assert (poison.state, poison.reason) == (EventState.DEAD, "not_json")
    assert Rma.objects.get().narvar_status == "delivered_to_retailer"


def test_two_workers_with_one_return_wait_for_each_other(shop: Shop) -> None:
    for step in range(2):
        keep(shop, document("R1", step))
    batches = [inbox.claim(1), inbox.claim(1)]
    barrier = threading.Barrier(2)

    def work(events: list[Event]) -> None:
        barrier.wait()
        inbound.apply_events(events)

    in_threads(*[lambda batch=batch: work(batch) for batch in batches])

    assert list(Event.objects.values_list("state", flat=True)) == ["done", "done"]
    rma = Rma.objects.get()
    assert rma.narvar_status == "on_its_way_to_retailer"
    assert RmaEvent.objects.count() == 2


def test_two_workers_with_the_same_returns_in_opposite_order_both_finish(shop: Shop) -> None:
    there = [keep(shop, document(f"R{number}", 0)) for number in range(20)]
    back = [keep(shop, document(f"R{number}", 1)) for number in reversed(range(20))]
    halves = [inbox.claim(len(there)), inbox.claim(len(back))]

    in_threads(*[lambda half=half: inbound.apply_events(half) for half in halves])

    assert Event.objects.filter(state=EventState.DONE, attempts=1).count() == 40
    assert set(Rma.objects.values_list("narvar_status", flat=True)) == {"on_its_way_to_retailer"}


def test_a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_behind(shop: Shop) -> None:
    for number in range(30):
        keep(shop, document(f"R{number}"))

    child = start("drain", failpoints="drain.before_commit:sleep:60")
    claimed = Event.objects.exclude(lease_until=None)
    wait_for(lambda: claimed.count() == 30 and backends_in_transaction() == 1)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    wait_for(lambda: backends_in_transaction() == 0)

    assert not Rma.objects.exists()
    lease = Event.objects.latest("lease_until").lease_until
    assert lease is not None
    assert lease - Event.objects.earliest("id").received_at < inbox.LEASE + inbox.LEASE
    pauses_are_over()
    drain()
    assert Event.objects.filter(state=EventState.DONE).count() == 30
    assert (Rma.objects.count(), RmaEvent.objects.count()) == (30, 30)


def test_a_connection_cut_during_a_batch_costs_nothing(shop: Shop) -> None:
    for number in range(3):
        keep(shop, document(f"R{number}"))

    def cut() -> None:
        wait_for(lambda: backends_in_transaction() == 1)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {IN_TRANSACTION}")

    def work() -> None:
        with failpoints.armed("drain.before_settle:sleep:0.5"):
            inbound.drain_batch()

    in_threads(cut, work)

    pauses_are_over()
    drain()
    assert Event.objects.filter(state=EventState.DONE).count() == 3
    assert (Rma.objects.count(), RmaEvent.objects.count()) == (3, 3)


def test_a_worker_that_overslept_its_lease_changes_nothing(shop: Shop) -> None:
    keep(shop, document("R1"))
    slept = inbox.claim(1)
    pauses_are_over()
    (theirs,) = inbox.claim(1)

    inbound.apply_events(slept)

    assert not Rma.objects.exists()
    inbound.apply_events([theirs])
    assert Rma.objects.count() == RmaEvent.objects.count() == 1


anything = st.text(max_size=30)


@given(status=anything, topic=anything, key=anything, value=st.none() | anything | st.integers())
@effort(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_words_nobody_knows_are_kept_and_shown(
    shop: Shop, status: str, topic: str, key: str, value: object
) -> None:
    forget_everything()
    body = {**document("R1"), key: value, "rma_number": "R1", "return_status": status}
    event = keep(shop, body)
    Event.objects.filter(pk=event.pk).update(topic=topic.replace("\x00", ""))

    drain()

    event.refresh_from_db()
    assert event.state == EventState.DONE or event.problem
    assert event.reason != "failed_repeatedly"
    assert event.attempts == 1


IN_TRANSACTION = """
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND state = 'idle in transaction'"""


def backends_in_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {IN_TRANSACTION}")
        return int(cursor.fetchone()[0])


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen in time"
        time.sleep(0.02)


def in_threads(*jobs: Callable[[], None]) -> None:
    """All at once, each on a connection of its own; what one raises is raised here."""
    raised: list[BaseException] = []

    def run_one(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run_one, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if raised:
        raise raised[0]
