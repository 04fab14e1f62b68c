"""Places where a test may stop a process, to prove that nothing is lost there.

`FAILPOINTS="drain.after_apply:exit"` at the start of a process arms one (several: by comma):
`exit` ends it as kill -9 would, `freeze` stops it as SIGSTOP would, `raise` raises, `sleep:2`
waits. Production refuses to start so.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KILLED = 137
ACTIONS = ("exit", "freeze", "raise", "sleep")
Armed = dict[str, tuple[str, float]]


class FailpointReached(Exception):
    """Raised on purpose, for a test."""


def failpoint(name: str) -> None:
    if name in _armed:
        _act(name, *_armed[name])


def _act(name: str, action: str, seconds: float) -> None:
    if action == "exit":
        os._exit(KILLED)
    if action == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
    if action == "raise":
        raise FailpointReached(name)
    time.sleep(seconds)


def _read(text: str) -> Armed:
    armed: Armed = {}
    for part in filter(None, text.split(",")):
        name, action, seconds = (*part.strip().split(":"), "", "0")[:3]
        if action not in ACTIONS:
            meant = "NAME:exit, NAME:freeze, NAME:raise or NAME:sleep:SECONDS"
            raise ImproperlyConfigured(f"FAILPOINTS: {part!r} is not {meant}")
        armed[name] = (action, float(seconds or 0))
    if armed and settings.PRODUCTION:
        raise ImproperlyConfigured("FAILPOINTS stops processes on purpose: never in production")
    return armed


_armed = _read(os.environ.get("FAILPOINTS", ""))


@contextmanager
def armed(text: str) -> Iterator[None]:
    """Arm failpoints in this process for a while."""
    before = dict(_armed)
    _armed.update(_read(text))
    try:
        yield
    finally:
        _armed.clear()
        _armed.update(before)
