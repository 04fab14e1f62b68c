"""The real processes: web, Celery worker and beat on the test database, as in production."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
STARTED = 30.0
ALL_QUEUES = "inbox,money,reconcile,maintenance"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def database_url_of_tests() -> str:
    """Where the tests' own database is, for processes that are not pytest."""
    known = connection.settings_dict
    user, password = quote(str(known["USER"]), ""), quote(str(known["PASSWORD"]), "")
    host, port = quote(str(known["HOST"]), ""), known["PORT"]
    where = f"@/{known['NAME']}?host={host}&" if "/" in str(known["HOST"]) else ""
    where = where or f"@{host}:{port}/{known['NAME']}"
    return f"postgresql://{user}:{password}{where}"


def own_broker() -> str:
    """A Redis database for this test process: hints must not wake the workers of another."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return urlsplit(str(settings.REDIS_URL))._replace(path=f"/{int(number) + 1}").geturl()


@dataclass
class Stack:
    """Starts, kills and ends the processes; each is the leader of its own group."""

    var: Path
    port: int = field(default_factory=free_port)
    tick: float = 0.3
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.start_web()
        self.start_worker()
        self.start_beat()

    def start_web(self, *, workers: int = 1) -> None:
        python = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        threads = ["--workers", str(workers), "--blocking-threads", "4", "--log-level", "warning"]
        self.run("web", ["granian", *python, *threads, "returns_ops.wsgi:application"])
        self._wait_for_web()

    def start_worker(
        self, name: str = "worker", *, queues: str = ALL_QUEUES, processes: int = 2
    ) -> None:
        work = ["-Q", queues, "-c", str(processes)]
        quiet = ["--without-mingle", "--without-gossip", "-l", "warning", "-n", f"{name}@%h"]
        self.run(name, ["celery", "-A", "returns_ops.celery", "worker", *work, *quiet])

    def start_beat(self) -> None:
        schedule = ["-s", str(self.var / "beat"), "--pidfile", str(self.var / "beat.pid")]
        self.run("beat", ["celery", "-A", "returns_ops.celery", "beat", *schedule])

    def kill(self, name: str) -> None:
        """As a power cut would: the whole group, at once."""
        self._signal(name, signal.SIGKILL)
        self.running.pop(name).wait(10)

    def stop(self) -> None:
        for name in list(self.running):
            self.running[name].terminate()
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        self.running.clear()

    def log(self, name: str) -> str:
        return (self.var / f"{name}.log").read_text(errors="replace")

    def _signal(self, name: str, number: signal.Signals) -> None:
        if self.running[name].poll() is None:
            os.killpg(self.running[name].pid, number)

    def run(self, name: str, arguments: list[str], **variables: str) -> None:
        """`python -m` with these arguments; `variables` beside those of all."""
        with (self.var / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=self._environment() | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": database_url_of_tests(),
            "REDIS_URL": own_broker(),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "RETURNS_OPS_VAR": str(self.var),
            "TICK_SECONDS": str(self.tick),
            "HOLD_SECONDS": "0",
            "PORT": str(self.port),
        }

    def _wait_for_web(self) -> None:
        end = time.monotonic() + STARTED
        while time.monotonic() < end:
            if self.running["web"].poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/livez", timeout=1)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"The web process did not start:\n{self.log('web')}")
