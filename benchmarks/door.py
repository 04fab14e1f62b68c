"""Webhooks acknowledged a second: the door with all its checks, against a bare WSGI insert."""

import base64
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.bodies import bodies
from benchmarks.table import Row
from returns_ops.narvar.connections import Details, connect
from tests.e2e.stack import free_port

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS, SECONDS = 16, 8.0
DOMAIN = "door.myshopify.com"


def run() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_bare (id bigserial, body bytea)")
    door = connect(
        Details(
            domain=DOMAIN,
            narvar_url=f"https://{settings.NARVAR_HOSTS[0]}",
            narvar_username="bench",
            narvar_password="bench",
        )
    )
    path = "/" + door.webhook_url.split("/", 3)[3]
    pair = base64.b64encode(f"{door.webhook_username}:{door.webhook_password}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "X-Narvar-Shop-Domain": DOMAIN}
    bare = _measure("benchmarks.bare:application", "/", {})
    ours = _measure("returns_ops.ingress:application", path, headers)
    rows = []
    for name, (rate, worst) in (("bare WSGI + psycopg", bare), ("the door", ours)):
        rows.append(Row(f"{name}, acks/s at {CONNECTIONS} connections", f"{rate:,.0f}"))
        rows.append(Row(f"{name}, p99 ms", f"{worst:.0f}", "≤ 100" if name == "the door" else ""))
    return [*rows, Row("door ÷ bare", f"{ours[0] / bare[0]:.2f}", "≥ 0.8")]


@contextmanager
def _serving(application: str) -> Iterator[int]:
    port = free_port()
    where = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    size = ["--workers", "2", "--blocking-threads", "4", "--log-level", "error"]
    # The door has settings of its own; those of this process must not be inherited.
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
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).request("GET", "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start")


def _measure(application: str, path: str, headers: dict[str, str]) -> tuple[float, float]:
    """(acks a second, p99 in ms) over all connections."""
    with _serving(application) as port:
        took: list[float] = []
        stop = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=_load, args=(port, path, headers, f"C{n}-", stop, took))
            for n in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took.sort()
    return len(took) / SECONDS, took[int(len(took) * 0.99)]


def _load(
    port: int, path: str, headers: dict[str, str], name: str, stop: float, took: list[float]
) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number, body in enumerate(bodies(1_000_000, name)):
        if time.monotonic() > stop:
            return
        started = time.perf_counter()
        link.request("POST", path, body, {**headers, "X-Narvar-Webhook-Id": f"{name}{number}"})
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} from {path}")
        took.append((time.perf_counter() - started) * 1000)
