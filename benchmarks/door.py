"""Webhooks acknowledged a second: the door with all its checks, a plain view, and the limit.

All three servers stand side by side and are asked in turn; the sender is one process for all.
"""

import base64
import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.bare import TABLE
from benchmarks.knocking import Target, knock
from benchmarks.table import Row, over, told
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Details, connect
from tests.e2e.stack import free_port

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS, SECONDS, ROUNDS = (1, 16, 64), 3.0, 3
DOMAIN = "door.myshopify.com"
BARE, PLAIN, OURS = "bare WSGI + psycopg", "plain view, objects.create", "the door"
APPLICATIONS = {
    BARE: "benchmarks.bare:application",
    PLAIN: "benchmarks.plain_door:application",
    OURS: "returns_ops.ingress:application",
}


@dataclass
class Seen:
    rates: list[float] = field(default_factory=list)
    worst: list[float] = field(default_factory=list)  # 99th percentiles, ms


def run() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    path, headers = address()
    with ExitStack() as servers:
        targets = {
            name: Target(servers.enter_context(_serving(application)), path, headers)
            for name, application in APPLICATIONS.items()
        }
        rows = [row for count in CONNECTIONS for row in _rows(count, _measured(targets, count))]
    # What comes after measures what it has stored itself.
    Event.objects.filter(shop__domain=DOMAIN).update(state=EventState.DONE, outcome="same")
    return rows


def address() -> tuple[str, dict[str, str]]:
    door = connect(
        Details(
            domain=DOMAIN,
            narvar_url=f"https://{settings.NARVAR_HOSTS[0]}",
            narvar_username="bench",
            narvar_password="bench",
        )
    )
    pair = base64.b64encode(f"{door.webhook_username}:{door.webhook_password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {pair}",
        "X-Narvar-Shop-Domain": DOMAIN,
        "X-Narvar-Topic": "rma/updated",
        "X-Narvar-Timestamp": "2026-01-01T00:00:00Z",
        "X-Narvar-API-Version": "v1",
        "User-Agent": "Narvar",
    }
    return "/" + door.webhook_url.split("/", 3)[3], headers


@contextmanager
def _serving(application: str) -> Iterator[int]:
    port = free_port()
    where = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    size = ["--workers", "2", "--blocking-threads", "4", "--log-level", "error"]
    # Each has settings of its own; those of this process must not be inherited.
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", *where, *size, application], cwd=ROOT, env=bare
    )
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start")


def _measured(targets: dict[str, Target], connections: int) -> dict[str, Seen]:
    seen = {name: Seen() for name in targets}
    for number in range(ROUNDS):
        for place, (name, target) in enumerate(targets.items()):
            rate, took = knock(target, connections, SECONDS, f"{connections}-{number}-{place}-")
            seen[name].rates.append(rate)
            seen[name].worst.append(took[int(len(took) * 0.99)])
    return seen


def _rows(connections: int, seen: dict[str, Seen]) -> list[Row]:
    at = f"at {connections} connection{'s' if connections > 1 else ''}"
    rows = []
    for name, one in seen.items():
        rows.append(Row(f"{name} {at}, acks/s", told(one.rates)))
        goal = "≤ 100" if (name, connections) == (OURS, 64) else ""
        rows.append(Row(f"{name} {at}, p99 ms", f"{statistics.median(one.worst):.0f}", goal))
    ours, bare, plain = (seen[name].rates for name in (OURS, BARE, PLAIN))
    return [
        *rows,
        Row(f"the door ÷ bare {at}", over(ours, bare, 2), "≥ 0.8"),
        Row(f"the door ÷ plain view {at}", over(ours, plain, 2), "≥ 2"),
    ]
