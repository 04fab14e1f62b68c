"""POST /merchant/returns/approval: the body that may move money."""

from collections import Counter
from typing import Any

from returns_ops.narvar.wire.encode import encode
from returns_ops.returns.orders import SHOPIFY_ID, ApprovalOrder, ItemDecision


def write_approval(order: ApprovalOrder) -> bytes:
    """Keys stand in the spec's order. Raises ValueError when Narvar could not tell a line."""
    document: dict[str, Any] = {
        "rma_number": order.rma_number,
        "call_reference_id": str(order.call_reference_id),
        # Narvar's default is true: left out, it would pay.
        "process_refund": order.refund,
    }
    if order.partial_amount is not None:
        document["total_refund_override_amount"] = order.partial_amount
        document["total_refund_override_currency"] = order.currency
    document["items"] = _entries(order)
    document["auto_approve"] = order.auto_approve
    if order.partial_amount is not None:
        document["process_refund_override"] = True
    return encode(document)


def _entries(order: ApprovalOrder) -> list[dict[str, Any]]:
    """One per line and decision: a line may come in several rows, and Narvar knows one."""
    quantities: Counter[tuple[tuple[str, int | str], str]] = Counter()
    for item in order.items:
        quantities[_named(item, order), item.decision] += item.quantity
    return [
        {key: name, "quantity": quantity, "status": decision}
        for ((key, name), decision), quantity in quantities.items()
    ]


def _named(item: ItemDecision, order: ApprovalOrder) -> tuple[str, int | str]:
    match = SHOPIFY_ID.fullmatch(item.item_id)
    if match:
        return "item_id", int(match[1])
    if not item.sku.strip():
        raise ValueError(f"A line of {order.rma_number} has neither a numeric item id nor a SKU")
    if any(other.sku == item.sku and other.line != item.line for other in order.items):
        raise ValueError(f"Two lines of {order.rma_number} share the SKU {item.sku}")
    return "item_sku", item.sku
