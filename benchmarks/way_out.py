"""The way out: approvals settled a second, and how much of Narvar's limit is used.

Two stand-ins, one that answers at once and one that takes 200 ms. Without a limit, how fast we are;
with Narvar's 300 calls a minute, whether the limit is what holds us, and never gone beyond.
Real workers and the real tick; bounded by `LONGEST` for the first and `MINUTES` for the second.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults_out import store_one
from benchmarks.table import Row
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar.models import Budget, Connection
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Work
from tests.circle import Circle, connect_to
from tests.e2e.stack import Stack
from tests.narvar_simulator import Simulator
from tests.narvar_simulator.records import RequestRecord

ANSWERS = {"at once": 0.0, "in 200 ms": 0.2}
MANY, LONGEST = 200, 120.0
LIMIT, WINDOW, MINUTES = 300, 60.0, 2
BACKLOG = LIMIT * MINUTES + 50
SETTLED = [CommandState.ACCEPTED, CommandState.CONFIRMED, CommandState.REFUSED]


@dataclass(frozen=True)
class Road:
    """A shop and the stand-in that it calls."""

    told: str
    narvar: Simulator
    circle: Circle


def run() -> list[Row]:
    with ExitStack() as kept:
        var = kept.enter_context(tempfile.TemporaryDirectory())
        roads = [kept.enter_context(_road(told, wait)) for told, wait in ANSWERS.items()]
        stack = Stack(var=Path(var), tick=1.0)
        kept.callback(stack.stop)
        stack.start_worker("money", queues="money", processes=2)
        stack.start_beat()
        free = [row for road in roads for row in _without_limit(road)]
        return [*free, *_within_limit(roads)]


@contextmanager
def _road(told: str, seconds: float) -> Iterator[Road]:
    with Simulator(refund_delay=0.0) as narvar:
        narvar.change_settings(webhooks_on=False, answer_seconds=seconds)
        domain = f"answers-{told.replace(' ', '-')}.myshopify.com"
        circle = connect_to(narvar, domain, f"clerk-{told.replace(' ', '-')}")
        Shop.objects.filter(pk=circle.shop.pk).update(hold_seconds=0)
        yield Road(told, narvar, circle)


def _without_limit(road: Road) -> list[Row]:
    _set_limit(road, 1_000_000, WINDOW)
    started = _decide([road], MANY)
    ends = started + LONGEST
    while _open(road) and time.monotonic() < ends:
        time.sleep(0.1)
    taken = time.monotonic() - started
    done = MANY - _open(road)
    return [Row(f"Narvar answers {road.told}: approvals settled a second", f"{done / taken:.1f}")]


def _within_limit(roads: list[Road]) -> list[Row]:
    for road in roads:
        _set_limit(road, LIMIT, WINDOW)
    _decide(roads, BACKLOG)
    now = time.time()
    begun = {road.told: _first_call_after(road, now) for road in roads}
    time.sleep(max(begun.values()) + MINUTES * WINDOW - time.time() + 1)
    return [row for road in roads for row in _used(road, begun[road.told])]


def _decide(roads: list[Road], count: int) -> float:
    """All is decided before the first call may go out; returns when it may."""
    Connection.objects.update(paused=True)
    for road in roads:
        for _ in range(count):
            store_one(road.circle)
        road.circle.drain()
        undecided = Rma.objects.filter(shop=road.circle.shop, work=Work.TO_DECIDE)
        for rma in undecided:
            road.circle.approve(rma)
        assert _open(road) == count, f"{_open(road)} of {count} were decided"
    Connection.objects.update(paused=False)
    return time.monotonic()


def _set_limit(road: Road, limit: int, window: float) -> None:
    """As if it had always been so: what we learned of another limit goes."""
    shop = road.narvar.world.shops[road.circle.shop.domain]
    shop.limit, shop.window = limit, window
    road.narvar.rate_limit.forget()
    Budget.objects.filter(shop=road.circle.shop).delete()


def _open(road: Road) -> int:
    return Command.objects.filter(shop=road.circle.shop).exclude(state__in=SETTLED).count()


def _calls(road: Road) -> list[RequestRecord]:
    with road.narvar.world.lock:
        return list(road.narvar.world.requests)


def _first_call_after(road: Road, since: float) -> float:
    while True:
        for record in _calls(road):
            if record.at >= since:
                return record.at
        time.sleep(0.05)


def _used(road: Road, begun: float) -> list[Row]:
    ends = begun + MINUTES * WINDOW
    calls = [record for record in _calls(road) if begun <= record.at < ends]
    beyond = sum(record.status == 429 for record in calls)
    assert _open(road), "Nothing was left to send: the backlog was too small"
    share = (len(calls) - beyond) / (LIMIT * MINUTES)
    told = f"Narvar answers {road.told}, {LIMIT} calls a minute allowed"
    return [
        Row(f"{told}: share used", f"{share:.3f}", "≥ 0.95"),
        Row(f"{told}: calls beyond", str(beyond), "0"),
    ]
