"""Events applied a second: ours, alone and by two workers, against a Celery task for each event."""

import multiprocessing
import time
from multiprocessing.synchronize import Barrier

from benchmarks import plain_drain
from benchmarks.bodies import bodies
from benchmarks.table import Row, over, told
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.narvar import inbound
from returns_ops.returns.invariants import broken

PLAIN, ONE_BY_ONE, BATCHED, ROUNDS = 400, 200, 4_000, 3


def run() -> list[Row]:
    shop = Shop.objects.get_or_create(domain="drain.myshopify.com")[0]
    plain, single, batched, two = [], [], [], []
    for number in range(ROUNDS):
        _stored(shop, ONE_BY_ONE, f"ON{number}-")
        single.append(_rate(ONE_BY_ONE, 1))
        _stored(shop, BATCHED, f"BA{number}-")
        batched.append(_rate(BATCHED, inbound.BATCH))
        _stored(shop, BATCHED, f"TW{number}-")
        two.append(_rate_of_two(BATCHED))
        if number == 0:  # before the plain one leaves out what the promises need
            assert broken() == [], broken()
        plain.append(plain_drain.rate(_stored(shop, PLAIN, f"PL{number}-")))
    return [
        Row("a Celery task an event, ORM saves, two processes, events/s", told(plain)),
        Row("the drain, one event a transaction, events/s", told(single)),
        Row(f"the drain, batches of {inbound.BATCH}, one process, events/s", told(batched)),
        Row(f"the drain, batches of {inbound.BATCH}, two processes, events/s", told(two)),
        Row("the drain ÷ a Celery task an event, two processes each", over(two, plain), "≥ 15"),
    ]


def _stored(shop: Shop, count: int, prefix: str) -> list[int]:
    """Ids of new events that are due."""
    kept = [
        inbox.store(inbox.Delivery(shop_id=shop.pk, body=body, headers={}, webhook_id=prefix))
        for body in bodies(count, prefix)
    ]
    return [one[0] for one in kept if one]


def _rate(count: int, limit: int) -> float:
    started = time.monotonic()
    while inbound.drain_batch(limit):
        pass
    return count / (time.monotonic() - started)


def _rate_of_two(count: int) -> float:
    spawn = multiprocessing.get_context("spawn")  # no connection of ours may be shared
    start, done = spawn.Barrier(3), spawn.Barrier(3)
    workers = [spawn.Process(target=_drain, args=(start, done), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.wait(60)
    started = time.monotonic()
    done.wait(300)
    taken = time.monotonic() - started
    for worker in workers:
        worker.join(30)
    return count / taken


def _drain(start: Barrier, done: Barrier) -> None:
    start.wait(60)
    while inbound.drain_batch():
        pass
    done.wait(300)
