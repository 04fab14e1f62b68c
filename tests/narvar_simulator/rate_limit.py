"""A fixed window of calls per shop, told in the X-Rate-Limit headers."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Reset": str(self.reset),
        }


class RateLimit:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, domain: str, limit: int, window: float, *, calls: int = 1) -> Quota:
        """Count calls and say what is left; `calls=0` only looks."""
        now = time.monotonic()
        with self._lock:
            ends, used = self._windows.get(domain, (now + window, 0))
            if now >= ends:
                ends, used = now + window, 0
            allowed = used + calls <= limit
            used = min(limit, used + calls)
            self._windows[domain] = (ends, used)
        return Quota(limit, limit - used, max(1, math.ceil(ends - now)), allowed)

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()
