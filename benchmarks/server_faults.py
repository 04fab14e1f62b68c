"""The door and the drain while PostgreSQL and Redis are frozen, killed, restarted and emptied.

    python -m returns_ops.embedded exec --temporary --durable -- python -m benchmarks.server_faults

The embedded servers come back by themselves when killed. Stops by itself after about two minutes;
exits 1 when an acknowledged delivery is missing, late or not applied.
"""

import base64
import hashlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection

from benchmarks.bodies import bodies
from benchmarks.table import Row, show
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Details, Door, connect
from returns_ops.returns.invariants import broken
from tests.e2e.stack import Stack, free_port

SENDERS = 4
LATEST_OK = 6.0  # Narvar hangs up then: a later 200 would be heard by nobody
DRAINED_IN = 120.0


class Load:
    """Posts a new return again and again, and remembers what was acknowledged."""

    def __init__(self, port: int, door: Door) -> None:
        self.port, self.path = port, "/" + door.webhook_url.split("/", 3)[3]
        pair = f"{door.webhook_username}:{door.webhook_password}".encode()
        self.headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        self.stopped = threading.Event()
        self.acknowledged: list[bytes] = []
        self.took: list[float] = []
        self.answers: Counter[str] = Counter()
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]

    def _send(self, number: int) -> None:
        for body in bodies(1_000_000, f"F{number}-"):
            if self.stopped.is_set():
                return
            started = time.monotonic()
            answer = self._post(body)
            self.answers[answer] += 1
            if answer == "200":
                self.acknowledged.append(hashlib.sha256(body).digest())
                self.took.append(time.monotonic() - started)
            time.sleep(0.02)

    def _post(self, body: bytes) -> str:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("POST", self.path, body, self.headers)
            return str(line.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            line.close()


def main() -> int:
    call_command("migrate", verbosity=0)
    door = connect(
        Details(
            domain="faults.myshopify.com",
            narvar_url=f"https://{settings.NARVAR_HOSTS[0]}",
            narvar_username="nobody",
            narvar_password="calls-nobody",
        )
    )
    with tempfile.TemporaryDirectory() as var:
        stack, port = Stack(var=Path(var)), free_port()
        stack.start_worker()
        stack.start_beat()
        gunicorn = _serve(port)
        try:
            load = Load(port, door)
            _wait(lambda: load._post(b"{}") != "ConnectionRefusedError", 30)
            for thread in load.threads:
                thread.start()
            _faults()
            load.stopped.set()
            for thread in load.threads:
                thread.join()
            return _judge(load)
        finally:
            gunicorn.terminate()
            gunicorn.wait(15)
            stack.stop()


def _serve(port: int) -> "subprocess.Popen[bytes]":
    """The door as in production: sync workers, whose time limit holds even when nothing answers."""
    own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    limits = ["--worker-class", "sync", "--workers", "4", "--timeout", "5", "--log-level", "error"]
    where = ["--bind", f"127.0.0.1:{port}", "returns_ops.ingress:application"]
    return subprocess.Popen([sys.executable, "-m", "gunicorn", *limits, *where], env=own)


def _faults() -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    redis_pid = int(broker.info("server")["process_id"])
    time.sleep(4)
    _say("Redis is emptied")
    broker.flushall()
    time.sleep(3)
    _say("Redis stands still for 6 s")
    _freeze([redis_pid], 6)
    time.sleep(2)
    _say("Redis is killed")
    os.kill(redis_pid, signal.SIGKILL)
    time.sleep(6)
    _say("PostgreSQL stands still for 8 s")
    _freeze(_postgres(), 8)
    time.sleep(6)
    for _ in range(3):
        _say("PostgreSQL is killed")
        os.kill(_postmaster(), signal.SIGKILL)
        connection.close()
        time.sleep(9)


def _say(what: str) -> None:
    print(f"… {what}", flush=True)


def _postmaster() -> int:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = cursor.fetchone()[0]
    connection.close()
    return int((Path(folder) / "postmaster.pid").read_text().split()[0])


def _postgres() -> list[int]:
    """The postmaster and its children, which lead sessions of their own."""
    parent = _postmaster()
    children = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                children.append(int(entry.name))
    return [parent, *children]


def _freeze(pids: list[int], seconds: float) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _wait(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if true():
                return True
        except OperationalError:
            connection.close()
        time.sleep(0.3)
    return False


def _judge(load: Load) -> int:
    waiting = Event.objects.filter(state=EventState.PENDING)
    drained = _wait(lambda: not waiting.exists(), DRAINED_IN)
    stored = {bytes(digest) for digest in Event.objects.values_list("body_sha256", flat=True)}
    lost = [digest for digest in load.acknowledged if digest not in stored]
    dead = Event.objects.filter(state=EventState.DEAD).exclude(reason="no_rma_number").count()
    late = sum(seconds > LATEST_OK for seconds in load.took)
    problems = broken()
    show(
        [
            Row("acknowledged", f"{len(load.acknowledged):,}"),
            *(Row(f"answers {name}", f"{n:,}") for name, n in sorted(load.answers.items())),
            Row("slowest 200, s", f"{max(load.took):.1f}", f"≤ {LATEST_OK:.0f}"),
            Row("acknowledged and lost", str(len(lost)), "0"),
            Row("acknowledged too late", str(late), "0"),
            Row("given up", str(dead), "0"),
            Row("still waiting", str(waiting.count()), "0"),
            Row("broken invariants", ", ".join(one.name for one in problems) or "0", "0"),
        ]
    )
    return int(bool(lost or late or dead or problems or not drained))


if __name__ == "__main__":
    sys.exit(main())
