"""`python -m benchmarks.soak_in`: is anything lost on the way in, whatever is killed meanwhile?

Real doors, workers and beat, killed at random; Redis flushed; duplicates, late and unreadable
messages. Afterwards every delivery that was answered 200 must be stored with its bytes, every
return must show the newest of its snapshots, and no promise may be broken. Stops by itself.
"""

import argparse
import base64
import http.client
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks.soak_deliveries import Delivery, deliveries, moment, number, status
from benchmarks.soak_machine import Machine
from benchmarks.table import Row, show
from returns_ops.messaging import heartbeats
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Details, Door, connect
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Rma

DOMAIN = "soak.myshopify.com"
TRIES, PAUSE = 100, 0.2
NARVAR_HANGS_UP = 6.0
DRAIN_SECONDS = 120
CHUNK = 5000


@dataclass
class Sent:
    """What was answered; threads add to it."""

    acknowledged: dict[str, Delivery] = field(default_factory=dict)
    acks: int = 0
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    given_up: int = 0
    took: float = 0.0


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    call_command("migrate", verbosity=0)
    door = connect(_details())
    rng = random.Random(options.seed)
    todo = deliveries(options.deliveries, options.rmas, rng)
    with tempfile.TemporaryDirectory(prefix="soak-") as var:
        machine = Machine(Path(var))
        try:
            machine.start()
            _wait_for_a_worker()
            machine.torment()
            sent = _send(todo, machine.ports, door, options)
            machine.calm()
            left = _wait_for_the_drain()
        finally:
            machine.stop()
    wrong = _wrong(sent, left)
    show([*_measured(sent, machine), *_lag(), *wrong])
    return 1 if any(row.value != "0" for row in wrong) else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_in", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=5000)
    parser.add_argument("--rmas", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=32, choices=range(1, 65), metavar="N")
    parser.add_argument("--seconds", type=float, default=300, help="sending ends after that")
    parser.add_argument("--rate", type=float, help="a second; without it, as fast as answered")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def _details() -> Details:
    return Details(
        domain=DOMAIN,
        narvar_url="http://127.0.0.1:1",
        narvar_username="soak",
        narvar_password="soak",
    )


def _send(todo: list[Delivery], ports: list[int], door: Door, options: argparse.Namespace) -> Sent:
    sent, lock, queue = Sent(), threading.Lock(), iter(enumerate(todo))
    began = time.monotonic()

    def work(place: int) -> None:
        line = _Line(ports, place, door)
        while time.monotonic() - began < options.seconds:
            with lock:
                place_in_line, delivery = next(queue, (0, None))
            if delivery is None:
                return
            if options.rate:
                time.sleep(max(0.0, began + place_in_line / options.rate - time.monotonic()))
            _hand_over(delivery, line, sent, lock)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(options.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.took = time.monotonic() - began
    return sent


class _Line:
    """A connection that stays open; when it breaks, the next one goes to the other door."""

    def __init__(self, ports: list[int], place: int, door: Door) -> None:
        self._ports, self._place = ports, place
        self._path = "/" + door.webhook_url.split("/", 3)[3]
        pair = f"{door.webhook_username}:{door.webhook_password}".encode()
        self._authorization = f"Basic {base64.b64encode(pair).decode()}"
        self._connection: http.client.HTTPConnection | None = None

    def post(self, delivery: Delivery) -> int:
        if self._connection is None:
            port = self._ports[self._place % len(self._ports)]
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=NARVAR_HANGS_UP
            )
        headers = delivery.headers | {"Authorization": self._authorization}
        try:
            self._connection.request("POST", self._path, delivery.body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection, self._place = None, self._place + 1
            return 0
        return answer.status


def _hand_over(delivery: Delivery, line: _Line, sent: Sent, lock: threading.Lock) -> None:
    for _ in range(TRIES):
        began = time.monotonic()
        answered = line.post(delivery)
        with lock:
            if answered == 200:
                sent.seconds.append(time.monotonic() - began)
                sent.acknowledged[delivery.webhook_id] = delivery
                sent.acks += 1
                return
            sent.refused += 1
        time.sleep(PAUSE)
    with lock:
        sent.given_up += 1


def _wait_for_a_worker(seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while heartbeats.age("inbox") is None and time.monotonic() < until:
        time.sleep(0.2)


def _wait_for_the_drain() -> int:
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        left = Event.objects.filter(state=EventState.PENDING).count()
        if not left:
            return 0
        time.sleep(0.5)
    return left


def _measured(sent: Sent, machine: Machine) -> list[Row]:
    took = sorted(sent.seconds)
    killed, flushed = machine.killed, machine.flushed
    return [
        Row("acknowledged", f"{sent.acks:,}"),
        Row("acks/s", f"{sent.acks / sent.took:,.0f}"),
        Row("ack p50, ms", f"{_share(took, 0.5) * 1000:.0f}"),
        Row("ack p99, ms", f"{_share(took, 0.99) * 1000:.0f}"),
        Row("ack longest, ms", f"{took[-1] * 1000:.0f}", "< 6,000"),
        Row("tries not answered 200", f"{sent.refused:,}"),
        Row("killed: workers, doors", f"{killed['worker']}, {killed['door']}"),
        Row("Redis flushed", f"{flushed}"),
    ]


def _share(numbers: list[float], share: float) -> float:
    return numbers[min(int(len(numbers) * share), len(numbers) - 1)]


def _lag() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY"
            " extract(epoch FROM done_at - received_at)) FROM messaging_event"
        )
        middle, most, longest = cursor.fetchone()[0]
    words = f"{middle:.1f}, {most:.1f}, {longest:.1f}"
    return [Row("lag from stored to applied, s: p50, p99, longest", words)]


def _wrong(sent: Sent, left: int) -> list[Row]:
    readable = [one for one in sent.acknowledged.values() if one.rma >= 0]
    odd = len(sent.acknowledged) - len(readable)
    dead = Event.objects.filter(state=EventState.DEAD).count()
    return [
        Row("acknowledged and not stored with its bytes", f"{_lost(sent)}", "0"),
        Row("returns that do not show their newest snapshot", f"{_outdated(readable)}", "0"),
        Row("unreadable ones that are not dead letters", f"{abs(odd - dead)}", "0"),
        Row("still waiting at the end", f"{left}", "0"),
        Row("given up by the sender", f"{sent.given_up}", "0"),
        Row("broken invariants", f"{len(broken())}", "0"),
    ]


def _lost(sent: Sent) -> int:
    lost = 0
    for some in _chunks(list(sent.acknowledged.values())):
        ids = [one.webhook_id for one in some]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT webhook_id, sha256(body) FROM messaging_event WHERE webhook_id = ANY(%s)",
                [ids],
            )
            stored = {webhook_id: bytes(digest) for webhook_id, digest in cursor.fetchall()}
        lost += sum(stored.get(one.webhook_id) != one.sha256 for one in some)
    return lost


def _chunks(rows: list[Delivery]) -> Iterator[list[Delivery]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _outdated(readable: list[Delivery]) -> int:
    newest: dict[str, int] = {}
    for one in readable:
        newest[number(one.rma)] = max(newest.get(number(one.rma), 0), one.step)
    shown = Rma.objects.values_list("rma_number", "narvar_status", "newest_instant")
    found = {rma: (said, at) for rma, said, at in shown}
    return sum(found.get(rma) != (status(step), moment(step)) for rma, step in newest.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
