"""Webhook bodies of about the usual size, as many as wanted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).resolve().parents[1] / "tests" / "narvar" / "payloads"


def template() -> dict[str, Any]:
    path = PAYLOADS / "approved__multi_item_split_quantity.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def bodies(count: int, prefix: str) -> Iterator[bytes]:
    """One body for each of `count` RMAs."""
    document = template()
    for number in range(count):
        document["rma_number"] = f"{prefix}{number:08d}"
        document["order_number"] = f"{prefix}{number}"
        for transaction in document["transactions"]:
            transaction["id"] = f"txn-{prefix}-{number}"
        for line, item in enumerate(document["items"]):
            item["item_id"] = f"{13_000_000_000 + number * 10 + line}"
        yield json.dumps(document).encode()
