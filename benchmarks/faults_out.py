"""Approvals under fire: a fault on a third of the calls, workers killed, one refund each.

    python -m returns_ops.embedded exec --temporary -- python -m benchmarks.faults_out

People decide while it burns. The simulator's ledger is the judge. Stops by itself after --minutes,
the last of which are left to what is under way, and exits 1 when money went wrong, or when not all
was decided and came to an end.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.core.management import call_command
from django.urls import reverse

from benchmarks.faults_out_judge import ENDED, Run, judge
from benchmarks.quota_watch import QuotaWatch
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from tests.circle import Circle, close_circle, connect_second
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
    "slow",
]
SHARE = 1 / 3
RATE_LIMITED_SECONDS = 3
SLOW = 30  # bytes a second: an answer of two or three seconds
SHARE_TO_DECIDE = 0.85
# So many wait at most: with more, the time to settle would be that of our own queue.
MOST_WAITING = 300
# As in production: money has workers of its own, so that no backlog of news delays it.
NEWS = "inbox,reconcile,maintenance"


def main() -> int:
    given = arguments()
    call_command("migrate", verbosity=0)
    with (
        Simulator(refund_delay=0.2, retry_seconds=1.0) as narvar,
        tempfile.TemporaryDirectory() as var,
    ):
        circles = connect(narvar, given.shops)
        arrive(circles, given.approvals)
        return run(narvar, circles, Stack(var=Path(var), tick=1.0), given)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--approvals", type=int, default=500)
    parser.add_argument("--shops", type=int, default=12, help="each has four calls under way")
    parser.add_argument("--workers", type=int, default=3, help="processes that call Narvar")
    parser.add_argument("--clerks", type=int, default=2, help="processes that decide")
    parser.add_argument("--hangs", type=int, default=10, help="calls that act and never answer")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument(
        "--kill-every", type=float, default=45, help="seconds; a new worker costs several of a core"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def connect(narvar: Simulator, shops: int) -> list[Circle]:
    first = close_circle(narvar)
    others = [
        connect_second(first, f"shop-{number}.myshopify.com", person=f"wendy{number}")
        for number in range(2, shops + 1)
    ]
    Shop.objects.update(hold_seconds=0)
    return [first, *others]


def arrive(circles: list[Circle], count: int) -> None:
    """Returns that wait for a decision, at every shop in turn."""
    print(f"… {count} returns arrive at {len(circles)} shops", flush=True)
    for number in range(count):
        store_one(circles[number % len(circles)])
    circles[0].drain()
    assert Rma.objects.count() == count


def store_one(circle: Circle) -> None:
    """A return that Narvar knows, and its webhook in our inbox."""
    domain = circle.shop.domain
    made = circle.narvar.create_rma(domain, status="delivered_to_retailer", send=False)
    headers, body = circle.narvar.webhook(domain, made["rma_number"])
    inbox.store(
        inbox.Delivery(
            shop_id=circle.shop.pk,
            body=body,
            headers={},
            webhook_id=headers["X-Narvar-Webhook-Id"],
            sender_timestamp=headers["X-Narvar-Timestamp"],
        )
    )


class Clerks:
    """People who approve one return after the other, in processes of their own."""

    def __init__(self, count: int) -> None:
        spawn = multiprocessing.get_context("spawn")  # no connection of ours may be shared
        self.processes = [
            spawn.Process(target=decide, args=(number, count), daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        for process in self.processes:
            process.start()

    def work(self) -> bool:
        """Whether one of them still does; it is an error if one could not go on."""
        codes = {process.exitcode for process in self.processes}
        assert codes <= {None, 0, -signal.SIGTERM}, "a clerk could not decide"
        return None in codes

    def end(self) -> None:
        for process in self.processes:
            process.terminate()


def decide(clerk: int, clerks: int) -> None:
    """This clerk's shops: at each there is one person, who clicks on one return after the other."""
    people = Membership.objects.order_by("shop").values_list("shop", "user")
    mine = dict(list(people)[clerk::clerks])
    users = User.objects.in_bulk(mine.values())
    found = Rma.objects.filter(shop__in=mine).order_by("id").values_list("pk", flat=True)
    for number, pk in enumerate(found):
        while number % 25 == 0 and Command.objects.due().count() > MOST_WAITING:
            time.sleep(0.5)
        rma = Rma.objects.get(pk=pk)
        decisions.approve(
            pk,
            by=users[mine[rma.shop_id]],
            refund=True,
            version=rma.version,
            submission_token=uuid.uuid4(),
        )


def run(narvar: Simulator, circles: list[Circle], stack: Stack, given: argparse.Namespace) -> int:
    narvar.fail_next("approval", "act_then_hang", seconds=60, times=given.hangs)
    narvar.random_faults(
        share=SHARE,
        kinds=FAULTS,
        seed=given.seed,
        operations=["approval"],
        reset=RATE_LIMITED_SECONDS,
        bytes_per_second=SLOW,
    )
    watch = QuotaWatch(narvar, reset=RATE_LIMITED_SECONDS)
    clerks, killer = Clerks(given.clerks), Killer(stack, given)
    started = time.monotonic()
    try:
        start(stack, given.workers)
        open_doors(narvar, circles, stack)
        clerks.start()
        until_settled(clerks, watch, killer, given.minutes * 60)
        seconds = time.monotonic() - started
        narvar.wait_idle(60)
    finally:
        clerks.end()
        stack.stop()
    watch.look(everything=True)
    undecided = given.approvals - Command.objects.count()
    return judge(narvar, Run(seconds=seconds, kills=killer.kills, undecided=undecided), watch)


def start(stack: Stack, workers: int) -> None:
    stack.start_web()
    stack.start_worker("news1", queues=NEWS)
    for number in range(1, workers + 1):
        stack.start_worker(f"money{number}", queues="money", processes=1)
    stack.start_beat()


def open_doors(narvar: Simulator, circles: list[Circle], stack: Stack) -> None:
    for circle in circles:
        narvar.set_webhook(
            circle.shop.domain,
            url=stack.url + reverse("webhook", args=[circle.shop.uuid]),
            username=circle.door.webhook_username,
            password=circle.door.webhook_password,
        )
    narvar.change_settings(webhooks_on=True)


class Killer:
    """Ends a worker every now and then, as a power cut would; another takes its place."""

    def __init__(self, stack: Stack, given: argparse.Namespace) -> None:
        self.stack, self.kills = stack, 0
        self.chance, self.every = random.Random(given.seed), given.kill_every
        self.next = float("inf")

    def begin(self) -> None:
        if self.next == float("inf"):
            self._plan()

    def _plan(self) -> None:
        self.next = time.monotonic() + self.every * self.chance.uniform(0.5, 1.5)

    def maybe(self) -> bool:
        if time.monotonic() < self.next:
            return False
        self.kills += 1
        names = sorted(name for name in self.stack.running if name.startswith(("news", "money")))
        name = self.chance.choice(names)
        self.stack.kill(name)
        if name.startswith("money"):
            self.stack.start_worker(f"money-{self.kills}", queues="money", processes=1)
        else:
            self.stack.start_worker(f"news-{self.kills}", queues=NEWS)
        self._plan()
        return True


def until_settled(clerks: Clerks, watch: QuotaWatch, killer: Killer, seconds: float) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if passed > seconds * SHARE_TO_DECIDE:
            clerks.end()
        deciding = clerks.work()
        left = Command.objects.exclude(state__in=ENDED).count()
        if not left and not deciding:
            return
        watch.look()
        decided = Command.objects.count()
        if decided:
            killer.begin()
        if killer.maybe():
            print(
                f"  {passed:5.0f} s: {decided} decided, {left} under way,"
                f" {killer.kills} workers killed",
                flush=True,
            )
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
