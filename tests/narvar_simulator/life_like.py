"""A stream of returns that live: sent off, delivered, and then waiting for the retailer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tests.narvar_simulator import catalogue
from tests.narvar_simulator.kinds import KINDS
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import Rma

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

_DAY = 86_400
_OVER = {"approved", "rejected", "cancelled_by_user", "cancelled_by_retailer"}
# Out of a hundred; kinds not named come once each and then rarely.
_WEIGHTS = {
    "mail": 24,
    "multi_item": 12,
    "quantities": 10,
    "several_packages": 7,
    "exchange": 8,
    "exception": 4,
    "out_of_stock_exception": 4,
    "unattributed_refund": 4,
}
_PLAIN = {"mail", "multi_item", "quantities", "several_packages", "gift", "printerless_mail"}
_ON_THE_WAY = "on_its_way_to_retailer"
_ARRIVED = "delivered_to_retailer"


class LifeLike:
    def __init__(
        self,
        narvar: Narvar,
        domain: str,
        *,
        per_minute: float = 20,
        backlog: int = 60,
        step_seconds: tuple[float, float] = (5, 60),
        most_open: int = 500,
    ) -> None:
        self._narvar, self._domain = narvar, domain
        self._per_minute, self._backlog = per_minute, backlog
        self._step_seconds, self._most_open = step_seconds, most_open
        self._ended = threading.Event()
        self._deck: list[str] = []
        self._next_birth = time.time()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._take_returns_somewhere()
        self._thread.start()

    def _take_returns_somewhere(self) -> None:
        """Unless the shop has places already, from a life before."""
        with self._narvar.world.lock:
            shop = self._narvar.world.shops[self._domain]
            for location_id, document in catalogue.RETURN_LOCATIONS.items():
                if len(shop.locations) < len(catalogue.RETURN_LOCATIONS):
                    shop.locations[location_id] = {**document, "id": location_id}

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1)

    def _run(self) -> None:
        if not self._own():
            self.make_backlog()
        while not self._ended.wait(0.1):
            self.tick(time.time())

    def tick(self, now: float) -> None:
        for rma in self._own():
            if rma.plan and rma.plan[0]["due"] <= now:
                self._step(rma)
        if now >= self._next_birth and self._per_minute > 0:
            self._next_birth = now + self._narvar.world.rng.expovariate(self._per_minute / 60)
            if sum(rma.status not in _OVER for rma in self._own()) < self._most_open:
                self.bear(self._deal(), "initiated")

    def make_backlog(self) -> None:
        """Returns of the last twelve days, each somewhere on its way."""
        rng = self._narvar.world.rng
        for _ in range(self._backlog):
            kind, now = self._deal(), time.time()
            path = ["initiated", *_path(kind)]
            # What is further along is more often found.
            place = max(rng.randrange(len(path)), rng.randrange(len(path)))
            created = now - rng.uniform(0.5 + 2 * place, 12) * _DAY
            updated = min(now, created + rng.uniform(0.2, 0.9) * (now - created))
            rma = self.bear(kind, path[place], created_at=created, updated_at=updated)
            if kind in _PLAIN and path[place] == _ARRIVED and rng.random() < 0.2:
                self._narvar.advance(self._domain, rma.number, "approved")

    def bear(self, kind: str, status: str, **moments: float) -> Rma:
        narvar = self._narvar
        # In a shop a return is first seen when the customer hands it in.
        first = KINDS[kind].status if kind == "in_store" else status
        with narvar.world.lock:
            wishes = self._rules(kind)
            made = narvar.create_rma(
                self._domain, kind=kind, status=first, send=False, **moments, **wishes
            )
            rma = narvar.world.rma(self._domain, made["rma_number"])
            path = _path(kind)
            ahead = path[path.index(first) + 1 :] if first in path else path
            rma.plan = self._dates(ahead)
            narvar.run_rules(rma, first, with_refund=kind in _PLAIN)
            narvar.post_webhook(rma)
        return rma

    def _own(self) -> list[Rma]:
        with self._narvar.world.lock:
            return [r for r in self._narvar.world.rmas.values() if r.shop == self._domain]

    def _step(self, rma: Rma) -> None:
        with self._narvar.world.lock:
            step = rma.plan.pop(0)
            self._narvar.world.changed()
            if rma.status not in _OVER:
                self._narvar.advance(self._domain, rma.number, step["status"])

    def _dates(self, statuses: list[str]) -> list[Json]:
        due, dates = time.time(), []
        for status in statuses:
            due += self._narvar.world.rng.uniform(*self._step_seconds)
            dates.append({"due": due, "status": status})
        return dates

    def _deal(self) -> str:
        """Every kind once, then by weight."""
        rng = self._narvar.world.rng
        if not self._deck:
            weights = [_WEIGHTS.get(kind, 2) for kind in KINDS]
            seen = {rma.kind for rma in self._own()}
            unseen = [kind for kind in KINDS if kind not in seen]
            self._deck = [*rng.choices(list(KINDS), weights, k=20), *unseen]
            rng.shuffle(self._deck)
            # Unseen kinds come first (the deck is dealt from its end).
            self._deck.sort(key=lambda kind: kind in unseen)
        return self._deck.pop()

    def _rules(self, kind: str) -> Json:
        rng = self._narvar.world.rng
        if kind not in _PLAIN:
            return {}
        moments = ["approved", _ARRIVED, "initiated"]
        return {
            "policy": {
                "refund_at": rng.choices(moments, [80, 13, 7])[0],
                "restock_at": rng.choice(["approved", None]),
            }
        }


def _path(kind: str) -> list[str]:
    """The statuses after `initiated`; where it ends, the return waits for the retailer."""
    end = KINDS[kind].status
    if kind in ("keep_the_item", "cancelled_by_user", "in_store"):
        return [end]
    path = [_ON_THE_WAY, _ARRIVED]
    return path if end in ("initiated", _ARRIVED) else [*path, end]
