"""How long others wait while every migration since there was data runs over the largest list.

They are taken back first, which nobody times; then people list and change returns and the door
keeps webhooks while they run. `LISTS=10000 python -m benchmarks migrations` for fewer returns.
"""

import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import Error, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now

from benchmarks.bodies import bodies
from benchmarks.pages import filled, some
from benchmarks.table import Row
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Event
from returns_ops.returns import queues
from returns_ops.returns.models import Rma
from returns_ops.returns.queues import Wanted
from tests.test_migrations import BEFORE_DATA

PAUSE, GOAL = 0.01, "longest ≤ 1,000"
Act = Callable[[], object]


class Other(threading.Thread):
    """Does one small thing again and again, and notes the milliseconds of each."""

    def __init__(self, act: Act) -> None:
        super().__init__(daemon=True)
        self.act = act
        self.took: list[float] = []
        self.refused = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(PAUSE):
            started = time.perf_counter()
            try:
                self.act()
            except Error:
                self.refused += 1
            self.took.append((time.perf_counter() - started) * 1000)
        connection.close()


def run() -> list[Row]:
    shop = filled()
    returns, events = Rma.objects.count(), Event.objects.count()
    latest = MigrationRecorder(connection).migration_qs.count()
    for app, last in BEFORE_DATA.items():
        call_command("migrate", app, f"{last:04d}", verbosity=0)
    back = latest - MigrationRecorder(connection).migration_qs.count()
    with _others(_acts(shop)) as others:
        started = time.perf_counter()
        call_command("migrate", verbosity=0)
        seconds = time.perf_counter() - started
    what = f"{back} migrations over {returns:,} returns and {events:,} events, s"
    return [Row(what, f"{seconds:.0f}"), *(_row(name, one) for name, one in others.items())]


def _acts(shop: Shop) -> dict[str, Act]:
    rmas, arriving = some(Rma.objects.filter(shop=shop)), bodies(1_000_000, "M-")
    return {
        "a return is changed": lambda: _change(random.choice(rmas)),
        "a webhook is kept": lambda: inbox.store(
            inbox.Delivery(shop_id=shop.pk, body=next(arriving), headers={})
        ),
        "the list is read": lambda: queues.page(Wanted(), [shop]),
    }


def _change(rma: Rma) -> None:
    Rma.objects.filter(pk=rma.pk).update(changed_at=Now())


@contextmanager
def _others(acts: dict[str, Act]) -> Iterator[dict[str, Other]]:
    others = {name: Other(act) for name, act in acts.items()}
    for one in others.values():
        one.start()
    time.sleep(1)
    try:
        yield others
    finally:
        for one in others.values():
            one.over.set()
        for one in others.values():
            one.join()


def _row(name: str, other: Other) -> Row:
    value = f"{statistics.median(other.took):.1f} / {max(other.took):,.0f}"
    what = (
        f"meanwhile {name} {len(other.took):,} times, {other.refused} refused: median, longest ms"
    )
    return Row(what, value, GOAL)
