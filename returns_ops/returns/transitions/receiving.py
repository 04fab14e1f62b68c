"""The bench: a box came, units are counted, and each gets its outcome. Nothing is sent here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Exists, OuterRef

from returns_ops.accounts.models import Membership, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.models import (
    BoxArrival,
    Package,
    ReceiptLine,
    Rma,
    RmaEvent,
    RmaItem,
    Scan,
)
from returns_ops.returns.preview import Bundle
from returns_ops.returns.rules import grades_of, rules_of
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.lines import Outcome, add_units, take_units
from returns_ops.returns.transitions.standing import DERIVED, Known, restate

MOST_UNITS = 9_999
OF_THE_BENCH = {
    Decision.APPROVED,
    Decision.APPROVED_NO_RESTOCK,
    Decision.REJECTED,
    Decision.NOT_RECEIVED,
    Decision.EXCEPTION,
}
OF_A_UNIT_HERE = {"", *OF_THE_BENCH} - {Decision.NOT_RECEIVED}


class TooMany(Refused):
    """More units than the return has: they can be kept as not in this return."""


class NotExpected(Refused):
    """The customer keeps this item: it can be received all the same, on purpose."""


@dataclass(frozen=True)
class Bench:
    """Who works, and where."""

    by: User
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """So many units of an item with one outcome, as a person splits them."""

    quantity: int
    decision: str
    grade: str = ""
    reason: str = ""
    note: str = ""


def note_arrival(rma: Rma, *, bench: Bench, package: Package | None = None) -> bool:
    """The caller holds the RMA's lock. True when this box was not known to be here."""
    _, new = BoxArrival.objects.get_or_create(
        rma=rma, package=package, defaults={"by": bench.by, "bench": bench.name}
    )
    return new


@transaction.atomic
def box_arrived(rma_id: int, *, bench: Bench, package_id: int | None = None) -> Rma:
    """Our own scan of a box at the dock; once per box, whoever scans it."""
    with at_work(rma_id, bench) as rma:
        package = _package(rma, package_id)
        if note_arrival(rma, bench=bench, package=package):
            note_down(rma, bench, "arrive", f"{box_called(package)} arrived{place_of(bench)}")
    return rma


def _box_at_hand(rma: Rma, bench: Bench) -> BoxArrival | None:
    """The box of this return that this person scanned last."""
    return rma.arrivals.filter(by=bench.by).select_related("package").order_by("-at").first()


def box_called(package: Package | None) -> str:
    return f"Box {package.letter}" if package and package.letter else "The box"


@transaction.atomic
def count_unit(
    rma_id: int,
    item_id: int,
    *,
    bench: Bench,
    decision: str | None = None,
    package_id: int | None = None,
    anyway: bool = False,
) -> ReceiptLine:
    """One more unit of an item is here. Raises TooMany, or NotExpected for kept goods."""
    with at_work(rma_id, bench) as rma:
        item = item_of(rma, item_id)
        if item.keep_the_item and not anyway:
            raise kept(item)
        package = _package(rma, package_id)
        if package is not None:
            note_arrival(rma, bench=bench, package=package)
        return _count_one(rma, item, bench, decision, package)


def kept(item: RmaItem) -> NotExpected:
    return NotExpected(f"The customer keeps {item.sku}: it should not arrive.")


def _count_one(
    rma: Rma, item: RmaItem, bench: Bench, decision: str | None, package: Package | None
) -> ReceiptLine:
    decision = outcome_here(rma, decision)
    at_hand = _box_at_hand(rma, bench) if package is None else None
    if at_hand is not None:
        package = at_hand.package
    line = count_units(rma, item, 1, bench=bench, decision=decision, package=package)
    if at_hand is None and package is None:
        note_arrival(rma, bench=bench)
    return line


def count_units(
    rma: Rma,
    item: RmaItem,
    quantity: int,
    *,
    bench: Bench,
    decision: str,
    package: Package | None = None,
) -> ReceiptLine:
    """Several units; the caller holds the RMA's lock, notes the box, and restates the RMA."""
    outcome = Outcome(decision=decision, package=package)
    line = enter_units(rma, item, quantity, outcome, by=bench.by, entered=entered_of(item))
    note_counted(rma, item, quantity, bench)
    return line


def enter_units(
    rma: Rma,
    item: RmaItem,
    quantity: int,
    outcome: Outcome,
    *,
    by: User,
    entered: Sequence[ReceiptLine],
) -> ReceiptLine:
    """Raises TooMany; `entered` is what `entered_of` finds under the RMA's lock."""
    left = _left(rma, item, entered)
    if quantity > left:
        told = f"All {item.quantity} of {item.sku} are counted already."
        raise TooMany(told if left == 0 else f"Only {left} more of {item.sku} are expected.")
    return add_units(rma, item, quantity, outcome, by=by, among=entered)


def note_counted(rma: Rma, item: RmaItem, quantity: int, bench: Bench) -> RmaEvent:
    text = f"{quantity} × {item.sku} received{place_of(bench)}"
    return note_down(rma, bench, "receive", text)


def outcome_here(rma: Rma, decision: str | None) -> str:
    """What a unit that is here becomes, where nobody has said anything yet."""
    if decision is None:
        return first_decision(rma)
    if decision not in OF_A_UNIT_HERE:
        raise Refused("This outcome is not for a unit that is here.")
    return decision


def first_decision(rma: Rma) -> str:
    """What a unit is until somebody says otherwise."""
    return Decision.APPROVED.value if rules_of(rma.shop).scanned_is_good else ""


@transaction.atomic
def keep_stranger(rma_id: int, sku: str, *, bench: Bench, quantity: int = 1) -> ReceiptLine:
    """Something lies in the box that is not in this return, or more of it than expected."""
    sku = sku.strip()[:255]
    if not sku or not 1 <= quantity <= MOST_UNITS:
        raise Refused("Say what it is: scan it, or type its SKU.")
    with at_work(rma_id, bench) as rma:
        note_arrival(rma, bench=bench)
        outcome = Outcome(decision=Decision.INVALID_ITEM)
        line = add_units(rma, None, quantity, outcome, by=bench.by, sku=sku)
        note_down(rma, bench, "stranger", f"{quantity} × {sku}: not in this return")
    return line


@transaction.atomic
def take_back(rma_id: int, line_id: int, *, bench: Bench) -> None:
    """One unit less: it was counted by mistake."""
    with at_work(rma_id, bench) as rma:
        line = _free_line(rma, line_id)
        take_units(line)
        note_down(rma, bench, "take_back", f"1 × {_named(line)} taken back")


@transaction.atomic
def redecide_unit(rma_id: int, line_id: int, part: Part, *, bench: Bench) -> ReceiptLine:
    """Give one unit of a line another outcome: the last that was scanned."""
    with at_work(rma_id, bench) as rma:
        line = _free_line(rma, line_id)
        if line.item is None:
            raise Refused("This is not in the return, so there is nothing to decide of it.")
        if line.decision == Decision.CLAIM:
            raise Refused("A claim is not decided at the bench: take it back, or leave it.")
        item, package = line.item, line.package
        if sum(one.quantity for one in entered_of(item)) > item.quantity:
            raise TooMany(f"The return has only {item.quantity} of {item.sku} now: take one back.")
        outcome = judged(rma, replace(part, quantity=1), package)
        scanned = line.scans.order_by("-id").first()
        take_units(line)
        moved = add_units(rma, item, 1, outcome, by=bench.by)
        if scanned is not None:
            Scan.objects.filter(pk=scanned.pk).update(line=moved)
        note_down(rma, bench, "decide", f"1 × {item.sku}: {said_of(part)}")
    return moved


@transaction.atomic
def receive_all(rma_id: int, *, bench: Bench) -> None:
    """Everything that is still expected is here, as announced."""
    with at_work(rma_id, bench) as rma:
        if not rules_of(rma.shop).all_as_expected:
            raise Refused("This shop wants each unit scanned.")
        items = [(item, _left(rma, item)) for item in _items(rma) if not item.keep_the_item]
        if not any(left for _, left in items):
            raise Refused("Nothing more is expected.")
        note_arrival(rma, bench=bench)
        outcome = Outcome(decision=first_decision(rma))
        for item, left in items:
            if left:
                add_units(rma, item, left, outcome, by=bench.by)
        note_down(rma, bench, "receive", f"All as expected{place_of(bench)}")


@transaction.atomic
def mark_missing(rma_id: int, *, bench: Bench) -> None:
    """What is still expected did not come."""
    with at_work(rma_id, bench) as rma:
        items = [(item, _left(rma, item)) for item in _items(rma) if not item.keep_the_item]
        if not any(left for _, left in items):
            raise Refused("Nothing is missing.")
        outcome = Outcome(decision=Decision.NOT_RECEIVED, in_hand=False)
        for item, left in items:
            if left:
                add_units(rma, item, left, outcome, by=bench.by)
        missing = sum(left for _, left in items)
        note_down(rma, bench, "missing", f"{missing} {'unit' if missing == 1 else 'units'} missing")


@contextmanager
def at_work(rma_id: int, bench: Bench) -> Iterator[Rma]:
    """Lock, permit; then what follows from the change, once."""
    rma = take_up(rma_id, bench)
    yield rma
    finish(rma)


def take_up(rma_id: int, bench: Bench, *with_its: str) -> Rma:
    """Locked, with its items and what else is named."""
    locked = Rma.objects.select_for_update(of=("self",)).select_related("shop__bench_rules")
    held = Membership.objects.granting(Permission.RECEIVE)
    held = held.filter(user=bench.by, shop=OuterRef("shop"))
    permitted = locked.filter(Exists(held)).prefetch_related("items", *with_its)
    rma = permitted.filter(pk=rma_id).order_by().first()
    if rma is None or not bench.by.can_hold(Permission.RECEIVE):
        shop = Rma.objects.select_related("shop").get(pk=rma_id).shop
        raise Refused(f"{bench.by} may not receive returns of {shop}.")
    return rma


def finish(rma: Rma, known: Known | None = None, *, also: Sequence[str] = ()) -> Bundle:
    """Restate and write it, with the fields that the caller has changed also."""
    rows = restate([rma], known or Known(items=rma.items.all()))
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version", *also])
    return Bundle(
        rma,
        lines=rows.lines.get(rma.pk, []),
        arrived=rows.arrived.get(rma.pk, set()),
        transactions=rows.transactions.get(rma.pk, []),
    )


def _items(rma: Rma) -> list[RmaItem]:
    return [item for item in rma.items.all() if item.removed_at is None]


def item_of(rma: Rma, item_id: int) -> RmaItem:
    found = next((item for item in _items(rma) if item.pk == item_id), None)
    if found is None:
        raise Refused("This item is not in the return any more.")
    return found


def entered_of(item: RmaItem) -> list[ReceiptLine]:
    return list(item.receipt_lines.exclude(decision=Decision.CLAIM))


def _left(rma: Rma, item: RmaItem, entered: Sequence[ReceiptLine] | None = None) -> int:
    lines = entered_of(item) if entered is None else entered
    return max(item.quantity - sum(line.quantity for line in lines), 0)


def _free_line(rma: Rma, line_id: int) -> ReceiptLine:
    line = rma.receipt_lines.select_related("item", "package").filter(pk=line_id).first()
    if line is None:
        raise Refused("This was taken back already.")
    if line.command_id is not None:
        raise Refused("This was decided already. Undo the decision first.")
    return line


def _package(rma: Rma, package_id: int | None) -> Package | None:
    if package_id is None:
        return None
    found = rma.packages.filter(pk=package_id).first()
    if found is None:
        raise Refused("This box does not belong to this return.")
    return found


def judged(rma: Rma, part: Part, package: Package | None) -> Outcome:
    """Judged: a word we know, a grade of this shop, a number of units that can be."""
    if not 1 <= part.quantity <= MOST_UNITS:
        raise Refused(f"{part.quantity} units cannot be.")
    if part.decision and part.decision not in OF_THE_BENCH:
        raise Refused("This outcome is not for the bench.")
    if part.grade and part.grade not in {one.code for one in grades_of(rma.shop)}:
        raise Refused(f"{part.grade} is not a grade of this shop.")
    return Outcome(
        decision=part.decision,
        in_hand=part.decision != Decision.NOT_RECEIVED,
        grade=part.grade,
        reason=part.reason.strip()[:120],
        note=part.note.strip()[:500],
        package=package,
    )


def said_of(part: Part) -> str:
    word = str(Decision(part.decision).label) if part.decision else "not decided"
    return f"{word} ({part.reason})" if part.reason else word


def _named(line: ReceiptLine) -> str:
    return line.item.sku if line.item else line.sku


def place_of(bench: Bench) -> str:
    return f" at {bench.name}" if bench.name else ""


def note_down(rma: Rma, bench: Bench, verb: str, text: str) -> RmaEvent:
    return RmaEvent.objects.create(
        rma=rma, source=RmaEvent.Source.PERSON, verb=verb, text=text, actor=bench.by
    )
