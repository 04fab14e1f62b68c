"""What benchmarks print, and write as JSON beside the date, the machine and the versions."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import django
from django.db import connection

KEPT = Path(__file__).resolve().parents[1] / "var" / "benchmarks"


@dataclass(frozen=True)
class Row:
    """One measurement; `goal` says in words what is wanted of it."""

    what: str
    value: str
    goal: str = ""


def show(rows: list[Row]) -> None:
    widths = [max(len(getattr(row, name)) for row in rows) for name in ("what", "value", "goal")]
    for row in [Row("what", "measured", "goal"), *rows]:
        cells = zip((row.what, row.value, row.goal), [max(w, 8) for w in widths], strict=True)
        print(" | ".join(cell.ljust(width) for cell, width in cells).rstrip())


def keep(names: list[str], rows: list[Row]) -> Path:
    """Writes `var/benchmarks/<names>-<time>.json` and says where."""
    now = datetime.now(UTC)
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{'-'.join(names)}-{now:%Y%m%dT%H%M%SZ}.json"
    document = {"at": now.isoformat(), **machine(), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return path


def machine() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": server,
    }


def told(measured: list[float], digits: int = 0) -> str:
    """The median, and from where to where."""
    low, middle, high = min(measured), statistics.median(measured), max(measured)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def over(ours: list[float], peers: list[float], digits: int = 1) -> str:
    """The ratio of what was measured in the same round."""
    return told([mine / peer for mine, peer in zip(ours, peers, strict=True)], digits)
