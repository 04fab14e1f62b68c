"""Tasks are loops around functions; that two run at once, or one twice, does no harm."""

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import now

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import replay
from returns_ops.messaging.locks import alone
from returns_ops.messaging.models import Event
from returns_ops.messaging.replay import Selection
from returns_ops.narvar import bulk, tasks
from returns_ops.returns import transitions
from returns_ops.returns.models import BulkJob, Case, Rma
from returns_ops.returns.states import CaseState
from tests.builders import make_event, make_staff
from tests.circle import DOMAIN, Circle
from tests.narvar.lives import drain, keep
from tests.narvar.test_reconciliation import HOUR, grow_old, in_doubt, reads

BACKGROUND = [
    "refetch_doubtful",
    "reread_open",
    "watch_door",
    "count_events",
    "replay_events",
    "end_requests",
    "tend_desk",
    "run_bulk",
    "send_digests",
    "retire_old",
]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], None]]:
    """Another process that is at the same job."""
    may_end, threads = threading.Event(), []

    def hold(job: str) -> None:
        held = threading.Event()

        def work() -> None:
            with alone(job) as nobody_else:
                assert nobody_else
                held.set()
                may_end.wait(10)
            connection.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        assert held.wait(10)

    yield hold
    may_end.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("name", BACKGROUND)
def test_background_tasks_have_a_queue_and_a_time_and_expire_before_the_next(name: str) -> None:
    entry: Any = settings.CELERY_BEAT_SCHEDULE[name]

    assert entry["task"] == f"returns_ops.narvar.tasks.{name}"
    assert entry["options"]["expires"] <= entry["schedule"]
    assert settings.CELERY_TASK_ROUTES[entry["task"]] == {"queue": "reconcile"}
    assert hasattr(tasks, name)


def test_a_worker_and_a_person_do_not_let_go_at_once(
    transactional_db: None, shop: Shop, elsewhere: Callable[[str], None]
) -> None:
    long_ago = now() - timedelta(days=31)
    event = make_event(shop, done_at=long_ago, last_seen_at=long_ago)
    make_event(shop)
    elsewhere("retire_old")

    tasks.retire_old()
    with pytest.raises(CommandError, match="A worker is at it right now"):
        call_command("retire")

    assert Event.objects.filter(pk=event.pk).exists()


def test_each_task_does_its_work(circle: Circle) -> None:
    doubtful, stale = in_doubt(circle), circle.arrive()
    grow_old(stale, 7 * HOUR)
    dead = keep(circle.shop, b"{")
    drain()
    job = replay.start(
        Selection(shop=circle.shop, event=dead), by=circle.wanda, why="To see it run"
    )

    for name in BACKGROUND:
        getattr(tasks, name)()

    assert not circle.rma(doubtful.rma_number).needs_refetch
    assert circle.rma(stale.rma_number).as_of_source == "api"
    job.refresh_from_db()
    assert job.in_flight == [dead.pk]
    assert (DOMAIN, reads(circle)) == (circle.shop.domain, 2)


def test_the_tasks_of_the_desk_do_their_work(circle: Circle, mailoutbox: list[Any]) -> None:
    ann = make_staff("ann", circle.shop, Role.AGENT, email="ann@example.com")
    transitions.save_desk_preference(ann, digest=True, hour=0)
    for _ in range(2):
        circle.arrive(status=None, kind="exception")
    asleep, other = Case.objects.order_by("id")
    transitions.snooze(asleep.pk, by=ann, until=now() + timedelta(hours=1))
    Case.objects.filter(pk=asleep.pk).update(snoozed_until=now() - timedelta(minutes=1))
    order = bulk.Order(
        shop=circle.shop,
        code=bulk.ASSIGN,
        by=ann,
        cases=[other],
        submission_token=uuid.uuid4(),
        arguments={"to": ann.pk},
    )
    job = bulk.start_bulk(order)

    for name in ("tend_desk", "run_bulk", "send_digests"):
        getattr(tasks, name)()

    asleep.refresh_from_db()
    other.refresh_from_db()
    job.refresh_from_db()
    assert asleep.state == CaseState.OPEN
    assert (other.owner, job.state) == (ann, BulkJob.State.DONE)
    assert [letter.to for letter in mailoutbox] == [["ann@example.com"]]


@pytest.mark.parametrize("name", ["refetch_doubtful", "reread_open"])
def test_while_another_reads_nothing_is_read(
    circle: Circle, elsewhere: Callable[[str], None], name: str
) -> None:
    grow_old(in_doubt(circle), 7 * HOUR)
    elsewhere("reread")

    getattr(tasks, name)()

    assert reads(circle) == 0
    assert Rma.objects.get().needs_refetch
