"""Everything Narvar knows: shops, RMAs, the ledger and the ids of calls. One lock for all of it."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime

from tests.narvar_simulator.records import Delivery, Json, LedgerRow, Objection, RequestRecord

KEPT_RECORDS = 20_000


@dataclass
class Shop:
    domain: str
    credentials: list[tuple[str, str]]
    limit: int = 300
    window: float = 45.0
    currency: str = "USD"
    webhook: Json | None = None  # url, username, password
    locations: dict[str, Json] = field(default_factory=dict)

    @property
    def retailer(self) -> str:
        return self.domain.split(".")[0].split("-")[0]


@dataclass
class Rma:
    shop: str
    body: Json
    kind: str
    created_at: float
    updated_at: float
    notes: list[str] = field(default_factory=list)
    pending_refunds: list[Json] = field(default_factory=list)
    # What a life-like return has before it: {"due": epoch, "status": ...}.
    plan: list[Json] = field(default_factory=list)
    story_told: bool = False

    @property
    def number(self) -> str:
        return str(self.body["rma_number"])

    @property
    def status(self) -> str:
        return str(self.body["return_status"])


@dataclass
class RememberedCall:
    document: Json
    at: float


class World:
    def __init__(self, seed: int | None = None) -> None:
        self.lock = threading.RLock()
        self.rng = random.Random(seed)
        self.version = 0
        self.clear()
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_RECORDS)
        self.objections: deque[Objection] = deque(maxlen=KEPT_RECORDS)
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT_RECORDS)

    def clear(self) -> None:
        self.sequence = 0
        self.shops: dict[str, Shop] = {}
        self.rmas: dict[tuple[str, str], Rma] = {}
        self.ledger: list[LedgerRow] = []
        self.calls: dict[tuple[str, str], RememberedCall] = {}
        self._last_instant = 0.0

    def next_number(self) -> int:
        self.sequence += 1
        return self.sequence

    def instant(self) -> float:
        """Now, later than any instant given before, so that paging never meets a tie."""
        now = round(time.time(), 6)
        if now <= self._last_instant:
            now = round(self._last_instant + 0.000001, 6)
        self._last_instant = now
        return now

    def rma(self, domain: str, rma_number: str) -> Rma:
        return self.rmas[(domain, rma_number)]

    def touch(self, rma: Rma) -> None:
        rma.updated_at = self.instant()
        self.changed()

    def changed(self) -> None:
        self.version += 1

    def recall(self, shop: str, call_id: str, forget_after: float | None) -> RememberedCall | None:
        known = self.calls.get((shop, call_id))
        if known and forget_after is not None and time.time() - known.at > forget_after:
            del self.calls[(shop, call_id)]
            return None
        return known

    def as_json(self) -> Json:
        return {
            "sequence": self.sequence,
            "shops": [asdict(shop) for shop in self.shops.values()],
            "rmas": [
                {entry.name: getattr(rma, entry.name) for entry in fields(rma)}
                for rma in self.rmas.values()
            ],
            "ledger": [asdict(row) for row in self.ledger],
            "calls": [
                {"shop": shop, "id": call_id, "document": call.document, "at": call.at}
                for (shop, call_id), call in self.calls.items()
            ],
        }

    def load_json(self, saved: Json) -> None:
        """Read everything before touching anything: a half-read file must leave no trace."""
        shops = [Shop(**row) for row in saved["shops"]]
        for shop in shops:
            shop.credentials = [(name, password) for name, password in shop.credentials]
        rmas = [Rma(**row) for row in saved["rmas"]]
        ledger = [LedgerRow(**row) for row in saved["ledger"]]
        calls = {
            (row["shop"], row["id"]): RememberedCall(row["document"], row["at"])
            for row in saved["calls"]
        }
        self.sequence = int(saved["sequence"])
        self.shops = {shop.domain: shop for shop in shops}
        self.rmas = {(rma.shop, rma.number): rma for rma in rmas}
        self.ledger, self.calls = ledger, calls
        self._last_instant = max((rma.updated_at for rma in rmas), default=0.0)


def iso_seconds(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def iso_micros(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
