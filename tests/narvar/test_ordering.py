"""News in any order, any number of times: the newest by content wins, the rest is history."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from returns_ops.messaging.models import Event
from returns_ops.returns.models import Rma, RmaEvent
from tests.circle import DOMAIN, Circle

LIFE = ["initiated", "on_its_way_to_retailer", "delivered_to_retailer", "approved"]


def life_of(circle: Circle) -> list[tuple[dict[str, str], bytes]]:
    """The webhooks of one return, oldest first, each with a newer time in its content."""
    made = circle.narvar.create_rma(DOMAIN, status="initiated", send=False)
    number, deliveries = made["rma_number"], []
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for step, status in enumerate(LIFE):
        document = dict(circle.narvar.body(DOMAIN, number)) | {"return_status": status}
        at = start + timedelta(hours=step)
        states = [{"status": status, "quantity": 1, "timestamp": int(at.timestamp())}]
        document["items"] = [
            {**item, "current_processing_state": states} for item in document["items"]
        ]
        headers = {
            "X-Narvar-Shop-Domain": DOMAIN,
            "X-Narvar-Topic": status,
            "X-Narvar-Webhook-Id": f"hook-{step}",
            "X-Narvar-Timestamp": str(int(at.timestamp())),
            "Authorization": circle.narvar.webhook(DOMAIN, number)[0]["Authorization"],
        }
        deliveries.append((headers, json.dumps(document).encode()))
    return deliveries


def state_of(rma: Rma) -> dict[str, Any]:
    """Everything that must not depend on the order of arrival."""
    arrival = {"id", "as_of", "as_of_source", "version", "first_seen_at", "changed_at"}
    fields = [field.name for field in Rma._meta.fields if field.name not in arrival]
    rows = {name: getattr(rma, name) for name in fields}
    rows["content_sha256"] = bytes(rma.content_sha256 or b"")
    rows["items"] = list(rma.items.values_list("line_key", "quantity", "states", "removed_at"))
    return rows


def test_every_order_of_arrival_ends_in_the_same_state(circle: Circle) -> None:
    deliveries = life_of(circle)
    ends = []
    for order in itertools.permutations(deliveries):
        for headers, body in order:
            assert circle.knock(headers, body) == 200
            circle.drain()
        ends.append((state_of(Rma.objects.get()), RmaEvent.objects.count()))
        _forget_everything()

    assert ends[0][0]["narvar_status"] == "approved"
    assert all(end == ends[0] for end in ends)


def test_a_batch_ends_as_one_by_one(circle: Circle) -> None:
    deliveries = life_of(circle)
    for headers, body in reversed(deliveries):
        circle.knock(headers, body)
    circle.drain()
    together = state_of(Rma.objects.get())
    _forget_everything()

    for headers, body in deliveries:
        circle.knock(headers, body)
        circle.drain()

    assert state_of(Rma.objects.get()) == together


def test_a_late_retry_with_a_fresh_header_does_not_overwrite(circle: Circle) -> None:
    first, *_, last = life_of(circle)
    circle.knock(*last)
    circle.drain()
    version = Rma.objects.get().version

    fresh = {**first[0], "X-Narvar-Timestamp": str(int(datetime.now(UTC).timestamp()))}
    circle.knock(fresh, first[1])
    circle.drain()

    rma = Rma.objects.get()
    assert (rma.narvar_status, rma.version) == ("approved", version)
    assert Event.objects.latest("id").outcome == "older"
    assert RmaEvent.objects.filter(applied=False).count() == 1


def test_the_same_delivery_ten_times_is_applied_once(circle: Circle) -> None:
    headers, body = life_of(circle)[0]

    for _ in range(10):
        assert circle.knock(headers, body) == 200
        circle.drain()

    assert (Event.objects.get().deliveries, RmaEvent.objects.count()) == (10, 1)
    assert Rma.objects.get().version == 1


def test_the_same_body_under_another_id_says_nothing_new(circle: Circle) -> None:
    headers, body = life_of(circle)[0]

    circle.knock(headers, body)
    circle.knock({**headers, "X-Narvar-Webhook-Id": "another"}, body)
    circle.drain()

    assert sorted(Event.objects.values_list("outcome", flat=True)) == ["created", "same"]
    assert RmaEvent.objects.count() == 1


def test_what_only_the_header_can_order_is_to_be_read_again(circle: Circle) -> None:
    deliveries = life_of(circle)
    (headers, body), (later, _) = deliveries[0], deliveries[1]
    document = json.loads(body) | {"return_status": "exception"}

    circle.knock(headers, body)
    circle.knock(later, json.dumps(document).encode())
    circle.drain()

    rma = Rma.objects.get()
    assert (rma.narvar_status, rma.needs_refetch) == ("exception", True)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_transactions_only_grow(circle: Circle, order: tuple[int, int]) -> None:
    made = circle.narvar.create_rma(DOMAIN, kind="instant_refund", send=False)
    headers, body = circle.narvar.webhook(DOMAIN, made["rma_number"])
    document = json.loads(body)
    count = len(document["transactions"])
    poorer = json.dumps({**document, "transactions": []}).encode()
    deliveries = [
        (headers, body),
        ({**headers, "X-Narvar-Webhook-Id": "poorer"}, poorer),
    ]

    for index in order:
        circle.knock(*deliveries[index])
        circle.drain()

    rma = Rma.objects.get()
    assert rma.transactions.count() == count > 0
    assert rma.refunded > 0


def _forget_everything() -> None:
    """Back to an empty mirror, without touching shop and people."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE returns_rma, messaging_event, returns_workcount CASCADE")
