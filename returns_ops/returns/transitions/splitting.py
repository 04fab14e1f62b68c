"""An item said anew: so many units with this outcome, so many with that."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.returns.models import ReceiptLine, Rma, RmaItem
from returns_ops.returns.transitions.approval import Stale
from returns_ops.returns.transitions.lines import Outcome, add_units
from returns_ops.returns.transitions.receiving import (
    Bench,
    Part,
    TooMany,
    at_work,
    entered_of,
    item_of,
    judged,
    note_down,
    said_of,
)

COMPARED = ("decision", "in_hand", "grade", "reason", "note")


@transaction.atomic
def split_item(
    rma_id: int, item_id: int, parts: Sequence[Part], *, bench: Bench, version: int
) -> None:
    """Say of an item anew what became of its units; what was told to Narvar stays."""
    with at_work(rma_id, bench) as rma:
        if rma.version != version:
            raise Stale(f"{rma} changed while you looked at it.")
        item = item_of(rma, item_id)
        parts = [part for part in parts if part.quantity]
        outcomes = [(part.quantity, judged(rma, part, None)) for part in parts]
        told = sum(line.quantity for line in entered_of(item) if line.command_id)
        wanted = sum(part.quantity for part in parts)
        if wanted and wanted + told > item.quantity:
            most = max(item.quantity - told, 0)
            raise TooMany(f"{wanted} units entered, but only {most} of {item.sku} are to decide.")
        _rewrite(rma, item, outcomes, bench)
        said = ", ".join(f"{part.quantity} {said_of(part)}" for part in parts) or "nothing entered"
        note_down(rma, bench, "decide", f"{item.sku}: {said}")


def _rewrite(rma: Rma, item: RmaItem, outcomes: list[tuple[int, Outcome]], bench: Bench) -> None:
    """A line with the same decision keeps its row, so that photos and scans stay with it."""
    free = [line for line in entered_of(item) if line.command_id is None]
    kept: list[tuple[ReceiptLine, int, Outcome]] = []
    added: list[tuple[int, Outcome]] = []
    for quantity, outcome in outcomes:
        same = [line for line in free if line.decision == outcome.decision]
        line = next((one for one in same if _is(one, outcome)), None) or next(iter(same), None)
        if line is None:
            added.append((quantity, outcome))
            continue
        free.remove(line)
        kept.append((line, quantity, outcome))
    for line in free:
        line.delete()
    # Fewer first: at no moment may the rows add up to more than the item has.
    for line, quantity, outcome in sorted(kept, key=lambda one: one[1] - one[0].quantity):
        _change(line, quantity, outcome)
    for quantity, outcome in added:
        add_units(rma, item, quantity, outcome, by=bench.by)


def _change(line: ReceiptLine, quantity: int, outcome: Outcome) -> None:
    line.quantity, line.changed_at = quantity, Now()
    for name in COMPARED:
        setattr(line, name, getattr(outcome, name))
    line.save()


def _is(line: ReceiptLine, outcome: Outcome) -> bool:
    return all(getattr(line, name) == getattr(outcome, name) for name in COMPARED)
