"""Jobs that are due later, and the count of what is still under way."""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable

Job = Callable[[], None]


class Scheduler:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Job, bool]] = []
        self._order = itertools.count()
        self._open = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="narvar-scheduler", daemon=True)
        self._thread.start()

    def after(self, seconds: float, job: Job, *, background: bool = False) -> None:
        """Run the job later; one in the background is not waited for by `wait_idle`."""
        with self._changed:
            self._open += 0 if background else 1
            entry = (time.monotonic() + seconds, next(self._order), job, background)
            heapq.heappush(self._due, entry)
            self._changed.notify_all()

    def begin(self) -> None:
        with self._changed:
            self._open += 1

    def done(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def wait_idle(self, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._open <= 0, timeout):
                raise TimeoutError(f"{self._open} webhooks or refunds still due after {timeout} s")

    def forget_all(self) -> None:
        """Drop what has not begun."""
        with self._changed:
            self._open -= sum(1 for entry in self._due if not entry[3])
            self._due = [entry for entry in self._due if entry[3]]
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(timeout=1)

    def _next(self) -> tuple[Job, bool] | None:
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    _, _, job, background = heapq.heappop(self._due)
                    return job, background
                self._changed.wait(wait)
        return None

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            job, background = entry
            try:
                job()
            except Exception:
                traceback.print_exc(file=sys.stderr)
            finally:
                if not background:
                    self.done()
