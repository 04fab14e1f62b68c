"""What became of each line of a return: what the bench found of it, and what was decided."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from returns_ops.dashboard.show.bench import TONES
from returns_ops.dashboard.show.formats import money
from returns_ops.dashboard.show.words import word
from returns_ops.returns.models import ReceiptLine, Rma, RmaItem
from returns_ops.returns.rules import grades_of
from returns_ops.returns.states import Decision

NOT_SCANNED = "Nobody scanned it: said of the rest"
When = Callable[[ReceiptLine], str]


class UnitsFound(NamedTuple):
    quantity: int
    label: str
    tone: str
    grade: str
    reason: str
    note: str
    by: str
    when: str  # told to Narvar, and by what; or not at all


class ItemFound(NamedTuple):
    name: str
    quantity: int
    total: str
    reason: str
    comment: str
    keeps: bool
    units: list[UnitsFound]


def told_or_not(line: ReceiptLine) -> str:
    return "told to Narvar" if line.command_id else ""


def found_in(
    rma: Rma,
    *,
    when: When = told_or_not,
    lines: Sequence[ReceiptLine] | None = None,
    items: Sequence[RmaItem] | None = None,
) -> list[ItemFound]:
    """Its items in order, and what lay in the box beside them. Three queries, or one where its
    lines (with who entered them) and its items were read already."""
    if lines is None:
        lines = list(rma.receipt_lines.select_related("entered_by"))
    grades = {grade.code: grade.name for grade in grades_of(rma.shop)}
    units = {line.pk: _units(line, when, grades) for line in lines}
    found = [
        _item(rma, item, [units[line.pk] for line in lines if line.item_id == item.pk])
        for item in (rma.items.filter(removed_at=None) if items is None else items)
    ]
    strangers = (line for line in lines if line.item_id is None)
    return [*found, *(_stranger(line, units[line.pk]) for line in strangers)]


def _item(rma: Rma, item: RmaItem, units: Iterable[UnitsFound]) -> ItemFound:
    reasons = (item.reason, item.child_reason)
    return ItemFound(
        name=item.sku or item.item_id or "Item without a SKU",
        quantity=item.quantity,
        total=money(item.total_price, rma.currency),
        reason=" · ".join(word({}, text) for text in reasons if text),
        comment=item.comment,
        keeps=item.keep_the_item,
        units=list(units),
    )


def _stranger(line: ReceiptLine, units: UnitsFound) -> ItemFound:
    return ItemFound(line.sku, line.quantity, "", "", "", False, [units])


def _units(line: ReceiptLine, when: When, grades: dict[str, str]) -> UnitsFound:
    rest = line.decision != Decision.NOT_RECEIVED and not line.in_hand
    return UnitsFound(
        quantity=line.quantity,
        label=str(Decision(line.decision).label) if line.decision else "Not decided yet",
        tone=TONES[Decision(line.decision)] if line.decision else "warn",
        grade=grades.get(line.grade, line.grade),
        reason=line.reason,
        note=line.note,
        by=NOT_SCANNED if rest else f"entered by {line.entered_by.known_as}",
        when=when(line),
    )
