"""What an approval would tell Narvar: the units the bench entered, and what is said of the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import models

from returns_ops.returns.models import ReceiptLine, RmaItem
from returns_ops.returns.refunds import UnitsFacts
from returns_ops.returns.states import Decision


class Rest(models.TextChoices):
    """What to say of units that nobody has entered."""

    AS_EXPECTED = "as_expected", "As expected"
    MISSING = "missing", "Missing"
    LATER = "later", "In another box"
    NONE = "none", "There is no rest"


@dataclass(frozen=True, kw_only=True)
class PlannedUnits:
    item: RmaItem | None
    sku: str
    quantity: int
    decision: str
    line: ReceiptLine | None = None  # none: nobody entered them, they are the rest
    told: bool = False

    @property
    def name(self) -> str:
        return self.sku or (self.item.item_id if self.item else "")


@dataclass(frozen=True, kw_only=True)
class Plan:
    told: tuple[PlannedUnits, ...]
    to_tell: tuple[PlannedUnits, ...]
    rest: Rest
    open_units: int  # nobody has entered them, and nothing is said of them
    undecided: int
    awaited: int = 0  # nobody has entered them, and they should arrive
    too_many: tuple[str, ...] = ()  # of which more is entered than the return has, in words

    @property
    def units(self) -> tuple[UnitsFacts, ...]:
        return tuple(_facts(one) for one in (*self.told, *self.to_tell))

    @property
    def claims_only(self) -> bool:
        return bool(self.to_tell) and all(one.decision == Decision.CLAIM for one in self.to_tell)

    @property
    def is_whole(self) -> bool:
        """Everything is accepted, and at once: Narvar's own calculation holds."""
        return not self.told and all(
            one.decision in (Decision.APPROVED, Decision.APPROVED_NO_RESTOCK)
            for one in self.to_tell
        )


def plan(items: Sequence[RmaItem], lines: Sequence[ReceiptLine], rest: Rest) -> Plan:
    """`items` are the lines of the return as Narvar has it now, without those removed."""
    by_id = {item.pk: item for item in items}
    known = [one for line in lines if (one := _entered(line, by_id)) is not None]
    remainder = list(_remainder(items, lines))
    said = [_said_of(item, quantity, rest) for item, quantity in remainder]
    return Plan(
        told=tuple(one for one in known if one.told),
        to_tell=(
            *(one for one in known if not one.told and one.decision),
            *(one for one in said if one is not None),
        ),
        rest=rest,
        open_units=_awaited(remainder) if rest == Rest.NONE else 0,
        undecided=sum(one.quantity for one in known if not one.decision),
        awaited=_awaited(remainder),
        too_many=tuple(_too_many(known)),
    )


def _awaited(remainder: Iterable[tuple[RmaItem, int]]) -> int:
    return sum(quantity for item, quantity in remainder if not item.keep_the_item)


def _too_many(known: Sequence[PlannedUnits]) -> Iterable[str]:
    """Narvar lowered a quantity after the units were entered, or what a claim is about was
    undone. What was told stays told."""
    for item in {one.item: None for one in known if one.item and not one.told}:
        own = [one for one in known if one.item == item]
        claims = [one for one in own if one.decision == Decision.CLAIM]
        told = sum(one.quantity for one in own if one.told and one not in claims)
        entered = sum(one.quantity for one in own if one not in claims)
        claimed = sum(one.quantity for one in claims)
        name = item.sku or item.item_id if item else ""
        if item and entered > item.quantity and entered > told:
            yield f"{entered} of {name} are entered, of {item.quantity}"
        if claimed > told and not all(one.told for one in claims):
            yield f"{claimed} of {name} are claimed, of {told} that Narvar was told of"


def _entered(line: ReceiptLine, by_id: dict[int, RmaItem]) -> PlannedUnits | None:
    """A line of ours as Narvar is to hear it; None: it is for our eyes only."""
    item = by_id.get(line.item_id) if line.item_id else None
    if item is None and (line.item_id or _is_known_sku(line.sku, by_id.values())):
        # The item is gone from the return, or one more came of a SKU that is in it: named by
        # its SKU, Narvar would take it for the line it knows.
        return None
    return PlannedUnits(
        item=item,
        sku=item.sku if item else line.sku,
        quantity=line.quantity,
        decision=line.decision,
        line=line,
        told=line.command_id is not None,
    )


def _is_known_sku(sku: str, items: Iterable[RmaItem]) -> bool:
    return sku.casefold() in {item.sku.casefold() for item in items}


def _remainder(
    items: Sequence[RmaItem], lines: Sequence[ReceiptLine]
) -> Iterable[tuple[RmaItem, int]]:
    for item in items:
        entered = sum(
            line.quantity
            for line in lines
            if line.item_id == item.pk and line.decision != Decision.CLAIM
        )
        if item.quantity > entered:
            yield item, item.quantity - entered


def _said_of(item: RmaItem, quantity: int, rest: Rest) -> PlannedUnits | None:
    """Kept goods are never missing and come in no box: they are approved with the last call."""
    if rest == Rest.LATER or (rest == Rest.NONE and not item.keep_the_item):
        return None
    missing = rest == Rest.MISSING and not item.keep_the_item
    decision = Decision.NOT_RECEIVED if missing else Decision.APPROVED
    return PlannedUnits(item=item, sku=item.sku, quantity=quantity, decision=decision.value)


def _facts(one: PlannedUnits) -> UnitsFacts:
    exchanged = bool(one.item and one.item.transaction_type not in ("", "return"))
    return UnitsFacts(
        name=one.name,
        quantity=one.quantity,
        decision=one.decision,
        unit_value=_paid(one.item),
        refundable=one.item is not None and not exchanged,
        told=one.told,
        in_return=one.item is not None,
    )


def _paid(item: RmaItem | None) -> Decimal | None:
    if item is None:
        return None
    return item.unit_final if item.unit_final is not None else item.unit_price
