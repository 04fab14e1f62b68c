"""Whether anybody calls a shop's Narvar while it has said that no call is left."""

import time
from collections import Counter, defaultdict

from tests.narvar_simulator import Simulator
from tests.narvar_simulator.records import RequestRecord

# What was under way when the answer came may still arrive.
UNDER_WAY = 1.0
SETTLED = 5.0


class QuotaWatch:
    """Reads the simulator's records before it forgets them: it keeps only the newest."""

    def __init__(self, narvar: Simulator, *, reset: float) -> None:
        self.narvar, self.reset = narvar, reset
        self.seen = 0
        self.operations: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.beyond_the_limit = 0
        self.while_spent: list[RequestRecord] = []
        self._spent_at: dict[str, list[float]] = defaultdict(list)

    def look(self, *, everything: bool = False) -> None:
        """What is older than a moment has its answer."""
        known_until = time.time() + (1 if everything else -SETTLED)
        for record in self._fresh(known_until):
            self.seen = record.number
            self._count(record)

    def _fresh(self, known_until: float) -> list[RequestRecord]:
        fresh = []
        with self.narvar.world.lock:
            for record in reversed(self.narvar.world.requests):
                if record.number <= self.seen:
                    break
                fresh.append(record)
        return [record for record in reversed(fresh) if record.at < known_until]

    def _count(self, record: RequestRecord) -> None:
        self.operations[record.operation] += 1
        self.faults[record.fault or ""] += 1
        spent = self._spent_at[record.shop or ""]
        if any(at + UNDER_WAY < record.at < at + self.reset for at in spent[-8:]):
            self.while_spent.append(record)
        if record.fault == "rate_limited":
            spent.append(record.at)
        elif record.status == 429:
            self.beyond_the_limit += 1
