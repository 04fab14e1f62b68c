"""Whatever the bench, the desk, Narvar and the network do in whatever order: units and money add
up after every step, and what is refused changes nothing."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import delivery, operations
from returns_ops.returns import transitions
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions import Bench, Part
from tests.returns.bench import AtNarvar, Line, Story, Seen, begin, check

PRICES = {"USD": "19.99", "JPY": "1980", "KWD": "7.125"}
OUTCOMES = [
    "",
    Decision.APPROVED,
    Decision.APPROVED_NO_RESTOCK,
    Decision.REJECTED,
    Decision.NOT_RECEIVED,
    Decision.EXCEPTION,
]
STATUSES = [
    "initiated",
    "on_its_way_to_retailer",
    "delivered_to_retailer",
    "exception",
    "approved",
    "cancelled_by_user",
    "returned",
]
ANSWERS = [
    AttemptOutcome.ACCEPTED,
    AttemptOutcome.ACCEPTED,
    AttemptOutcome.REFUSED,
    AttemptOutcome.UNKNOWN,
    AttemptOutcome.NOT_SENT,
    AttemptOutcome.MISCONFIGURED,
]
outcomes = st.sampled_from([str(one) for one in OUTCOMES])
few = st.integers(0, 3)
parts = st.builds(
    Part,
    quantity=st.integers(0, 3),
    decision=outcomes,
    grade=st.sampled_from(["", "", "A", "D"]),
    reason=st.sampled_from(["", "Worn or used"]),
)
lines_of_a_return = st.lists(
    st.tuples(
        st.integers(1, 4),  # quantity
        st.sampled_from([True, True, True, False]),  # Narvar tells an item id
        st.sampled_from([True, True, True, False]),  # and what was paid
        st.sampled_from([False, False, False, True]),  # the customer keeps it
        st.sampled_from(["return", "return", "return", "exchange"]),
    ),
    min_size=1,
    max_size=3,
)


class ABench(RuleBasedStateMachine):
    story: Story
    seen: Seen | None = None

    @initialize(lines=lines_of_a_return, currency=st.sampled_from(["USD", "USD", "JPY", "KWD"]))
    def a_return_arrives(self, lines: list[Any], currency: str) -> None:
        price = Decimal(PRICES[currency])
        made = [
            Line(
                sku=f"SKU-{place}",
                quantity=quantity,
                item_id=f"{1380 + place}" if named else "",
                price=price if priced else None,
                kept=kept,
                kind=kind,
            )
            for place, (quantity, named, priced, kept, kind) in enumerate(lines)
        ]
        estimate = sum((price * line.quantity for line in made), Decimal(0))
        self.story = begin(AtNarvar(made, estimate, currency))

    @invariant()
    def everything_adds_up(self) -> None:
        self.seen = check(self.story, self.seen)

    def move(self, made: Callable[[], object]) -> None:
        """A move that is refused changes nothing."""
        try:
            made()
        except transitions.Refused as refusal:
            assert str(refusal)
            assert self.seen is not None
            assert Seen(self.story).rows == self.seen.rows

    @property
    def bench(self) -> Bench:
        return Bench(self.story.wanda, "Bench 1")

    # The bench.

    def _item(self, which: int) -> int:
        items = self.story.items
        return items[which % len(items)].pk if items else 0

    def _line(self, which: int) -> int:
        lines = self.story.lines
        return lines[which % len(lines)].pk if lines else 0

    @rule(which=few, decision=st.none() | outcomes, anyway=st.booleans())
    def count_unit(self, which: int, decision: str | None, anyway: bool) -> None:
        self.move(
            lambda: transitions.count_unit(
                self.story.rma.pk,
                self._item(which),
                bench=self.bench,
                decision=decision,
                anyway=anyway,
            )
        )

    @rule(which=few)
    def take_back(self, which: int) -> None:
        self.move(
            lambda: transitions.take_back(self.story.rma.pk, self._line(which), bench=self.bench)
        )

    @rule(which=few, part=parts)
    def redecide_unit(self, which: int, part: Part) -> None:
        self.move(
            lambda: transitions.redecide_unit(
                self.story.rma.pk, self._line(which), part, bench=self.bench
            )
        )

    @rule(which=few, parts=st.lists(parts, max_size=3))
    def split_item(self, which: int, parts: list[Part]) -> None:
        rma = self.story.rma
        self.move(
            lambda: transitions.split_item(
                rma.pk, self._item(which), parts, bench=self.bench, version=rma.version
            )
        )

    @rule()
    def receive_all(self) -> None:
        self.move(lambda: transitions.receive_all(self.story.rma.pk, bench=self.bench))

    @rule()
    def mark_missing(self) -> None:
        self.move(lambda: transitions.mark_missing(self.story.rma.pk, bench=self.bench))

    @rule(sku=st.sampled_from(["X-999", "SKU-0", "sku-1"]), quantity=few)
    def keep_stranger(self, sku: str, quantity: int) -> None:
        self.move(
            lambda: transitions.keep_stranger(
                self.story.rma.pk, sku, bench=self.bench, quantity=quantity
            )
        )

    # Decisions.

    @rule(
        rest=st.sampled_from(Rest),
        refund=st.booleans(),
        share=st.sampled_from([None, None, None, 0, 1, 50, 100, 101]),
        ask=st.booleans(),
        stale=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def approve(self, rest: Rest, refund: bool, share: int | None, ask: bool, stale: int) -> None:
        rma = self.story.rma
        amount = None if share is None else self.story.narvar.estimate * share / 100
        approval = transitions.Approval(
            rma_id=rma.pk,
            by=self.story.ana,
            refund=refund,
            version=rma.version - stale,
            submission_token=uuid.uuid4(),
            rest=rest,
            partial_amount=amount if refund else None,
            ask=ask,
        )
        self.move(lambda: transitions.approve(approval, write=operations.approval))

    @property
    def last(self) -> Command:
        return self.story.commands[-1]

    @precondition(lambda self: self.story.commands)
    @rule()
    def approve_request(self) -> None:
        self.move(lambda: transitions.approve_request(self.last.pk, by=self.story.anne))

    @precondition(lambda self: self.story.commands)
    @rule(why=st.sampled_from(["", "Ask the customer"]))
    def send_back(self, why: str) -> None:
        self.move(lambda: transitions.send_back(self.last.pk, by=self.story.anne, why=why))

    @precondition(lambda self: self.story.commands)
    @rule()
    def undo(self) -> None:
        self.move(lambda: transitions.undo(self.last.pk, by=self.story.wanda))

    @precondition(lambda self: self.story.commands)
    @rule(hold=st.booleans())
    def hold_or_release(self, hold: bool) -> None:
        move = transitions.put_on_hold if hold else transitions.release_hold
        self.move(lambda: move(self.last.pk, by=self.story.wanda))

    @precondition(lambda self: self.story.commands)
    @rule()
    def give_up(self) -> None:
        self.move(
            lambda: transitions.give_up(self.last.pk, by=self.story.anne, reason="Nobody knows")
        )

    # The network.

    @precondition(lambda self: self._is_due())
    @rule(outcome=st.sampled_from(ANSWERS), acted=st.booleans())
    def send(self, outcome: AttemptOutcome, acted: bool) -> None:
        Command.objects.filter(pk=self.last.pk).update(next_attempt_at=Now())
        claimed = outbox.claim()
        assert claimed is not None
        command, attempt = claimed
        assert command.pk == self.last.pk
        problem = ""
        if command.moves_money and not command.was_ambiguous:
            problem = transitions.why_not_send(command)
        if problem:
            outcome = AttemptOutcome.REFUSED
        arrived = outcome == AttemptOutcome.ACCEPTED or (
            outcome == AttemptOutcome.UNKNOWN and acted
        )
        if arrived and not self._has_acted(command):
            self.story.narvar.act_on(command)
        delivery.settle(command, attempt, outbox.Answer(outcome=outcome, problem=problem))

    def _is_due(self) -> bool:
        due = (CommandState.QUEUED, CommandState.OUTCOME_UNKNOWN)
        found = self.story.commands
        return bool(found) and found[-1].state in due and not found[-1].summary.get("on_hold")

    def _has_acted(self, command: Command) -> bool:
        """Narvar knows the reference already."""
        seen: set[int] = vars(self).setdefault("acted", set())
        known = command.pk in seen
        seen.add(command.pk)
        return known

    # Narvar.

    @rule()
    def narvar_tells(self) -> None:
        self.story.told_by_narvar()

    @rule(which=few, quantity=st.integers(1, 4))
    def narvar_changes_a_quantity(self, which: int, quantity: int) -> None:
        lines = self.story.narvar.lines
        lines[which % len(lines)].quantity = quantity
        self.story.told_by_narvar()

    @rule(which=few, gone=st.booleans())
    def narvar_removes_or_restores_a_line(self, which: int, gone: bool) -> None:
        lines = self.story.narvar.lines
        lines[which % len(lines)].gone = gone
        self.story.told_by_narvar()

    @rule(status=st.sampled_from(STATUSES))
    def narvar_changes_the_status(self, status: str) -> None:
        self.story.narvar.status = status
        self.story.told_by_narvar()

    @rule(share=st.sampled_from([50, 90, 110]))
    def narvar_changes_the_estimate(self, share: int) -> None:
        self.story.narvar.estimate = (self.story.narvar.estimate * share / 100).quantize(Decimal(1))
        self.story.told_by_narvar()

    @rule(share=st.sampled_from([10, 100]))
    def somebody_else_refunds(self, share: int) -> None:
        narvar = self.story.narvar
        narvar.pay((narvar.estimate * share / 100).quantize(Decimal(1)), "shopify_webhook")
        self.story.told_by_narvar()

    def teardown(self) -> None:
        """What this return owes is not sent by the next one."""
        if hasattr(self, "story"):
            Command.objects.filter(shop=self.story.shop).update(lease_until=None)
            due = Command.objects.filter(shop=self.story.shop, tries=0)
            due.update(next_attempt_at=LATER)


import os

LATER = Now()
EXAMPLES = int(os.environ.get("EX", "40"))


def test_units_and_money_add_up_after_every_step(db: None) -> None:
    run_state_machine_as_test(
        ABench,
        settings=effort(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
