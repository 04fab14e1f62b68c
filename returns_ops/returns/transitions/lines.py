"""Receipt lines: made, joined, bound to the command that tells them, and freed again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.returns.models import Package, ReceiptLine, Rma, RmaItem
from returns_ops.returns.plan import PlannedUnits
from returns_ops.returns.states import Decision

MADE = "made_lines"  # in a command's summary: lines that only that decision made


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What sets units of one item apart from others."""

    decision: str = ""
    in_hand: bool = True
    grade: str = ""
    reason: str = ""
    note: str = ""
    package: Package | None = None

    def __post_init__(self) -> None:
        if self.decision == Decision.NOT_RECEIVED and self.in_hand:
            object.__setattr__(self, "in_hand", False)


def add_units(
    rma: Rma,
    item: RmaItem | None,
    quantity: int,
    outcome: Outcome,
    *,
    by: User,
    sku: str = "",
    among: Sequence[ReceiptLine] | None = None,
) -> ReceiptLine:
    """The caller holds the RMA's lock. Units with the same outcome are one line.

    `among` are the lines of the item, where they were read under the same lock.
    """
    alike = {**vars(outcome), "item": item, "sku": sku}
    if among is None:
        among = list(rma.receipt_lines.filter(command=None, **alike))
    free = [line for line in among if line.command_id is None and _is_alike(line, outcome, sku)]
    line = min(free, key=lambda one: one.pk, default=None)
    if line is None:
        return ReceiptLine.objects.create(rma=rma, quantity=quantity, entered_by=by, **alike)
    line.quantity += quantity
    line.changed_at = Now()
    line.save(update_fields=["quantity", "changed_at"])
    return line


def _is_alike(line: ReceiptLine, outcome: Outcome, sku: str) -> bool:
    package_id = outcome.package.pk if outcome.package else None
    told = {name: value for name, value in vars(outcome).items() if name != "package"}
    same = all(getattr(line, name) == value for name, value in told.items())
    return same and (line.package_id, line.sku) == (package_id, sku)


def take_units(line: ReceiptLine, quantity: int = 1) -> None:
    """So many units less; a line without units is gone."""
    if line.quantity <= quantity:
        line.delete()
        return
    line.quantity -= quantity
    line.changed_at = Now()
    line.save(update_fields=["quantity", "changed_at"])


def bind(command: Command, units: Iterable[PlannedUnits], rma: Rma, *, by: User) -> list[int]:
    """Freeze what the command tells; the ids of the lines made for it."""
    units = list(units)
    entered = [one.line.pk for one in units if one.line is not None]
    ReceiptLine.objects.filter(pk__in=entered).update(command=command)
    made = ReceiptLine.objects.bulk_create(
        ReceiptLine(
            rma=rma,
            item=one.item,
            quantity=one.quantity,
            in_hand=False,
            decision=one.decision,
            command=command,
            entered_by=by,
        )
        for one in units
        if one.line is None
    )
    return [line.pk for line in made]


def release(command: Command) -> None:
    """The command ended without effect: what it told may be decided anew, its own lines go."""
    ReceiptLine.objects.filter(command=command).update(command=None)
    ReceiptLine.objects.filter(pk__in=command.summary.get(MADE, []), command=None).delete()
