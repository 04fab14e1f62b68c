"""Beyond one machine: two of the web, two doors and four workers, each with a network of its own.

Half of them are cut off without a goodbye and brought back, while webhooks and pages go on. Needs
root and `ip`. The machine's two cores are shared by all: what is shown is what is lost (nothing),
how long the others notice it, and what each process costs; not how much faster eight are.
"""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from benchmarks.bodies import bodies
from benchmarks.door import DOMAIN, address
from benchmarks.namespaces import HERE, Machines, machines, possible
from benchmarks.table import Row
from benchmarks.working_day import megabytes_of, sessions
from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Event, EventState
from returns_ops.returns.invariants import broken

ROOT = Path(__file__).resolve().parents[1]
WEBS, DOORS, WORKERS = ("web1", "web2"), ("door1", "door2"), ("work1", "work2", "work3", "work4")
CUT = ("web2", "door2", "work3", "work4")
RATE, CALM, PATIENCE = 30, 25.0, 5.0  # webhooks a second, seconds of each phase, Narvar's own
PORT = 8000
BEFORE, DURING, AFTER = "before", "cut off", "back again"


@dataclass
class Seen:
    """(phase, where it was sent, milliseconds or None if it was not answered)."""

    answers: list[tuple[str, str, float | None]] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    phase: str = BEFORE
    mended_at: float = 0.0
    first_after: dict[str, float] = field(default_factory=dict)

    def note(self, where: str, took: float | None) -> None:
        self.answers.append((self.phase, where, took))
        if took is not None and self.phase == AFTER:
            self.first_after.setdefault(where, time.monotonic() - self.mended_at)


def run() -> list[Row]:
    if not possible():
        return [Row("beyond one machine", "needs root and ip: not run")]
    path, headers = address()
    broken_before = {one.name for one in broken()}  # by what was measured before
    with ExitStack() as kept:
        var = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        net = kept.enter_context(machines())
        for name in (*WEBS, *DOORS, *WORKERS):
            net.add(name)
        running = kept.enter_context(_all(net, var))
        seen = Seen()
        sessions = _work(net, seen, path, headers)
        left = _wait_until_applied()
        costs = _costs(running)
    promises = {one.name for one in broken()} - broken_before
    return [*_rows(seen, left, promises), *sessions, *costs]


@contextmanager
def _all(net: Machines, var: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every process in its own namespace, the servers behind one address of the bridge."""
    environment = os.environ | {
        "DATABASE_URL": settings.DATABASE_URL.replace("127.0.0.1", HERE),
        "REDIS_URL": str(settings.REDIS_URL).replace("127.0.0.1", HERE),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "ALLOWED_HOSTS": ",".join(net.addresses.values()),
        "RETURNS_OPS_VAR": str(var),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    commands = _commands(net, var)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, words in commands.items():
            inside = net.inside(name) if name in net.addresses else []
            log = (var / f"{name}.log").open("wb")
            running[name] = subprocess.Popen(
                [*inside, sys.executable, "-m", *words],
                cwd=ROOT,
                env=environment | {"PROCESS_NAME": name},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for(net)
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _commands(net: Machines, var: Path) -> dict[str, list[str]]:
    servers = (urlsplit(settings.DATABASE_URL), urlsplit(str(settings.REDIS_URL)))
    pairs = [place for one in servers for place in (f"{HERE}:{one.port}", f"127.0.0.1:{one.port}")]
    celery, quiet = ["celery", "-A", "returns_ops.celery"], ["--without-mingle", "--without-gossip"]
    commands = {"forward": ["benchmarks.forwarding", *pairs]}
    for name in (*WEBS, *DOORS):
        where = ["--interface", "wsgi", "--host", net.addresses[name], "--port", str(PORT)]
        size = ["--no-ws", "--workers", "1", "--blocking-threads", "4", "--log-level", "error"]
        module = "wsgi" if name in WEBS else "ingress"
        commands[name] = ["granian", *where, *size, f"returns_ops.{module}:application"]
    for name in WORKERS:
        queues = "inbox,reconcile,maintenance" if name in ("work1", "work3") else "inbox,money"
        commands[name] = [*celery, "worker", "-c", "1", "-Q", queues, *quiet, "-n", f"{name}@%h"]
    return commands | {"beat": [*celery, "beat", "-s", str(var / "beat"), "--pidfile", ""]}


def _wait_for(net: Machines) -> None:
    for name in (*WEBS, *DOORS):
        until = time.monotonic() + 60
        while _ask(net.addresses[name], "GET", "/livez", {}, None) is None:
            if time.monotonic() > until:
                raise RuntimeError(f"{name} did not start")
            time.sleep(0.2)
    time.sleep(8)  # workers say nothing when they are there


def _work(net: Machines, seen: Seen, path: str, headers: dict[str, str]) -> list[Row]:
    stop = threading.Event()
    numbers = count()
    threads = [
        *(
            threading.Thread(target=_tell, args=(net, seen, stop, path, headers, numbers, place))
            for place in range(4)
        ),
        threading.Thread(target=_look, args=(net, seen, stop)),
    ]
    for thread in threads:
        thread.start()
    time.sleep(CALM)
    seen.phase = DURING
    for name in CUT:
        net.cut(name)
    time.sleep(CALM)
    sessions = Row("sessions of the cut off that the server still holds after 25 s", _held())
    seen.mended_at, seen.phase = time.monotonic(), AFTER
    for name in CUT:
        net.mend(name)
    time.sleep(CALM)
    stop.set()
    for thread in threads:
        thread.join()
    return [sessions]


def _held() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = ANY(%s)", [list(CUT)]
        )
        return str(cursor.fetchone()[0])


def _tell(
    net: Machines,
    seen: Seen,
    stop: threading.Event,
    path: str,
    headers: dict[str, str],
    numbers: "count[int]",
    place: int,
) -> None:
    """As Narvar: whatever is not acknowledged is sent again, here to the other door."""
    text = next(bodies(1, "APART")).decode()
    while not stop.is_set():
        number = next(numbers)
        body = text.replace("00000000", f"{number:08d}").encode()
        sent = {**headers, "X-Narvar-Webhook-Id": f"apart-{number}"}
        for door in (DOORS[number % 2], DOORS[1 - number % 2]):
            took = _ask(net.addresses[door], "POST", path, sent, body)
            seen.note(door, took)
            if took is not None:
                seen.acknowledged.add(f"apart-{number}")
                break
        stop.wait(4 / RATE)


def _look(net: Machines, seen: Seen, stop: threading.Event) -> None:
    sent = {"Cookie": f"sessionid={_session()}"}
    for number in count():
        if stop.is_set():
            return
        web = WEBS[number % 2]
        seen.note(web, _ask(net.addresses[web], "GET", "/rmas/", sent, None))
        stop.wait(0.5)


def _session() -> str:
    return sessions(Shop.objects.get(domain=DOMAIN), Role.AGENT, 1)[0]


def _ask(
    host: str, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> float | None:
    """Milliseconds until a 200; None for anything else."""
    link = http.client.HTTPConnection(host, PORT, timeout=PATIENCE)
    started = time.perf_counter()
    try:
        link.request(method, path, body, headers)
        answer = link.getresponse()
        answer.read()
    except OSError:
        return None
    finally:
        link.close()
    return (time.perf_counter() - started) * 1000 if answer.status == 200 else None


def _wait_until_applied() -> int:
    until = time.monotonic() + 60
    waiting = Event.objects.filter(state=EventState.PENDING)
    while waiting.exists() and time.monotonic() < until:
        time.sleep(0.5)
    return waiting.count()


def _rows(seen: Seen, left: int, promises: set[str]) -> list[Row]:
    kept = set(
        Event.objects.filter(webhook_id__startswith="apart-").values_list("webhook_id", flat=True)
    )
    rows = [
        Row("webhooks acknowledged; lost", f"{len(seen.acknowledged)}; {_lost(seen, kept)}", "0"),
        Row("events not applied in the end; broken invariants", f"{left}; {len(promises)}", "0; 0"),
    ]
    for where in (*DOORS, *WEBS):
        for phase in (BEFORE, DURING, AFTER):
            rows.append(
                Row(f"{where} {phase}: answered, not; median / p99 ms", _told(seen, where, phase))
            )
    back = {where: seconds for where, seconds in seen.first_after.items() if where in CUT}
    told = ", ".join(f"{where} {seconds:.1f} s" for where, seconds in sorted(back.items()))
    return [*rows, Row("first answer after the cable is back", told), _lag()]


def _lost(seen: Seen, kept: set[str]) -> int:
    return len(seen.acknowledged - kept)


def _told(seen: Seen, where: str, phase: str) -> str:
    took = [ms for when, place, ms in seen.answers if (when, place) == (phase, where)]
    good = sorted(ms for ms in took if ms is not None)
    if not good:
        return f"0, {len(took)}"
    middle, slow = good[len(good) // 2], good[int(len(good) * 0.99)]
    return f"{len(good)}, {len(took) - len(good)}; {middle:.0f} / {slow:.0f}"


def _lag() -> Row:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (
                   ORDER BY extract(epoch FROM done_at - received_at))
               FROM messaging_event WHERE webhook_id LIKE 'apart-%%'"""
        )
        middle, slow, longest = cursor.fetchone()[0]
    told = "from acknowledged to applied, median / p99 / longest s"
    return Row(told, f"{middle:.1f} / {slow:.1f} / {longest:.1f}")


def _costs(running: dict[str, subprocess.Popen[bytes]]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name, count(*) FROM pg_stat_activity GROUP BY 1")
        sessions = dict(cursor.fetchall())
    rows = []
    for name in ("web1", "door1", "work1", "beat"):
        value = f"{megabytes_of(running[name].pid):.0f}, {sessions.get(name, 0)}"
        rows.append(Row(f"{name}: MB of its own, sessions at PostgreSQL", value))
    return rows
