"""Compact JSON, the same bytes for the same order; a Decimal is written digit by digit."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def encode(document: Mapping[str, Any]) -> bytes:
    return _written(document).encode()


def without_absent(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None and value != ""}


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
