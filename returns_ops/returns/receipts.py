"""Counting units: what came, what is decided, what is left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from returns_ops.returns.states import NOTHING_ARRIVES, Decision, Receipt


@dataclass(frozen=True, kw_only=True)
class UnitLine:
    """Units that share an outcome, as a receipt line has them."""

    item_id: int | None
    quantity: int
    decision: str = ""
    in_hand: bool = True
    told: bool = False  # a command carries it to Narvar


@dataclass(frozen=True, kw_only=True)
class ExpectedItem:
    item_id: int
    quantity: int
    kept: bool = False  # the customer keeps it: nothing should arrive


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One item's units. A claim speaks of units that were decided before, and counts nowhere."""

    item_id: int
    expected: int
    kept: bool
    in_hand: int
    missing: int
    undecided: int
    told: int
    entered: int

    @property
    def left(self) -> int:
        """Units of which nobody has said anything."""
        return max(self.expected - self.entered, 0)

    @property
    def all_missing(self) -> bool:
        return self.missing >= self.expected

    @property
    def all_seen(self) -> bool:
        """Each unit is here, or known to be missing."""
        return self.in_hand + self.missing >= self.expected


@dataclass(frozen=True, kw_only=True)
class Count:
    """A whole return. Kept items are not waited for."""

    tallies: tuple[Tally, ...]
    strangers: int  # units that are not in this return
    arrived: bool
    nothing_arrives: bool = False  # by its way of return

    @property
    def to_arrive(self) -> int:
        return sum(tally.expected for tally in self._awaited)

    @property
    def in_hand(self) -> int:
        return sum(tally.in_hand for tally in self.tallies)

    @property
    def missing(self) -> int:
        return sum(tally.missing for tally in self.tallies)

    @property
    def left(self) -> int:
        return sum(tally.left for tally in self._awaited)

    @property
    def undecided(self) -> int:
        return sum(tally.undecided for tally in self.tallies)

    @property
    def all_missing(self) -> bool:
        return bool(self._awaited) and all(tally.all_missing for tally in self._awaited)

    @property
    def all_seen(self) -> bool:
        """Line by line: what is kept or too much of one makes up for nothing of another."""
        return all(tally.all_seen for tally in self._awaited)

    @property
    def begun(self) -> bool:
        return any(tally.entered for tally in self.tallies)

    @property
    def untold(self) -> int:
        """Units of which something was said here, and nothing to Narvar."""
        return sum(tally.entered - tally.told for tally in self.tallies)

    @property
    def left_to_decide(self) -> int:
        """Units that still need a word from us, kept ones too."""
        return self.undecided + sum(tally.left for tally in self.tallies)

    @property
    def decided(self) -> bool:
        """Nothing keeps a person from the decision. Kept goods wait for nobody at the bench."""
        return self.begun and not self.undecided and not self.left

    @property
    def unfinished(self) -> bool:
        """Decided is not told: what came in the last box still needs its call."""
        return self.begun and bool(self.left_to_decide or self.untold)

    @property
    def _awaited(self) -> list[Tally]:
        return [] if self.nothing_arrives else [one for one in self.tallies if not one.kept]


def count(
    items: Iterable[ExpectedItem],
    lines: Iterable[UnitLine],
    *,
    arrived: bool = False,
    return_method: str = "",
) -> Count:
    known = list(lines)
    return Count(
        tallies=tuple(_tally(item, known) for item in items),
        strangers=sum(line.quantity for line in known if line.item_id is None),
        arrived=arrived,
        nothing_arrives=return_method in NOTHING_ARRIVES,
    )


def _tally(item: ExpectedItem, lines: list[UnitLine]) -> Tally:
    own = [
        line for line in lines if line.item_id == item.item_id and line.decision != Decision.CLAIM
    ]
    return Tally(
        item_id=item.item_id,
        expected=item.quantity,
        kept=item.kept,
        in_hand=sum(line.quantity for line in own if line.in_hand),
        missing=sum(line.quantity for line in own if line.decision == Decision.NOT_RECEIVED),
        undecided=sum(line.quantity for line in own if not line.decision),
        told=sum(line.quantity for line in own if line.told),
        entered=sum(line.quantity for line in own),
    )


def receipt_of(counted: Count) -> Receipt:
    """What really came, as one word."""
    if counted.all_missing:
        return Receipt.NOT_RECEIVED
    if counted.in_hand:
        return Receipt.RECEIVED if counted.all_seen else Receipt.PARTLY_RECEIVED
    if counted.arrived or counted.strangers:
        return Receipt.ARRIVED
    return Receipt.EXPECTED
