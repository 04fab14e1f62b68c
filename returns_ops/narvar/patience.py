"""How long Narvar has been waiting: an answer that comes too late is a delivery made twice."""

import re
import time

# Narvar hangs up after six seconds; what waited three before we saw it is not even begun.
LONGEST_QUEUE = 3.0
LONGEST_ANSWER = 4.0
# Beyond this it is the proxy's clock that is wrong: a proxy gives up long before.
ABSURD = 60.0

_STAMP = re.compile(r"\s*(?:t=)?(\d{10})(?:\.(\d{1,6})|(\d{3})|(\d{6}))?\s*")


class Patience:
    """Runs from the moment the proxy took the request, if it says when, else from now."""

    def __init__(self, request_start: str) -> None:
        self._began = time.monotonic()
        self._queued = queued_seconds(request_start, time.time()) if request_start else 0.0

    @property
    def seconds(self) -> float:
        """Since we began to look at the request."""
        return time.monotonic() - self._began

    @property
    def is_late(self) -> bool:
        return self._queued > LONGEST_QUEUE

    @property
    def is_over(self) -> bool:
        return self._queued + self.seconds > LONGEST_ANSWER


def queued_seconds(stamp: str, now: float) -> float:
    """From `t=1700000000.123` in seconds, or without a point in milli- or microseconds."""
    match = _STAMP.fullmatch(stamp)
    if not match:
        return 0.0
    whole, *fractions = match.groups()
    waited = now - float(f"{whole}.{next(filter(None, fractions), '0')}")
    return waited if 0 < waited < ABSURD else 0.0
