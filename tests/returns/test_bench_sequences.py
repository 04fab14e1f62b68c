"""Whatever the bench, the desk, Narvar and the network do in whatever order: units and money add
up after every step, and what is refused changes nothing."""

import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import delivery, operations
from returns_ops.returns import transitions
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions import Bench, Part
from tests.returns.bench import AtNarvar, Line, Seen, begin, check

# More of them by night: EXAMPLES=5000.
EXAMPLES = int(os.environ.get("EXAMPLES", "20"))
STEPS = 20
PRICES = {"USD": "19.99", "JPY": "1980", "KWD": "7.125"}
OUTCOMES = [
    "",
    Decision.APPROVED,
    Decision.APPROVED_NO_RESTOCK,
    Decision.REJECTED,
    Decision.NOT_RECEIVED,
    Decision.EXCEPTION,
]
STATUSES = ["delivered_to_retailer", "on_its_way_to_retailer", "exception", "approved", "returned"]
ANSWERS = [
    AttemptOutcome.ACCEPTED,
    AttemptOutcome.ACCEPTED,
    AttemptOutcome.REFUSED,
    AttemptOutcome.UNKNOWN,
    AttemptOutcome.NOT_SENT,
    AttemptOutcome.MISCONFIGURED,
]
WAITING = (CommandState.NEEDS_APPROVAL, CommandState.QUEUED)
DUE = (CommandState.QUEUED, CommandState.OUTCOME_UNKNOWN)
rarely = st.sampled_from([False, False, False, True])
outcomes = st.sampled_from([str(one) for one in OUTCOMES])
parts = st.builds(
    Part,
    quantity=st.integers(0, 3),
    decision=outcomes,
    grade=st.sampled_from(["", "", "A", "D"]),
    reason=st.sampled_from(["", "Worn or used"]),
)


class Sequence:
    """One return, and all that can happen to it, drawn step by step."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        currency = self.one_of(["USD", "USD", "JPY", "KWD"], "currency")
        price = Decimal(PRICES[currency])
        lines = [self._line_of_the_return(place, price) for place in range(self.upto(3) or 1)]
        estimate = sum((price * line.quantity for line in lines), Decimal(0))
        self.story = begin(AtNarvar(lines, estimate, currency))
        self.acted: set[int] = set()
        self.seen = check(self.story, None)

    def _line_of_the_return(self, place: int, price: Decimal) -> Line:
        return Line(
            sku=f"SKU-{place}",
            quantity=1 + self.upto(3),
            item_id="" if self.draw(rarely, "no item id") else f"{1380 + place}",
            price=None if self.draw(rarely, "no price") else price,
            kept=self.draw(rarely, "kept"),
            kind="exchange" if self.draw(rarely, "exchange") else "return",
        )

    def draw(self, strategy: st.SearchStrategy[Any], label: str) -> Any:
        return self.data.draw(strategy, label=label)

    def one_of(self, values: Any, label: str) -> Any:
        return self.draw(st.sampled_from(values), label)

    def upto(self, most: int) -> int:
        number: int = self.draw(st.integers(0, most), "number")
        return number

    def go_on(self) -> None:
        """One more step, of those that are not pointless now; then everything must add up."""
        possible = [name for name, weight in self.weights().items() for _ in range(weight)]
        getattr(self, self.one_of(possible, "step"))()
        self.seen = check(self.story, self.seen)

    def weights(self) -> dict[str, int]:
        state = self.last.state if self.seen.commands else ""
        open_now = bool(state) and self.last.is_open
        due = state in DUE and not self.last.summary.get("on_hold")
        free = [line for line in self.seen.lines if line.command_id is None]
        return {
            "count_unit": 5 if self.seen.left() else 1,
            "take_back": 2 if free else 0,
            "redecide_unit": 2 if free else 0,
            "split_item": 2,
            "all_the_rest": 3 if self.seen.left() else 0,
            "keep_stranger": 1,
            "claim_units": 1,
            "approve": 1 if open_now else 6,
            "approve_specially": 3,
            "approve_request": 6 if state == CommandState.NEEDS_APPROVAL else 0,
            "send_back": 2 if state == CommandState.NEEDS_APPROVAL else 0,
            "undo": 2 if open_now else 0,
            "hold_or_release": 2 if state in WAITING else 0,
            "give_up": 6 if state == CommandState.ATTENTION else 0,
            "send": 14 if due else 0,
            "narvar_tells": 6 if state == CommandState.ACCEPTED else 1,
            "narvar_changes_a_line": 2,
            "narvar_changes_its_figures": 2,
        }

    def move(self, made: Callable[[], object]) -> None:
        """A move that is refused changes nothing."""
        try:
            made()
        except transitions.Refused as refusal:
            why = str(refusal)
        else:
            return
        assert why
        assert Seen(self.story).rows == self.seen.rows

    # The bench.

    @property
    def bench(self) -> Bench:
        return Bench(self.story.wanda, "Bench 1")

    @property
    def rma_id(self) -> int:
        return self.seen.rma.pk

    def item(self) -> int:
        items = self.seen.items
        return items[self.upto(len(items) - 1)].pk if items else 0

    def line(self) -> int:
        return self.seen.lines[self.upto(len(self.seen.lines) - 1)].pk

    def count_unit(self) -> None:
        item, anyway = self.item(), not self.draw(rarely, "as expected")
        decision = self.draw(st.none() | outcomes, "decision")
        self.move(
            lambda: transitions.count_unit(
                self.rma_id, item, bench=self.bench, decision=decision, anyway=anyway
            )
        )

    def take_back(self) -> None:
        line = self.line()
        self.move(lambda: transitions.take_back(self.rma_id, line, bench=self.bench))

    def redecide_unit(self) -> None:
        line, part = self.line(), self.draw(parts, "part")
        self.move(lambda: transitions.redecide_unit(self.rma_id, line, part, bench=self.bench))

    def split_item(self) -> None:
        item, given = self.item(), self.draw(st.lists(parts, max_size=3), "parts")
        version = self.seen.rma.version
        self.move(
            lambda: transitions.split_item(
                self.rma_id, item, given, bench=self.bench, version=version
            )
        )

    def all_the_rest(self) -> None:
        said = self.one_of([transitions.mark_missing, transitions.receive_all], "the rest")
        self.move(lambda: said(self.rma_id, bench=self.bench))

    def keep_stranger(self) -> None:
        sku = self.one_of(["X-999", "SKU-0", "sku-1", " "], "sku")
        self.move(lambda: transitions.keep_stranger(self.rma_id, sku, bench=self.bench))

    def claim_units(self) -> None:
        item, quantity, desk = self.item(), self.upto(2), Bench(self.story.ana)
        self.move(
            lambda: transitions.claim_units(
                self.rma_id, item, quantity, bench=desk, reason="Found damaged later"
            )
        )

    # Decisions.

    @property
    def last(self) -> Command:
        return self.seen.commands[-1]

    def approve(self) -> None:
        rest = self.one_of([Rest.AS_EXPECTED, Rest.MISSING, Rest.LATER], "rest")
        refund = rest != Rest.LATER and self.draw(st.booleans(), "refund")
        self._approve(refund=refund, rest=rest)

    def approve_specially(self) -> None:
        share = self.one_of([None, 0, 1, 50, 100, 101], "share")
        amount = None if share is None else self.story.narvar.estimate * share / 100
        self._approve(
            refund=True,
            rest=self.one_of(Rest, "rest"),
            partial_amount=amount,
            ask=self.draw(st.booleans(), "ask"),
            version=self.seen.rma.version - self.draw(rarely, "stale"),
        )

    def _approve(self, **given: Any) -> None:
        known: dict[str, Any] = {
            "rma_id": self.rma_id,
            "by": self.story.ana,
            "version": self.seen.rma.version,
            "submission_token": uuid.uuid4(),
        }
        approval = transitions.Approval(**{**known, **given})
        self.move(lambda: transitions.approve(approval, write=operations.approval))

    def approve_request(self) -> None:
        by = self.one_of([self.story.anne, self.story.anne, self.story.ana], "by")
        self.move(lambda: transitions.approve_request(self.last.pk, by=by))

    def send_back(self) -> None:
        why = self.one_of(["Ask the customer", " "], "why")
        self.move(lambda: transitions.send_back(self.last.pk, by=self.story.anne, why=why))

    def undo(self) -> None:
        self.move(lambda: transitions.undo(self.last.pk, by=self.story.wanda))

    def hold_or_release(self) -> None:
        move = self.one_of([transitions.put_on_hold, transitions.release_hold], "hold")
        self.move(lambda: move(self.last.pk, by=self.story.wanda))

    def give_up(self) -> None:
        anne = self.story.anne
        self.move(lambda: transitions.give_up(self.last.pk, by=anne, reason="Nobody knows"))

    # The network.

    def send(self) -> None:
        """As delivery does, with an answer drawn; what arrived at Narvar, Narvar does once."""
        Command.objects.filter(pk=self.last.pk).update(next_attempt_at=Now())
        claimed = outbox.claim()
        assert claimed is not None
        command, attempt = claimed
        assert command.pk == self.last.pk
        outcome, problem = self.one_of(ANSWERS, "answer"), ""
        if command.moves_money and not command.was_ambiguous:
            problem = transitions.why_not_send(command)
            outcome = AttemptOutcome.REFUSED if problem else outcome
        unclear = outcome == AttemptOutcome.UNKNOWN and self.draw(st.booleans(), "acted")
        if (outcome == AttemptOutcome.ACCEPTED or unclear) and command.pk not in self.acted:
            self.acted.add(command.pk)
            self.story.narvar.act_on(command)
        delivery.settle(command, attempt, outbox.Answer(outcome=outcome, problem=problem))

    # Narvar.

    def narvar_tells(self) -> None:
        self.story.told_by_narvar()

    def narvar_changes_a_line(self) -> None:
        lines = self.story.narvar.lines
        line = lines[self.upto(len(lines) - 1)]
        line.quantity, line.gone = 1 + self.upto(3), self.draw(rarely, "gone")
        self.story.told_by_narvar()

    def narvar_changes_its_figures(self) -> None:
        """The status, the estimate, or somebody else pays a part of it."""
        narvar = self.story.narvar
        narvar.status = self.one_of([None, None, *STATUSES], "status") or narvar.status
        narvar.estimate = narvar.share(self.one_of([100, 100, 50, 90, 110], "estimate"))
        others = self.one_of([0, 0, 10, 100], "paid by others")
        if others:
            narvar.pay(narvar.share(others), "shopify_webhook")
        self.story.told_by_narvar()

    def end(self) -> None:
        """What this return owes is not sent by the next one."""
        later = Now() + timedelta(days=1)
        Command.objects.filter(shop=self.story.shop).update(next_attempt_at=later)


@given(data=st.data())
@effort(
    max_examples=EXAMPLES,
    deadline=None,
    # A sequence says what it did, step by step; making it shorter would take minutes.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_units_and_money_add_up_after_every_step(db: None, data: st.DataObject) -> None:
    sequence = Sequence(data)
    try:
        for _ in range(STEPS):
            sequence.go_on()
    finally:
        sequence.end()
