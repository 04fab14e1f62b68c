"""What Narvar would send of many returns: some twice, some late, some that nobody can read."""

import copy
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from benchmarks.bodies import template

STATUSES = ["initiated", "on_its_way_to_retailer", "delivered_to_retailer", "approved"]
BEGINNING = datetime(2026, 10, 1, tzinfo=UTC)
DUPLICATES, LATE, ODD = 0.10, 0.10, 0.05
ODDITIES = [
    b"",
    b"{not json",
    b"[]",
    b'"initiated"',
    b'{"return_status": "initiated"}',
    b'{"rma_number": "", "items": null}',
    b"\xff\xfe{\x00}\x00",
    b"[" * 1000 + b"]" * 1000,
]


@dataclass(frozen=True)
class Delivery:
    """One message; `rma` is -1 for one that nobody can read."""

    webhook_id: str
    rma: int
    step: int

    @property
    def body(self) -> bytes:
        if self.rma < 0:
            return ODDITIES[self.step % len(ODDITIES)]
        return json.dumps(_document(self.rma, self.step)).encode()

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.body).digest()

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "X-Narvar-Webhook-Id": self.webhook_id,
            "X-Narvar-Topic": status(self.step),
            "X-Narvar-API-Version": "1.07",
            "X-Narvar-Timestamp": str(int(moment(self.step).timestamp())),
        }


def number(rma: int) -> str:
    return f"SOAK{rma:07d}"


def status(step: int) -> str:
    return STATUSES[min(step, len(STATUSES) - 1)]


def moment(step: int) -> datetime:
    return BEGINNING + timedelta(hours=step)


def deliveries(count: int, rmas: int, rng: random.Random) -> list[Delivery]:
    """`count` messages in all: the lives of the returns side by side, then the mischief."""
    odd, twice = int(count * ODD), int(count * DUPLICATES)
    plain = count - odd - twice
    found = [Delivery(f"s-{n}", n % rmas, n // rmas) for n in range(plain)]
    late = rng.sample(range(plain), int(plain * LATE))
    for place, other in zip(late, rng.sample(late, len(late)), strict=True):
        found[place], found[other] = found[other], found[place]
    strangers = [Delivery(f"odd-{n}", -1, n) for n in range(odd)]
    return _scattered(found, [*strangers, *rng.sample(found, twice)], rng)


def _scattered(
    found: Sequence[Delivery], more: Sequence[Delivery], rng: random.Random
) -> list[Delivery]:
    places = [(float(place), one) for place, one in enumerate(found)]
    places += [(rng.uniform(0, len(found)), one) for one in more]
    return [one for _, one in sorted(places, key=lambda pair: pair[0])]


@cache
def _template() -> dict[str, Any]:
    return template()


def _document(rma: int, step: int) -> dict[str, Any]:
    document = copy.deepcopy(_template())
    document["rma_number"] = number(rma)
    document["order_number"] = str(rma)
    document["return_status"] = status(step)
    document["transactions"] = []
    for name in document["policy"]:
        if name.endswith("_succeeded_at"):
            document["policy"][name] = None
    at = int(moment(step).timestamp())
    for line in document["items"]:
        states = [{"status": status(step), "quantity": line["quantity"], "timestamp": at}]
        line["current_processing_state"] = states
    return document
