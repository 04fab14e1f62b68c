"""What came of approvals under fire: our commands beside Narvar's ledger."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, F

from benchmarks.quota_watch import QuotaWatch
from benchmarks.table import Row, show
from returns_ops.messaging.models import Attempt, Command, CommandState
from returns_ops.returns.invariants import broken
from tests.narvar_simulator import Simulator
from tests.narvar_simulator.records import LedgerRow

ENDED = [CommandState.CONFIRMED, CommandState.REFUSED, CommandState.ATTENTION]
Subject = tuple[str, str]  # shop and RMA number


@dataclass(frozen=True, kw_only=True)
class Run:
    seconds: float
    kills: int
    undecided: int


class Books:
    """Both sides: what was asked for, and what was paid."""

    def __init__(self, narvar: Simulator) -> None:
        commands = Command.objects.select_related("shop")
        self.asked = {(one.shop.domain, one.subject): one for one in commands}
        self.ledger = narvar.ledger()
        self.paid = Counter((row.shop, row.rma_number) for row in self.ledger)

    def in_state(self, state: CommandState) -> Iterator[Subject]:
        return (key for key, command in self.asked.items() if command.state == state)

    def twice(self) -> list[Subject]:
        return [key for key, count in self.paid.items() if count > 1]

    def unasked(self) -> list[LedgerRow]:
        """Rows that are not exactly what a command asked for, under its reference."""
        return [row for row in self.ledger if not self._was_asked(row)]

    def _was_asked(self, row: LedgerRow) -> bool:
        command = self.asked.get((row.shop, row.rma_number))
        if command is None:
            return False
        wanted = (command.amount, command.currency, str(command.call_reference_id))
        return wanted == (Decimal(row.amount), row.currency, row.call_reference_id)

    def confirmed_unpaid(self) -> list[Subject]:
        return [key for key in self.in_state(CommandState.CONFIRMED) if key not in self.paid]

    def refused_though_paid(self) -> list[Subject]:
        return [key for key in self.in_state(CommandState.REFUSED) if key in self.paid]

    def not_ended(self) -> list[Command]:
        return [command for command in self.asked.values() if command.state not in ENDED]


def judge(narvar: Simulator, run: Run, watch: QuotaWatch) -> int:
    books = Books(narvar)
    wrong: dict[str, Sequence[object]] = {
        "paid twice": books.twice(),
        "paid and not asked for": books.unasked(),
        "confirmed without a refund": books.confirmed_unpaid(),
        "refused though paid": books.refused_though_paid(),
        "not ended": books.not_ended(),
        "calls while no call was left": watch.while_spent,
        "objections of the spec": narvar.objections(),
        "broken invariants": broken(),
    }
    rows = [*_pace(books, run, watch), *_ends(books)]
    rows += [Row(what, str(len(found)), "0") for what, found in wrong.items()]
    rows += [
        Row("calls beyond the limit", str(watch.beyond_the_limit), "0"),
        Row("not decided", str(run.undecided), "0"),
    ]
    show(rows)
    for what, found in wrong.items():
        for one in found[:10]:
            print(f"{what}: {_told(one)}")
    return int(any(wrong.values()) or bool(watch.beyond_the_limit or run.undecided))


def _pace(books: Books, run: Run, watch: QuotaWatch) -> list[Row]:
    count, calls = len(books.asked), sum(watch.operations.values())
    tries = Attempt.objects.values("command").annotate(n=Count("id")).values_list("n", flat=True)
    spoilt = sum(n for fault, n in watch.faults.items() if fault)
    share = spoilt / (watch.operations["approval"] or 1)
    took, waited = _spans("first_sent_at"), _spans("created_at")
    return [
        Row("approvals", f"{count:,}"),
        Row("seconds", f"{run.seconds:.0f}"),
        Row("workers killed", str(run.kills)),
        Row("commands/s", f"{count / run.seconds:.1f}"),
        Row("calls per command", f"{calls / count:.2f}"),
        Row("tries per command", f"{statistics.mean(tries):.2f}"),
        Row("approval calls that met a fault", f"{share:.0%}"),
        Row("first call to settled p50, s", f"{_at(took, 0.5):.1f}"),
        Row("first call to settled p99, s", f"{_at(took, 0.99):.1f}"),
        Row("decided to settled p50, s", f"{_at(waited, 0.5):.1f}"),
        Row("decided to settled p99, s", f"{_at(waited, 0.99):.1f}"),
    ]


def _ends(books: Books) -> list[Row]:
    states = Counter(command.state for command in books.asked.values())
    return [Row(f"ended {state}", f"{count:,}") for state, count in sorted(states.items())]


def _spans(since: str) -> list[float]:
    settled = Command.objects.exclude(settled_at=None).exclude(first_sent_at=None)
    spans = settled.annotate(took=F("settled_at") - F(since)).values_list("took", flat=True)
    return sorted(span / timedelta(seconds=1) for span in spans)


def _at(spans: list[float], share: float) -> float:
    return spans[min(int(len(spans) * share), len(spans) - 1)] if spans else 0.0


def _told(one: object) -> str:
    if isinstance(one, Command):
        return f"{one} is {one.state}: {one.problem}"
    return str(one)
