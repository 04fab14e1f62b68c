"""Approvals under fire: a fault on a third of the calls, workers killed, one refund each.

    python -m returns_ops.embedded exec --temporary -- python -m benchmarks.faults_out

The simulator's ledger is the judge. Stops by itself after --minutes.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.core.management import call_command
from django.db.models import Count, F

from benchmarks.table import Row, show
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Attempt, Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Rma
from tests.circle import DOMAIN, Circle, close_circle
from tests.e2e.stack import Stack
from tests.narvar_simulator import Simulator

FAULTS = [
    "act_then_reset",
    "reset_before",
    "status",
    "status_after",
    "rate_limited",
    "malformed_json",
    "html",
    "empty",
    "failure",
]
ENDED = [
    CommandState.CONFIRMED,
    CommandState.REFUSED,
    CommandState.ATTENTION,
    CommandState.CANCELLED,
]
KILL_EVERY = 45.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--approvals", type=int, default=500)
    parser.add_argument("--hangs", type=int, default=10, help="calls that act and never answer")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    with (
        Simulator(refund_delay=0.2, retry_seconds=1.0) as narvar,
        tempfile.TemporaryDirectory() as var,
    ):
        circle = close_circle(narvar)
        narvar.add_shop(
            DOMAIN, username="warehouse-api", password="a-password-of-narvar", limit=10**6
        )
        decide(circle, given.approvals)
        return run(circle, Stack(var=Path(var)), given)


def decide(circle: Circle, count: int) -> None:
    print(f"… {count} returns and decisions", flush=True)
    for _ in range(count):
        made = circle.narvar.create_rma(DOMAIN, status="delivered_to_retailer", send=False)
        headers, body = circle.narvar.webhook(DOMAIN, made["rma_number"])
        assert circle.knock(headers, body) == 200
    circle.drain()
    for rma in Rma.objects.all():
        decisions.approve(
            rma.pk,
            by=circle.wanda,
            refund=True,
            version=rma.version,
            submission_token=uuid.uuid4(),
        )


def run(circle: Circle, stack: Stack, given: argparse.Namespace) -> int:
    narvar = circle.narvar
    narvar.fail_next("approval", "act_then_hang", seconds=60, times=given.hangs)
    narvar.random_faults(
        share=1 / 3, kinds=FAULTS, seed=given.seed, operations=["approval"], reset=2
    )
    chance, started = random.Random(given.seed), time.monotonic()
    try:
        stack.start()
        shop = Shop.objects.get(domain=DOMAIN)
        url = f"{stack.url}/webhooks/narvar/{shop.uuid}/"
        door = circle.door
        narvar.set_webhook(
            DOMAIN, url=url, username=door.webhook_username, password=door.webhook_password
        )
        narvar.change_settings(webhooks_on=True)
        _until_settled(stack, chance, started + given.minutes * 60)
        narvar.wait_idle(60)
    finally:
        stack.stop()
    return judge(circle, time.monotonic() - started)


def _until_settled(stack: Stack, chance: random.Random, end: float) -> None:
    next_kill, kills = time.monotonic() + KILL_EVERY, 0
    while time.monotonic() < end:
        left = Command.objects.exclude(state__in=ENDED).count()
        if not left:
            return
        if time.monotonic() > next_kill:
            kills += 1
            name = next(name for name in stack.running if name.startswith("worker"))
            stack.kill(name)
            stack.start_worker(f"worker{kills}")
            next_kill = time.monotonic() + KILL_EVERY * chance.uniform(0.5, 1.5)
            print(f"  {left} left, {kills} workers killed", flush=True)
        time.sleep(1)


def judge(circle: Circle, seconds: float) -> int:
    ledger = Counter(row.rma_number for row in circle.narvar.ledger(source="api"))
    twice = [number for number, count in ledger.items() if count > 1]
    states = Counter(Command.objects.values_list("state", flat=True))
    confirmed = set(
        Command.objects.filter(state=CommandState.CONFIRMED).values_list("subject", flat=True)
    )
    unpaid = confirmed - set(ledger)
    refused = Command.objects.filter(state=CommandState.REFUSED).values_list("subject", flat=True)
    paid_but_refused = set(refused) & set(ledger)
    calls = Attempt.objects.values("command").annotate(n=Count("id")).values_list("n", flat=True)
    settled = Command.objects.exclude(settled_at=None).exclude(first_sent_at=None)
    spans = settled.annotate(took=F("settled_at") - F("first_sent_at"))
    took = [span.total_seconds() for span in spans.values_list("took", flat=True)]
    took.sort()
    problems = broken()
    total = sum(states.values())
    rows = [
        Row("approvals", f"{total:,}"),
        Row("seconds", f"{seconds:.0f}"),
        Row("commands/s", f"{total / seconds:.1f}"),
        Row("tries per command", f"{statistics.mean(calls):.2f}"),
        Row("time to settle p50, s", f"{took[len(took) // 2]:.1f}"),
        Row("time to settle p99, s", f"{took[int(len(took) * 0.99)]:.1f}"),
        *(Row(f"ended {state}", f"{count:,}") for state, count in sorted(states.items())),
        Row("paid twice", str(len(twice)), "0"),
        Row("confirmed without a refund", str(len(unpaid)), "0"),
        Row("refused though paid", str(len(paid_but_refused)), "0"),
        Row("objections of the spec", str(len(circle.narvar.objections())), "0"),
        Row("broken invariants", ", ".join(one.name for one in problems) or "0", "0"),
    ]
    show(rows)
    late = Command.objects.exclude(state__in=ENDED).values_list(F("state"), "problem")
    for state, problem in late[:10]:
        print("not ended:", state, problem)
    return int(bool(twice or unpaid or paid_but_refused or problems or late))


if __name__ == "__main__":
    sys.exit(main())
