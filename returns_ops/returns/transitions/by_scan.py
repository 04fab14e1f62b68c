"""A return under a scanner: opened, or one unit of it counted. Each row of it is read once.

In the caller's transaction: what is refused is refused before anything is written.
"""

from django.db import transaction

from returns_ops.returns.models import BoxArrival, Package, ReceiptLine, Rma
from returns_ops.returns.preview import Bundle, commands_about
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.claiming import claim, claim_unsaved
from returns_ops.returns.transitions.lines import Outcome
from returns_ops.returns.transitions.receiving import (
    Bench,
    box_called,
    enter_units,
    finish,
    item_of,
    kept,
    note_counted,
    note_down,
    outcome_here,
    place_of,
    take_up,
)
from returns_ops.returns.transitions.standing import Known


@transaction.atomic
def open_return(rma_id: int, *, bench: Bench, package_id: int | None = None) -> tuple[str, Bundle]:
    """As `open_scanned`, in a transaction of its own."""
    return open_scanned(rma_id, bench=bench, package_id=package_id)


def open_scanned(rma_id: int, *, bench: Bench, package_id: int | None = None) -> tuple[str, Bundle]:
    """A box was scanned: it is here, and in this person's hands.

    One sentence for them, and all that was read of the return.
    """
    rma = take_up(rma_id, bench, "packages")
    boxes = [one for one in rma.packages.all() if one.removed_at is None]
    package = _named(rma, package_id) or (boxes[0] if len(boxes) == 1 else None)
    here = {one.package_id for one in rma.arrivals.all()}
    asks = package is None and bool(boxes)
    if not asks and (package.pk if package else None) not in here:
        return _arrive(rma, package, bench, here)
    claim(rma, by=bench.by)
    which = f" It comes in {len(boxes)} boxes: say which one this is." if asks else ""
    return f"{rma} opened.{which}", Bundle(rma, arrived=here)


def _arrive(
    rma: Rma, package: Package | None, bench: Bench, here: set[int | None]
) -> tuple[str, Bundle]:
    BoxArrival.objects.create(rma=rma, package=package, by=bench.by, bench=bench.name)
    here.add(package.pk if package else None)
    box = box_called(package)
    event = note_down(rma, bench, "arrive", f"{box} arrived{place_of(bench)}")
    bundle = _finished(rma, here, also=claim_unsaved(rma, by=bench.by))
    return f"{rma} opened. {box} is here.", bundle.having(newest=event.pk)


def _named(rma: Rma, package_id: int | None) -> Package | None:
    if package_id is None:
        return None
    found = next((one for one in rma.packages.all() if one.pk == package_id), None)
    if found is None:
        raise Refused("This box does not belong to this return.")
    return found


def count_scanned(
    rma_id: int, item_id: int, *, bench: Bench, decision: str | None = None
) -> tuple[ReceiptLine, Bundle]:
    """One more unit of an item, in the box that this person scanned last."""
    rma = take_up(rma_id, bench, "packages")
    item = item_of(rma, item_id)
    if item.keep_the_item:
        raise kept(item)
    lines = list(rma.receipt_lines.all())
    arrivals = list(rma.arrivals.order_by("at"))
    at_hand = [one for one in arrivals if one.by_id == bench.by.pk][-1:]
    line = enter_units(
        rma,
        item,
        1,
        Outcome(decision=outcome_here(rma, decision), package=_box_of(rma, at_hand)),
        by=bench.by,
        entered=[one for one in lines if one.item_id == item.pk and one.decision != Decision.CLAIM],
    )
    event = note_counted(rma, item, 1, bench)
    here = {one.package_id for one in arrivals}
    if not at_hand and None not in here:
        BoxArrival.objects.create(rma=rma, by=bench.by, bench=bench.name)
        here.add(None)
    if line not in lines:
        lines.append(line)
    bundle = _finished(rma, here, lines)
    return line, bundle.having(just_counted=line.pk, newest=event.pk)


def _box_of(rma: Rma, arrivals: list[BoxArrival]) -> Package | None:
    ids = {one.package_id for one in arrivals}
    return next((box for box in rma.packages.all() if box.pk in ids), None)


def _finished(
    rma: Rma,
    here: set[int | None],
    lines: list[ReceiptLine] | None = None,
    *,
    also: list[str] | None = None,
) -> Bundle:
    commands = list(commands_about(rma))
    known = Known(
        items=rma.items.all(),
        lines=lines,
        arrived={rma.pk: here},
        commands=commands[::-1],
    )
    return finish(rma, known, also=also or ()).having(commands=commands)
