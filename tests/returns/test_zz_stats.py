"""Whatever the bench, the desk, Narvar and the network do in whatever order: units and money add
up after every step, and what is refused changes nothing."""

import uuid,sys,collections
STATS=collections.Counter()
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
from tests.returns.bench import AtNarvar, Line, Seen, Story, begin, check

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
outcomes = st.sampled_from([str(one) for one in OUTCOMES])
few = st.integers(0, 3)
WAITING = (CommandState.NEEDS_APPROVAL, CommandState.QUEUED)
DUE = (CommandState.QUEUED, CommandState.OUTCOME_UNKNOWN)
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
    seen: Seen  # after the last step

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
        self.seen = check(self.story, getattr(self, "seen", None))

    def move(self, made: Callable[[], object]) -> None:
        """A move that is refused changes nothing."""
        try:
            made()
            STATS[sys._getframe(1).f_code.co_name+" ok"]+=1
        except transitions.Refused as refusal:
            assert str(refusal)
            import re
            STATS[sys._getframe(1).f_code.co_name+" refused: "+re.sub("[0-9.]+","#",str(refusal))[:110]]+=1
            assert Seen(self.story).rows == self.seen.rows

    @property
    def bench(self) -> Bench:
        return Bench(self.story.wanda, "Bench 1")

    # The bench.

    def _item(self, which: int) -> int:
        items = self.seen.items
        return items[which % len(items)].pk if items else 0

    def _line(self, which: int) -> int:
        return self.seen.lines[which % len(self.seen.lines)].pk

    @rule(which=few, decision=st.none() | outcomes, anyway=st.booleans())
    def count_unit(self, which: int, decision: str | None, anyway: bool) -> None:
        self.move(
            lambda: transitions.count_unit(
                self.seen.rma.pk,
                self._item(which),
                bench=self.bench,
                decision=decision,
                anyway=anyway,
            )
        )

    @precondition(lambda self: self.seen.lines)
    @rule(which=few)
    def take_back(self, which: int) -> None:
        rma, line = self.seen.rma, self._line(which)
        self.move(lambda: transitions.take_back(rma.pk, line, bench=self.bench))

    @precondition(lambda self: self.seen.lines)
    @rule(which=few, part=parts)
    def redecide_unit(self, which: int, part: Part) -> None:
        rma, line = self.seen.rma, self._line(which)
        self.move(lambda: transitions.redecide_unit(rma.pk, line, part, bench=self.bench))

    @rule(which=few, parts=st.lists(parts, max_size=3))
    def split_item(self, which: int, parts: list[Part]) -> None:
        rma, item = self.seen.rma, self._item(which)
        self.move(
            lambda: transitions.split_item(
                rma.pk, item, parts, bench=self.bench, version=rma.version
            )
        )

    @precondition(lambda self: self.seen.left())
    @rule(missing=st.booleans())
    def all_the_rest(self, missing: bool) -> None:
        said = transitions.mark_missing if missing else transitions.receive_all
        self.move(lambda: said(self.seen.rma.pk, bench=self.bench))

    @rule(sku=st.sampled_from(["X-999", "SKU-0", "sku-1", ""]))
    def keep_stranger(self, sku: str) -> None:
        self.move(lambda: transitions.keep_stranger(self.seen.rma.pk, sku, bench=self.bench))

    # Decisions.

    @precondition(lambda self: not self._open())
    @rule(refund=st.booleans(), rest=st.sampled_from([Rest.AS_EXPECTED, Rest.MISSING, Rest.LATER]))
    def approve(self, refund: bool, rest: Rest) -> None:
        self._approve(refund=refund and rest != Rest.LATER, rest=rest)

    @rule(
        rest=st.sampled_from(Rest),
        share=st.sampled_from([None, 0, 1, 50, 100, 101]),
        ask=st.booleans(),
        version=st.sampled_from([0, 0, 0, 1]),
    )
    def approve_specially(self, rest: Rest, share: int | None, ask: bool, version: int) -> None:
        amount = None if share is None else self.story.narvar.estimate * share / 100
        version = self.seen.rma.version - version
        self._approve(refund=True, rest=rest, partial_amount=amount, ask=ask, version=version)

    def _approve(self, **given: Any) -> None:
        approval = transitions.Approval(
            **{
                "rma_id": self.seen.rma.pk,
                "by": self.story.ana,
                "version": self.seen.rma.version,
                "submission_token": uuid.uuid4(),
                **given,
            }
        )
        self.move(lambda: transitions.approve(approval, write=operations.approval))

    @property
    def last(self) -> Command:
        return self.seen.commands[-1]

    def _open(self) -> bool:
        return bool(self.seen.commands) and self.last.is_open

    def _is(self, *states: CommandState) -> bool:
        return bool(self.seen.commands) and self.last.state in states

    @precondition(lambda self: self._is(CommandState.NEEDS_APPROVAL))
    @rule(by=st.sampled_from(["anne", "ana"]))
    def approve_request(self, by: str) -> None:
        user = getattr(self.story, by)
        self.move(lambda: transitions.approve_request(self.last.pk, by=user))

    @precondition(lambda self: self._is(CommandState.NEEDS_APPROVAL))
    @rule(why=st.sampled_from(["", "Ask the customer"]))
    def send_back(self, why: str) -> None:
        self.move(lambda: transitions.send_back(self.last.pk, by=self.story.anne, why=why))

    @precondition(lambda self: self._open())
    @rule()
    def undo(self) -> None:
        self.move(lambda: transitions.undo(self.last.pk, by=self.story.wanda))

    @precondition(lambda self: self._is(*WAITING))
    @rule(hold=st.booleans())
    def hold_or_release(self, hold: bool) -> None:
        move = transitions.put_on_hold if hold else transitions.release_hold
        self.move(lambda: move(self.last.pk, by=self.story.wanda))

    @precondition(lambda self: self._is(CommandState.ATTENTION, CommandState.ACCEPTED))
    @rule()
    def give_up(self) -> None:
        self.move(
            lambda: transitions.give_up(self.last.pk, by=self.story.anne, reason="Nobody knows")
        )

    # The network.

    @precondition(lambda self: self._is(*DUE) and not self.last.summary.get("on_hold"))
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
        STATS["send "+outcome+" "+problem[:60]]+=1
        delivery.settle(command, attempt, outbox.Answer(outcome=outcome, problem=problem))

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

    @rule(which=few, quantity=st.integers(1, 4), gone=st.sampled_from([False, False, True]))
    def narvar_changes_a_line(self, which: int, quantity: int, gone: bool) -> None:
        lines = self.story.narvar.lines
        line = lines[which % len(lines)]
        line.quantity, line.gone = quantity, gone
        self.story.told_by_narvar()

    @rule(
        status=st.sampled_from([None, None, *STATUSES]),
        share=st.sampled_from([100, 100, 50, 90, 110]),
        others=st.sampled_from([0, 0, 10, 100]),
    )
    def narvar_changes_its_figures(self, status: str | None, share: int, others: int) -> None:
        """The status, the estimate, or somebody else pays a part of it."""
        narvar = self.story.narvar
        narvar.status = status or narvar.status
        narvar.estimate = narvar.share(share)
        if others:
            narvar.pay(narvar.share(others), "shopify_webhook")
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

    for k,v in sorted(STATS.items()): print(v,k)
