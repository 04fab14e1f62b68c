"""The real processes of the way in, and somebody who kills them."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import redis
from django.conf import settings

from tests.e2e.stack import ROOT, free_port

DOORS, WORKERS = 2, 2
TICK = 0.5
KILL_EVERY, FLUSH_EVERY = 6.0, 5.0


class Machine:
    """Two doors, two workers and beat; each is the leader of its own group."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._chaos = threading.Thread(target=self._kill_and_flush, daemon=True)
        self._rng = random.Random(1)
        self.ports = [free_port() for _ in range(DOORS)]
        self.killed = {"door": 0, "worker": 0}
        self.flushed = 0

    def start(self) -> None:
        for name in [*self._doors(), *self._workers(), "beat"]:
            self._start(name)
        for port in self.ports:
            _wait_for(f"http://127.0.0.1:{port}/livez")

    def torment(self) -> None:
        self._chaos.start()

    def calm(self) -> None:
        self._ended.set()
        self._chaos.join()

    def stop(self) -> None:
        self._ended.set()
        for process in self._running.values():
            _signal(process, signal.SIGKILL)
            process.wait(10)

    def _kill_and_flush(self) -> None:
        broker = redis.Redis.from_url(str(settings.REDIS_URL))
        next_kill, next_flush = time.monotonic() + KILL_EVERY, time.monotonic() + FLUSH_EVERY
        while not self._ended.wait(0.1):
            if time.monotonic() > next_kill:
                self._kill_one()
                next_kill = time.monotonic() + self._rng.uniform(0.5, 1.5) * KILL_EVERY
            if time.monotonic() > next_flush:
                broker.flushall()
                self.flushed += 1
                next_flush += FLUSH_EVERY

    def _kill_one(self) -> None:
        """A worker three times of four; it is started again at once, as a supervisor would."""
        at_the_door = self._rng.random() < 0.25
        name = self._rng.choice(self._doors() if at_the_door else self._workers())
        _signal(self._running[name], signal.SIGKILL)
        self._running[name].wait(10)
        self.killed["door" if at_the_door else "worker"] += 1
        self._start(name)

    def _doors(self) -> list[str]:
        return [f"door{number}" for number in range(DOORS)]

    def _workers(self) -> list[str]:
        return [f"worker{number}" for number in range(WORKERS)]

    def _start(self, name: str) -> None:
        with (self._var / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *self._command(name)],
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _command(self, name: str) -> list[str]:
        if name.startswith("door"):
            port = str(self.ports[int(name.removeprefix("door"))])
            where = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
            size = ["--workers", "1", "--blocking-threads", "8", "--log-level", "warning"]
            return ["granian", *where, *size, "returns_ops.ingress:application"]
        celery = ["celery", "--quiet", "-A", "returns_ops.celery"]
        if name == "beat":
            files = ["-s", str(self._var / "beat"), "--pidfile", ""]
            return [*celery, "beat", *files, "-l", "warning"]
        quiet = ["--without-mingle", "--without-gossip", "-l", "error", "-n", f"{name}@%h"]
        return [*celery, "worker", "-Q", "inbox", "-c", "1", *quiet]

    def _environment(self) -> dict[str, str]:
        # Each program names its own settings: the door's are not those of this one.
        inherited = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        return inherited | {
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "RETURNS_OPS_VAR": str(self._var),
            "TICK_SECONDS": str(TICK),
        }


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _wait_for(url: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Nothing answers at {url}")
