"""Works a refund out, line by line. Pure; money in major units of one currency.

Narvar's own figure, the refund calculated at the time of return, is the start: it is net of
fees. What is not accepted is taken off at what the customer paid for it. So a rounding of ours
can never add up to more than Narvar's figure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from returns_ops.returns.money import exponent, rounded
from returns_ops.returns.states import Decision

ACCEPTED = {Decision.APPROVED, Decision.APPROVED_NO_RESTOCK}
NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class UnitsFacts:
    """Units of one line of the return that share an outcome."""

    name: str
    quantity: int
    decision: str
    unit_value: Decimal | None = None  # what the customer paid for one, with tax
    refundable: bool = True  # an exchange brings goods, not money
    told: bool = False  # by an earlier call
    in_return: bool = True

    @property
    def accepted(self) -> bool:
        return self.decision in ACCEPTED

    @property
    def value(self) -> Decimal | None:
        if not self.refundable:
            return NOTHING
        return None if self.unit_value is None else self.unit_value * self.quantity


@dataclass(frozen=True, kw_only=True)
class WorkedLine:
    text: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Worked:
    """`amount` None: it cannot be worked out, `problem` says why."""

    lines: tuple[WorkedLine, ...]
    amount: Decimal | None
    problem: str = ""


def work_out(
    units: Iterable[UnitsFacts],
    *,
    estimate: Decimal | None,
    fees: Iterable[tuple[str, Decimal]],
    refunded: Decimal,
    left: Decimal | None,
    currency: str,
) -> Worked:
    """What is due for the units that are accepted, at most what is left."""
    all_units = [one for one in units if one.in_return]
    if estimate is None or left is None:
        return Worked(lines=(), amount=None, problem="Narvar has not told us how much it is.")
    off = [one for one in all_units if not one.accepted]
    unpriced = next((one for one in off if one.value is None), None)
    if unpriced is not None:
        told = f"Narvar has not told us what was paid for {unpriced.name}: enter the amount."
        return Worked(lines=(), amount=None, problem=told)
    taken_off = sum((one.value or NOTHING for one in off), NOTHING)
    exact = estimate - taken_off - refunded
    due, why = _due(exact, left, currency)
    lines = _lines(all_units, estimate=estimate, fees=list(fees), refunded=refunded)
    if due != exact:
        lines = (*lines, WorkedLine(text=why, amount=due - exact))
    return Worked(lines=lines, amount=due)


def _due(exact: Decimal, left: Decimal, currency: str) -> tuple[Decimal, str]:
    """What can be paid of an amount, and why it is another one."""
    unit = Decimal(1).scaleb(-exponent(currency))
    most = left.quantize(unit, ROUND_DOWN)
    if exact < 0:
        return NOTHING, "More is taken off than there is"
    if rounded(exact, currency) > most:
        return most, "At most what is left of Narvar's figure"
    return rounded(exact, currency), "Rounded"


def _lines(
    units: list[UnitsFacts],
    *,
    estimate: Decimal,
    fees: list[tuple[str, Decimal]],
    refunded: Decimal,
) -> tuple[WorkedLine, ...]:
    """Goods, fees, and whatever else makes Narvar's figure; then what is not accepted."""
    goods = _by_name(units)
    kept = [WorkedLine(text=name, amount=-fee) for name, fee in fees if fee]
    explained = sum((line.amount for line in [*goods, *kept]), NOTHING)
    found = [*goods, *kept]
    if explained != estimate:
        found.append(WorkedLine(text="Other, by Narvar's figure", amount=estimate - explained))
    off = _by_name([one for one in units if not one.accepted])
    found += [WorkedLine(text=f"{one.text} not accepted", amount=-one.amount) for one in off]
    if refunded:
        found.append(WorkedLine(text="Refunded already", amount=-refunded))
    return tuple(found)


def _by_name(units: list[UnitsFacts]) -> list[WorkedLine]:
    """Units of one name are one line, whatever becomes of them."""
    totals: dict[str, tuple[int, Decimal]] = {}
    for one in units:
        if one.value:
            quantity, value = totals.get(one.name, (0, NOTHING))
            totals[one.name] = (quantity + one.quantity, value + one.value)
    return [
        WorkedLine(text=f"{quantity} × {name}", amount=value)
        for name, (quantity, value) in totals.items()
    ]


def percentage(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """So many per cent of an amount, half up at the currency's unit."""
    unit = Decimal(1).scaleb(-exponent(currency))
    return (amount * percent / 100).quantize(unit, ROUND_HALF_UP)
