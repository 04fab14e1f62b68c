"""Lives of returns as webhooks, without a simulator: each one's content is newer than the last."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Event
from returns_ops.narvar import inbound
from returns_ops.returns.models import Rma, RmaEvent

LIFE = ["initiated", "on_its_way_to_retailer", "delivered_to_retailer", "approved"]
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


def document(number: str, step: int = 0, **keys: Any) -> dict[str, Any]:
    """The return at a step of its life."""
    at = BEGINNING + timedelta(hours=step)
    status = LIFE[min(step, len(LIFE) - 1)]
    states = [{"status": status, "quantity": 1, "timestamp": int(at.timestamp())}]
    known = {
        "rma_number": number,
        "return_status": status,
        "order_number": "10482",
        "currency": "USD",
        "estimated_refund": "49.99",
        "return_creation_date": "2026-10-31T16:32:32Z",
        "items": [item("FLEECE-M", states)],
    }
    return known | keys


def item(sku: str, states: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sku": sku,
        "item_id": str(sum(sku.encode())),
        "quantity": 1,
        "unit_price": "49.99",
        "current_processing_state": states,
    }


def keep(shop: Shop, body: dict[str, Any] | bytes, *, webhook_id: str = "") -> Event:
    """Store a delivery, as the door does."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = inbox.Delivery(
        shop_id=shop.pk, body=raw, headers={}, webhook_id=webhook_id or str(uuid.uuid4())
    )
    stored = inbox.store(delivery)
    assert stored is not None
    return Event.objects.get(pk=stored[0])


def drain() -> None:
    while inbound.drain_batch():
        pass


def pauses_are_over() -> None:
    """No lease and no back-off holds anything up any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_event SET next_attempt_at = now() - interval '1 second',"
            " lease_until = lease_until - interval '1 minute' WHERE state = 'pending'"
        )


def mirror() -> list[Any]:
    """What we hold of all returns, without when and from where it came to us."""
    provenance = {
        *("id", "as_of", "as_of_source", "verified_at", "first_seen_at", "changed_at", "version"),
        *("sent_at", "content_sha256", "refetch_at"),
    }
    names = [field.name for field in Rma._meta.fields if field.name not in provenance]
    return [
        {
            **{name: getattr(rma, name) for name in names},
            "items": list(
                rma.items.filter(removed_at=None).values_list("line_key", "quantity", "states")
            ),
            "money": list(
                rma.transactions.order_by("narvar_id").values_list("narvar_id", "amount")
            ),
        }
        for rma in Rma.objects.order_by("shop", "rma_number")
    ]


def history() -> list[Any]:
    rows = RmaEvent.objects.order_by("rma__rma_number", "id")
    return list(rows.values_list("rma__rma_number", "verb", "text", "applied"))


def forget_everything() -> None:
    """Back to an empty mirror, without touching shop and people."""
    with connection.cursor() as cursor:
        counts = "returns_workcount, returns_casecount"
        cursor.execute(f"TRUNCATE returns_rma, messaging_event, {counts} CASCADE")
