"""What most would write: a Celery task for each webhook, and the ORM's saves, row by row.

The same tables as the product's drain, but no order of snapshots, no queues, no cases.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
if not apps.ready:  # the worker comes in here
    django.setup()

from django.db import transaction
from django.forms.models import model_to_dict

from returns_ops.celery import app
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar import wire
from returns_ops.returns.models import Package, Rma, RmaEvent, RmaItem, SearchToken
from returns_ops.returns.models import Transaction as Money
from returns_ops.returns.search import tokens_of
from returns_ops.returns.snapshot import RmaSnapshot
from returns_ops.returns.transitions import contents
from returns_ops.returns.transitions.mirror import facts_of_snapshot

ROOT = Path(__file__).resolve().parents[1]
QUEUE, LONGEST = "plain", 180.0


@app.task(queue=QUEUE, name="benchmarks.apply_plainly")  # type: ignore[untyped-decorator]
def apply_plainly(event_id: int) -> None:
    event = Event.objects.get(pk=event_id)
    snapshot = wire.parse(bytes(event.body))
    with transaction.atomic():
        rma, _ = Rma.objects.update_or_create(
            shop_id=event.shop_id,
            rma_number=snapshot.rma_number,
            defaults={
                **facts_of_snapshot(snapshot, event.received_at),
                "as_of": event.received_at,
            },
        )
        _save_contents(rma, snapshot, event)
        RmaEvent.objects.create(
            rma=rma, source="webhook", verb="snapshot", text="News", event=event
        )
        event.state, event.outcome = EventState.DONE, "applied"
        event.save(update_fields=["state", "outcome"])


def _save_contents(rma: Rma, snapshot: RmaSnapshot, event: Event) -> None:
    for place, (key, item) in enumerate(contents.keyed_items(snapshot.items)):
        row = contents.item_row(rma, key, place, item)
        RmaItem.objects.update_or_create(rma=rma, line_key=key, defaults=_values(row))
    for place, (key, package) in enumerate(contents.keyed_packages(snapshot.packages)):
        box = contents.package_row(rma, key, place, package)
        Package.objects.update_or_create(rma=rma, package_key=key, defaults=_values(box))
    for told in snapshot.transactions:
        moved = contents.transaction_row(rma, told, event.received_at)
        known = Money.objects.filter(rma=rma, narvar_id=moved.narvar_id)
        if not known.exists():
            moved.save()
    for kind, token in tokens_of(snapshot):
        SearchToken.objects.get_or_create(shop_id=rma.shop_id, rma=rma, kind=kind, token=token)


def _values(row: RmaItem | Package) -> dict[str, object]:
    return model_to_dict(row, exclude=["id", "rma"])


def rate(events: Iterable[int]) -> float:
    """Events a second by two worker processes, from the first task sent to the last one done."""
    ids = list(events)
    with _worker():
        started = time.monotonic()
        for pk in ids:
            apply_plainly.delay(pk)
        waiting = Event.objects.filter(pk__in=ids).exclude(state=EventState.DONE)
        while waiting.exists():
            if time.monotonic() - started > LONGEST:
                raise RuntimeError(f"{waiting.count()} were not applied")
            time.sleep(0.05)
        return len(ids) / (time.monotonic() - started)


@contextmanager
def _worker() -> Iterator[None]:
    where = ["-A", "benchmarks.plain_drain", "worker", "-Q", QUEUE, "-c", "2"]
    quiet = ["--without-mingle", "--without-gossip", "-l", "warning"]
    worker = subprocess.Popen([sys.executable, "-m", "celery", *where, *quiet], cwd=ROOT)
    try:
        time.sleep(5)  # until it is there
        yield
    finally:
        worker.terminate()
        worker.wait(30)
