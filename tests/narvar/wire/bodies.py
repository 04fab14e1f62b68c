"""Bodies to read: the examples, and small ones that show one fact."""

import json
from pathlib import Path
from typing import Any

from returns_ops.narvar import wire
from returns_ops.returns.snapshot import ItemSnapshot, RmaSnapshot

PAYLOADS = Path(__file__).parent.parent / "payloads"
EXAMPLES = sorted(path.name for path in PAYLOADS.glob("*__*.json"))


def example(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(example(name))
    return found


def rma(**changes: Any) -> dict[str, Any]:
    return {"rma_number": "LKR4T9QH2A", "return_status": "initiated", **changes}


def read(**changes: Any) -> RmaSnapshot:
    """What becomes of an RMA that is plain but for these fields."""
    return wire.parse(json.dumps(rma(**changes)).encode())


def read_item(**changes: Any) -> tuple[ItemSnapshot, tuple[str, ...]]:
    found = read(items=[{"sku": "CAMP-MUG-RED", "quantity": 1, **changes}])
    return found.items[0], found.flags
