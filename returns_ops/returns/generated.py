"""Synthetic returns as rows, for benchmarks: the same seed makes the same ones.

The spread is a retailer's: most returns are old and settled, a few weeks of them are open; some
SKUs are in every tenth return and most are rare; a customer comes back three or four times.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from returns_ops.returns.states import NarvarStatus

YEARS = timedelta(days=730)
OPEN_FOR = timedelta(days=21)
RETURNS_OF_A_CUSTOMER = 4
SKUS = 5_000
NAMES = ("JACKET", "SOCK", "BOTTLE", "TEE", "CAP", "BOOT", "SCARF", "TENT")
CARRIERS = (("ups", "1Z{:016d}"), ("usps", "9400{:018d}"), ("fedex", "{:012d}"))
PLACES = (
    ("10001", "New York", "US"),
    ("94103", "San Francisco", "US"),
    ("M5V 2T6", "Toronto", "CA"),
)
REASONS = ("too_small", "too_large", "changed_mind", "damaged", "not_as_described")
METHODS = ["mail"] * 90 + ["in_store"] * 6 + ["keep_the_item"] * 4
STATUSES_WHEN_NEW = [
    *[NarvarStatus.INITIATED] * 32,
    *[NarvarStatus.ON_ITS_WAY] * 33,
    *[NarvarStatus.DELIVERED] * 20,
    *[NarvarStatus.APPROVED] * 12,
    *[NarvarStatus.EXCEPTION] * 2,
    NarvarStatus.OUT_OF_STOCK,
]
STATUSES_WHEN_OLD = [
    *[NarvarStatus.APPROVED] * 1_720,
    *[NarvarStatus.REJECTED] * 80,
    *[NarvarStatus.CANCELLED_BY_USER] * 140,
    *[NarvarStatus.CANCELLED_BY_RETAILER] * 58,
    NarvarStatus.INITIATED,
    NarvarStatus.EXCEPTION,
]


class Line(NamedTuple):
    sku: str
    quantity: int
    cents: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """One return; amounts in cents of USD."""

    number: int
    status: NarvarStatus
    created_at: datetime
    email: str
    method: str
    lines: list[Line]
    carrier: str
    tracking: str
    place: tuple[str, str, str]
    refunded_at: datetime | None

    @property
    def rma_number(self) -> str:
        return f"GN{self.number:08d}"

    @property
    def order_number(self) -> str:
        return str(70_000_000 + self.number)

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def cents(self) -> int:
        return sum(line.quantity * line.cents for line in self.lines)

    @property
    def items_text(self) -> str:
        first = self.lines[0]
        more = f" + {len(self.lines) - 1} more" if len(self.lines) > 1 else ""
        return f"{first.quantity} × {first.sku}{more}"


def made(numbers: range, *, of: int, chance: random.Random, now: datetime) -> Iterator[Made]:
    """These of `of` returns; `now` is the end of the time they are spread over."""
    customers = max(1, of // RETURNS_OF_A_CUSTOMER)
    for number in numbers:
        age = YEARS * chance.random() ** 2
        created_at = now - age
        status = chance.choice(STATUSES_WHEN_NEW if age < OPEN_FOR else STATUSES_WHEN_OLD)
        carrier, tracking = chance.choice(CARRIERS)
        refunded = status == NarvarStatus.APPROVED and chance.random() < 0.9
        yield Made(
            number=number,
            status=status,
            created_at=created_at,
            email=f"customer{chance.randrange(customers)}@example.com",
            method=chance.choice(METHODS),
            lines=[_line(chance) for _ in range(chance.choice((1, 1, 2, 2, 3, 6)))],
            carrier=carrier,
            tracking=tracking.format(chance.randrange(10**12)),
            place=chance.choice(PLACES),
            refunded_at=created_at + age * chance.random() if refunded else None,
        )


def _line(chance: random.Random) -> Line:
    place = int(SKUS * chance.random() ** 3)
    sku = f"{NAMES[place % len(NAMES)]}-{place:05d}"
    return Line(
        sku, chance.choice((1, 1, 1, 2, 3)), chance.randint(500, 20_000), chance.choice(REASONS)
    )
