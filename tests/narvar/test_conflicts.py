"""Transactions that want the same rows in opposite orders: one is broken off, nothing is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState, Event, EventState
from returns_ops.narvar import delivery
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Rma
from tests.builders import make_shop
from tests.circle import DOMAIN, Circle
from tests.narvar.lives import document, drain, forget_everything, history, keep, mirror

DEADLOCK, NOT_SERIALIZABLE = "40P01", "40001"
WAITED_FOR = """
    SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"""
Rows = QuerySet[Any, Any]


class Opponent(threading.Thread):
    """Locks rows and, once somebody waits for them, those that this one holds. It prevails."""

    def __init__(self, first: Rows, then: Rows, *, begin: Callable[[], bool] = lambda: True):
        super().__init__()
        self.first, self.then, self.begin = first, then, begin
        self.holds = threading.Event()
        self.prevailed = False

    def run(self) -> None:
        try:
            wait_until(self.begin)
            with transaction.atomic():
                self._fight()
        finally:
            connection.close()

    def _fight(self) -> None:
        with connection.cursor() as cursor:
            # Whoever looks first for a deadlock is broken off.
            cursor.execute("SET LOCAL deadlock_timeout = '1min'")
            list(self.first.select_for_update())
            self.holds.set()
            wait_until(lambda: self._is_waited_for(cursor))
            list(self.then.select_for_update())
            self.prevailed = True

    def _is_waited_for(self, cursor: Any) -> bool:
        cursor.execute(WAITED_FOR)
        return bool(cursor.fetchone()[0])


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def only(row: Model) -> Rows:
    return type(row)._default_manager.filter(pk=row.pk)


@pytest.fixture
def broken_off(caplog: pytest.LogCaptureFixture) -> Callable[[], int]:
    """How often something was begun again so far."""

    def count() -> int:
        said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        return sum(one["event"] == "broken_off" for one in said)

    return count


def test_an_answer_survives_a_deadlock(circle: Circle, broken_off: Callable[[], int]) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "slow", bytes_per_second=20, length=10)
    opponent = Opponent(
        first=only(command),
        then=only(rma),
        begin=lambda: bool(circle.narvar.requests(operation="approval")),
    )
    opponent.start()

    delivery.deliver_next()
    opponent.join()

    command.refresh_from_db()
    assert (opponent.prevailed, broken_off()) == (True, 1)
    assert (command.state, command.tries) == (CommandState.ACCEPTED, 1)
    assert command.attempts.get().outcome == AttemptOutcome.ACCEPTED
    assert len(circle.narvar.requests(operation="approval")) == 1
    circle.refund_arrives(rma)
    assert len(circle.refunds(rma)) == 1


def test_news_survive_a_deadlock(circle: Circle, broken_off: Callable[[], int]) -> None:
    first, second = sorted([circle.arrive(), circle.arrive()], key=lambda rma: rma.rma_number)
    for rma in (first, second):
        circle.narvar.advance(DOMAIN, rma.rma_number, "exception", send=False)
        assert circle.knock(*circle.narvar.webhook(DOMAIN, rma.rma_number)) == 200
    opponent = Opponent(first=only(second), then=only(first))
    opponent.start()
    assert opponent.holds.wait(20)

    circle.drain()
    opponent.join()

    assert (opponent.prevailed, broken_off()) == (True, 1)
    assert set(Rma.objects.values_list("narvar_status", flat=True)) == {"exception"}
    assert list(Event.objects.values_list("state", "attempts")) == [(EventState.DONE, 1)] * 4


class Breaking:
    """Breaks off the first transactions that come to a statement, as the server would."""

    def __init__(self, statement: str, *, times: int, code: str) -> None:
        self.statement, self.left, self.code = statement, times, code

    def __call__(self, execute: Any, sql: str, *arguments: Any) -> Any:
        if self.statement in sql and self.left:
            self.left -= 1
            code = f"USING ERRCODE = '{self.code}'"
            return execute(f"DO $$ BEGIN RAISE 'on purpose' {code}; END $$", None, *arguments[1:])
        return execute(sql, *arguments)


def _after_the_call(circle: Circle, breaking: Breaking) -> Any:
    """Nothing is broken off before Narvar was asked."""

    def break_off(execute: Any, *rest: Any) -> Any:
        asked = bool(circle.narvar.requests(operation="approval"))
        return breaking(execute, *rest) if asked else execute(*rest)

    return break_off


@pytest.mark.parametrize("code", [DEADLOCK, NOT_SERIALIZABLE])
@pytest.mark.parametrize(
    "statement", ['UPDATE "messaging_attempt"', 'INSERT INTO "returns_rmaevent"', "narvar_budget"]
)
def test_an_answer_survives_three_conflicts(circle: Circle, statement: str, code: str) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    breaking = Breaking(statement, times=3, code=code)

    with connection.execute_wrapper(_after_the_call(circle, breaking)):
        delivery.deliver_next()

    command.refresh_from_db()
    assert breaking.left == 0
    assert (command.state, command.tries) == (CommandState.ACCEPTED, 1)
    assert command.attempts.get().outcome == AttemptOutcome.ACCEPTED
    assert rma.history.filter(command=command, verb="accepted").count() == 1
    assert len(circle.narvar.requests(operation="approval")) == 1


def test_an_answer_that_cannot_be_written_is_asked_for_again(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    breaking = Breaking('INSERT INTO "returns_rmaevent"', times=99, code=DEADLOCK)

    with (
        connection.execute_wrapper(_after_the_call(circle, breaking)),
        pytest.raises(OperationalError),
    ):
        delivery.deliver_next()
    assert Command.objects.get().state == CommandState.SENDING
    circle.lease_runs_out()
    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    assert (command.state, command.tries) == (CommandState.CONFIRMED, 2)
    assert len({request.body for request in circle.narvar.requests(operation="approval")}) == 1
    assert len(circle.refunds(rma)) == 1


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Shop]:
    yield make_shop()
    assert broken() == []


@pytest.mark.parametrize("times", [1, 3, 4])
@pytest.mark.parametrize("code", [DEADLOCK, NOT_SERIALIZABLE])
def test_the_history_tells_nothing_of_a_conflict(shop: Shop, code: str, times: int) -> None:
    """Four conflicts are one more than is tried: the batch is then applied one by one."""
    _tell_backwards(shop)
    undisturbed = mirror(), history()
    forget_everything()
    breaking = Breaking('UPDATE "messaging_event" AS target', times=times, code=code)

    with connection.execute_wrapper(breaking):
        _tell_backwards(shop)

    assert breaking.left == 0
    assert (mirror(), history()) == undisturbed
    assert set(Event.objects.values_list("state", "attempts")) == {(EventState.DONE, 1)}


def _tell_backwards(shop: Shop) -> None:
    for step in (2, 1, 0):
        keep(shop, document("R1", step))
    keep(shop, document("R2", 1))
    drain()
