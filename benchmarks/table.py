from dataclasses import dataclass


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
