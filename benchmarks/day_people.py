"""Who is at work on a working day, for locust: benches, desks, Narvar, and one who exports.

What they know of the data is in the file that `DAY_FILE` names; see `working_day`.
"""

import json
import os
import random
import time
import uuid
from itertools import count
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, task

KNOWN: dict[str, Any] = json.loads(Path(os.environ["DAY_FILE"]).read_text())
SECRET = "0123456789abcdefghijABCDEFGHIJ01"  # Django compares cookie and header
BURST, CALM = 200, 60.0
_numbers = count()


class Paced(FastHttpUser):
    """Begins each turn `pace` seconds after the one before, and nobody in step with the others.

    Locust's `constant_pacing` counts from when all were made: whoever begins later waits less, and
    from the second turn on all of them knock in the same moment.
    """

    abstract = True
    pace = 1.0

    def on_start(self) -> None:
        self.due = time.monotonic() + random.uniform(0, self.pace)
        gevent.sleep(self.due - time.monotonic())

    def wait_time(self) -> float:
        now = time.monotonic()
        self.due = max(self.due + self.pace, now)
        return self.due - now


class Person(Paced):
    """Logged in from the start: logging in is slow on purpose, and once a day."""

    abstract = True
    host = KNOWN["web"]
    sessions: list[str] = []

    def on_start(self) -> None:
        super().on_start()
        cookie = f"sessionid={self.sessions.pop()}; csrftoken={SECRET}"
        self.sent = {"Cookie": cookie, "X-CSRFToken": SECRET, "HX-Request": "true"}

    def look(self, address: str, name: str, *, whole: bool = False) -> None:
        sent = {**self.sent, "HX-Request": ""} if whole else self.sent
        self.client.get(address, headers=sent, name=name)


class Bench(Person):
    """A label, then an item of it, and so on: a scan every four seconds."""

    fixed_count = KNOWN["benches"]
    sessions = KNOWN["clerks"]
    pace = 4.0
    opened: list[Any] | None = None

    @task
    def scan(self) -> None:
        if self.opened:
            _, pk, sku = self.opened
            self.opened = None
            self._scan(sku, "scan an item", rma=pk)
        else:
            self.opened = random.choice(KNOWN["boxes"])
            self._scan(self.opened[0], "scan a label")

    def _scan(self, code: str, name: str, rma: int | str = "") -> None:
        asked = {"code": code, "rma": rma, "scan_id": str(uuid.uuid4())}
        self.client.post("/scan/", data=asked, headers=self.sent, name=name)


class Desk(Person):
    """Its list is asked for news every ten seconds, and every third time a page is opened."""

    fixed_count = KNOWN["desks"]
    sessions = KNOWN["agents"]
    pace = 10.0

    @task(6)
    def poll(self) -> None:
        self.look("/exceptions/changes/", "desk: what changed")
        self.look("/nav/counts/", "desk: counts")

    @task(1)
    def case(self) -> None:
        self.look(random.choice(KNOWN["cases"]), "desk: a case", whole=True)

    @task(1)
    def rma(self) -> None:
        self.look(random.choice(KNOWN["pages"]), "page of a return", whole=True)

    @task(1)
    def rmas(self) -> None:
        words = random.choice(KNOWN["boxes"])[0]
        self.look(f"/rmas/?q={words}", "list: a search", whole=True)


class Exporter(Person):
    fixed_count = 1
    sessions = KNOWN["exporters"]
    pace = 30.0

    @task
    def export(self) -> None:
        self.look("/locations/export.csv", "export", whole=True)


class Door(Paced):
    """Knocks at the door of the webhooks, which has an address of its own."""

    abstract = True
    host = KNOWN["door"]

    def knock(self) -> None:
        number = next(_numbers)
        body = KNOWN["body"].replace("00000000", f"{number:08d}")
        sent = {**KNOWN["headers"], "X-Narvar-Webhook-Id": f"day-{number}"}
        self.client.post(KNOWN["path"], data=body, headers=sent, name="webhook")


class Narvar(Door):
    """Ten connections with five webhooks a second each."""

    fixed_count = 10
    pace = 0.2

    @task
    def tell(self) -> None:
        self.knock()


class Burst(Door):
    """All at once, each minute. Not a kind of Narvar: locust adds the tasks that it inherits."""

    fixed_count = 1
    concurrency = BURST
    pace = CALM

    @task
    def tell_all(self) -> None:
        gevent.joinall([gevent.spawn(self.knock) for _ in range(BURST)])
