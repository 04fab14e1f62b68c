"""What the tests of the embedded servers look at: are they up, who are they, do they end."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from returns_ops.embedded import ROOT, Hold
from returns_ops.embedded.hold import keeper_pid
from returns_ops.embedded.server import command_line

HOLD_ON = """
import sys, time
from pathlib import Path
from returns_ops.embedded import Hold
hold = Hold(Path(sys.argv[1]))
print(hold.database_url, flush=True)
time.sleep(60)
"""


def holder(home: Path) -> subprocess.Popen[str]:
    """Another process that holds the servers until it is killed."""
    command = [sys.executable, "-c", HOLD_ON, str(home)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def birth(hold: Hold) -> object:
    """When PostgreSQL started: tells one server from another."""
    with psycopg.connect(hold.database_url) as connection:
        row = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
    assert row is not None
    return row[0]


def answers(hold: Hold) -> bool:
    try:
        birth(hold)
        return bool(redis.Redis.from_url(hold.redis_url).ping())
    except (psycopg.OperationalError, redis.ConnectionError):
        return False


def pids(home: Path) -> list[int]:
    keeper = keeper_pid(home)
    assert keeper is not None
    servers = [int((home / f"{name}.pid").read_text().split()[0]) for name in ("postgres", "redis")]
    return [keeper, *servers]


def gone(processes: list[int]) -> bool:
    return not any(command_line(pid) for pid in processes)


def eventually(is_so: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return is_so()
