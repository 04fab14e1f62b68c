"""A working day at once: benches, desks, webhooks with bursts, exports and bulk actions.

`DAY_MINUTES=2 python -m benchmarks working_day` for a shorter one. Real web, door and workers, as
`make serve` starts them; locust is the people. All on one machine: the people cost it as well.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.urls import reverse

from benchmarks.bodies import bodies
from benchmarks.door import address
from benchmarks.pages import filled, some
from benchmarks.table import Row
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.narvar import bulk
from returns_ops.returns.models import BulkJob, Case, Rma
from returns_ops.returns.states import CaseState, Work
from tests.e2e.stack import Stack, free_port

ROOT = Path(__file__).resolve().parents[1]
MINUTES = float(os.environ.get("DAY_MINUTES", "10"))
BENCHES, DESKS = 20, 30
BULK_EVERY, BULK_CASES = 120.0, 100
MEMORY_EVERY = 10.0
BACKEND = "django.contrib.auth.backends.ModelBackend"
GOALS = {"webhook": "≤ 150", "export": ""}


def run() -> list[Row]:
    shop = filled()
    with tempfile.TemporaryDirectory() as var, _stack(Path(var)) as (stack, door):
        known = Path(var) / "day.json"
        known.write_text(json.dumps(_known(shop, stack.url, door)))
        memory = _work(Path(var), known, shop, stack)
        return [
            Row(f"working day: returns, minutes: {Rma.objects.count():,}", f"{MINUTES:g}"),
            *_answers(Path(var) / "day_stats.csv"),
            *_lag(),
            Row("working day: bulk jobs done, cases", _bulk_done()),
            *_memory(memory),
        ]


@contextmanager
def _stack(var: Path) -> Iterator[tuple[Stack, str]]:
    stack, port = Stack(var=var, tick=settings.TICK_SECONDS), free_port()
    here = ["--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--log-level", "warning"]
    size = ["--workers", "2", "--blocking-threads", "4"]
    try:
        stack.start_web(workers=2)
        door = ["granian", *here, "--port", str(port), *size, "returns_ops.ingress:application"]
        # The door has settings of its own; those of this process must not be inherited.
        stack.run("door", door, DJANGO_SETTINGS_MODULE="returns_ops.ingress_settings")
        stack.start_worker("inbox", queues="inbox,reconcile,maintenance", processes=2)
        stack.start_worker("money", queues="money", processes=1)
        stack.start_beat()
        time.sleep(10)  # until the workers are there
        yield stack, f"http://127.0.0.1:{port}"
    finally:
        stack.stop()


def _known(shop: Shop, web: str, door: str) -> dict[str, Any]:
    path, headers = address()
    everywhere = Rma.objects.filter(shop=shop)
    waiting = everywhere.filter(work__in=[Work.TO_RECEIVE, Work.TO_DECIDE])
    cases = some(Case.objects.filter(shop=shop, state=CaseState.OPEN), 300)
    return {
        "web": web,
        "door": door,
        "path": path,
        "headers": headers,
        "benches": BENCHES,
        "desks": DESKS,
        "body": next(bodies(1, "DAY")).decode(),
        "clerks": sessions(shop, Role.WAREHOUSE, BENCHES),
        "agents": sessions(shop, Role.AGENT, DESKS),
        "exporters": sessions(shop, Role.LOCATION_ADMIN, 1),
        "boxes": [(one.rma_number, one.pk, one.items.all()[0].sku) for one in some(waiting, 500)],
        "pages": [one.get_absolute_url() for one in some(everywhere, 500)],
        "cases": [reverse("case", args=[one.pk]) for one in cases],
    }


def sessions(shop: Shop, role: Role, count: int) -> list[str]:
    made = []
    for number in range(count):
        user = User.objects.get_or_create(username=f"day-{role}-{number}")[0]
        Membership.objects.get_or_create(user=user, shop=shop, role=role)
        session = SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        made.append(str(session.session_key))
    return made


def _work(var: Path, known: Path, shop: Shop, stack: Stack) -> dict[str, list[float]]:
    """Lets them work; returns megabytes of each process over time."""
    how = ["-f", "benchmarks/day_people.py", "--headless", "--only-summary", "-L", "ERROR"]
    long = ["-t", f"{int(MINUTES * 60)}s", "--csv", str(var / "day"), "-r", "20"]
    many = ["-u", str(BENCHES + DESKS + 12)]  # and Narvar, its bursts, and one who exports
    people = subprocess.Popen(
        [sys.executable, "-m", "locust", *how, *long, *many],
        cwd=ROOT,
        env={**os.environ, "DAY_FILE": str(known)},
        stdout=subprocess.DEVNULL,
    )
    memory: dict[str, list[float]] = defaultdict(list)
    began, jobs = time.monotonic(), 0
    while people.poll() is None and time.monotonic() - began < MINUTES * 60 + 60:
        time.sleep(MEMORY_EVERY)
        for name, process in stack.running.items():
            memory[name].append(megabytes_of(process.pid))
        if time.monotonic() - began > (jobs + 0.2) * BULK_EVERY:
            _begin_bulk(shop, jobs)
            jobs += 1
    people.terminate()
    people.wait(30)
    return memory


def _begin_bulk(shop: Shop, number: int) -> None:
    agent = User.objects.get(username=f"day-{Role.AGENT}-{number % DESKS}")
    some_open = Case.objects.filter(shop=shop, state=CaseState.OPEN)[:BULK_CASES]
    bulk.start_bulk(
        bulk.Order(
            shop=shop,
            code=bulk.ASSIGN,
            by=agent,
            cases=list(some_open),
            submission_token=uuid.uuid4(),
            arguments={"to": agent.pk},
        )
    )


def _bulk_done() -> str:
    jobs = BulkJob.objects.all()
    return f"{jobs.exclude(finished_at=None).count()} of {jobs.count()}, {BULK_CASES} each"


def megabytes_of(group: int) -> float:
    """What the processes of a group hold for themselves (not what they share)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[2]) == group:
                lines = (status.parent / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
        except OSError:  # it ended meanwhile
            continue
    return total / 1024


def _answers(summary: Path) -> list[Row]:
    rows, wrong, asked = [], 0, 0
    for line in csv.DictReader(summary.open()):
        name = line["Name"]
        if name == "Aggregated":
            wrong, asked = int(line["Failure Count"]), int(line["Request Count"])
            continue
        share = "99%" if name == "webhook" else "95%"
        value = f"{line['50%']} / {line[share]} ({int(line['Request Count']):,})"
        told = f"working day: {name}, median / p{share[:2]} ms (how many)"
        rows.append(Row(told, value, GOALS.get(name, "p95 ≤ 150")))
    return [Row("working day: requests, errors", f"{asked:,}, {wrong}", "no error"), *rows]


def _lag() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*), count(*) FILTER (WHERE state <> 'done'),
                      percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
                          ORDER BY extract(epoch FROM coalesce(done_at, now()) - received_at))
               FROM messaging_event WHERE webhook_id LIKE 'day-%%'"""
        )
        count, waiting, (middle, slow) = cursor.fetchone()
    told = "working day: from acknowledged to applied, median / p99 s (how many; not applied)"
    return [Row(told, f"{middle:.1f} / {slow:.1f} ({count:,}; {waiting})", "p99 ≤ 5")]


def _memory(memory: dict[str, list[float]]) -> list[Row]:
    rows = []
    for name, seen in memory.items():
        third = max(len(seen) // 3, 1)
        middle, last = (
            statistics.median(seen[third:-third] or seen),
            statistics.median(seen[-third:]),
        )
        value = f"{seen[0]:.0f} / {middle:.0f} / {last:.0f}"
        rows.append(Row(f"memory of {name}, MB, at first / middle / last third", value, "flat"))
    return rows
