"""The columns of an RMA that are Narvar's, from a snapshot, and what changed between two."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from returns_ops.returns.documents import documents_of, plain
from returns_ops.returns.models import Rma
from returns_ops.returns.snapshot import RmaSnapshot

# Same name and meaning in the snapshot and on the row.
COPIED = [
    "narvar_status",
    "order_number",
    "retailer_name",
    "return_method",
    "gift",
    "is_shop_now_return",
    "email",
    "locale",
    "origin_postal_code",
    "origin_city",
    "origin_country",
    "estimated_refund",
    "restocking_fee",
    "refund_method",
    "label_url",
    "currency",
    "shop_currency",
    "shopify_order_id",
    "original_shopify_order_id",
    "charge_payment_id",
    "transaction_id",
]
DOCUMENTS = ["policy", "fees", "errors", "versions", "extra"]
COUNTED = ["created_at", "item_count", "total", "items_text", "deadline_at"]
MIRRORED = [*COPIED, *DOCUMENTS, *COUNTED]
SHOWN_ITEMS = 3


def facts_of_snapshot(snapshot: RmaSnapshot, received_at: datetime) -> dict[str, Any]:
    """Every mirrored column, as the snapshot has it."""
    return {
        **{name: getattr(snapshot, name) for name in COPIED},
        **documents_of(snapshot),
        "created_at": snapshot.created_at or received_at,
        "item_count": sum(item.quantity for item in snapshot.items),
        "total": _total(snapshot),
        "items_text": _items_text(snapshot),
        "deadline_at": _deadline(snapshot),
    }


def facts_of_row(rma: Rma) -> dict[str, Any]:
    return {name: getattr(rma, name) for name in MIRRORED}


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """field: [before, after], as JSON can hold it, for the fields that differ."""
    return {
        name: [plain(before[name]), plain(after[name])]
        for name in MIRRORED
        if before[name] != after[name]
    }


def _total(snapshot: RmaSnapshot) -> Decimal:
    """What the customer paid for the units that come back."""
    return sum(
        (
            item.quantity * (item.prices_presentment.get("final") or item.unit_price or Decimal(0))
            for item in snapshot.items
        ),
        Decimal(0),
    )


def _items_text(snapshot: RmaSnapshot) -> str:
    named = [f"{item.quantity} × {item.sku or item.item_id}" for item in snapshot.items]
    more = len(named) - SHOWN_ITEMS
    return ", ".join(named[:SHOWN_ITEMS]) + (f" and {more} more" if more > 0 else "")


def _deadline(snapshot: RmaSnapshot) -> datetime | None:
    """The next automation to run out, of those that have not run."""
    ahead = [
        track.until
        for track in snapshot.policy
        if track.fires_at and track.until and not track.succeeded_at
    ]
    return min(ahead, default=None)
