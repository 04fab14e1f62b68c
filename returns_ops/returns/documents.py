"""The parts of a snapshot kept as JSON documents on the RMA: policy, fees, errors, versions.

Dates are ISO 8601 in UTC, amounts are text in major units.
"""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from returns_ops.returns.snapshot import RmaSnapshot


def plain(value: Any) -> Any:
    """Anything of a snapshot as JSON can hold it."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def documents_of(snapshot: RmaSnapshot) -> dict[str, Any]:
    return {
        "policy": [plain(vars(track)) for track in snapshot.policy],
        "fees": [plain(vars(fee)) for fee in snapshot.fees],
        "errors": [plain(vars(error)) for error in snapshot.errors],
        "versions": [
            plain({"at": version.at, "changes": version.changes, "edited_by": version.edited_by})
            for version in snapshot.versions
        ],
        "extra": plain(snapshot.extra),
    }


def policy_track(policy: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((track for track in policy if track.get("name") == name), {})
