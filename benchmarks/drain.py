"""Events applied a second: our batches, against one transaction for each event."""

import time

from benchmarks.bodies import bodies
from benchmarks.table import Row
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.narvar import inbound
from returns_ops.returns.invariants import broken

ONE_BY_ONE, BATCHED = 300, 6_000


def run() -> list[Row]:
    shop = Shop.objects.get_or_create(domain="drain.myshopify.com")[0]
    single = _rate(shop, ONE_BY_ONE, 1, "ONE")
    batched = _rate(shop, BATCHED, inbound.BATCH, "MANY")
    assert broken() == [], broken()
    return [
        Row("drain, one event a transaction, events/s", f"{single:,.0f}"),
        Row(f"drain, batches of {inbound.BATCH}, events/s", f"{batched:,.0f}"),
        Row("drain, batch ÷ one by one", f"{batched / single:.1f}", "≥ 15 against one Celery task"),
    ]


def _rate(shop: Shop, count: int, limit: int, prefix: str) -> float:
    for body in bodies(count, prefix):
        inbox.store(inbox.Delivery(shop_id=shop.pk, body=body, headers={}, webhook_id=prefix))
    started = time.monotonic()
    while inbound.drain_batch(limit):
        pass
    return count / (time.monotonic() - started)
