"""PostgreSQL and Redis from wheels, for machines that have nothing but Python. Never in production.

A process that wants them takes a *hold* (a shared lock on a file). The first one starts a
*keeper*, which runs both servers and ends them when nobody holds any more. The kernel drops the
hold of a process however it dies, and the servers die with the keeper: nothing is left behind.
"""

import atexit
import os
from pathlib import Path

from returns_ops.embedded.hold import CannotStart, Hold, stop

__all__ = ["CannotStart", "Hold", "database_url", "home", "redis_url", "stop"]

ROOT = Path(__file__).resolve().parents[2]
_held: Hold | None = None


def home() -> Path:
    return ROOT / (os.environ.get("RETURNS_OPS_VAR") or "var") / "embedded"


def database_url() -> str:
    return _hold().database_url


def redis_url() -> str:
    return _hold().redis_url


def _hold() -> Hold:
    """One for the life of this process; forked children share it."""
    global _held
    if _held is None:
        _held = Hold(home())
        atexit.register(_held.release)
    return _held
