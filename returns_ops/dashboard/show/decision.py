"""The two buttons of an RMA: what each would do, or why it cannot."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access, who_can
from returns_ops.dashboard.show.formats import money
from returns_ops.dashboard.show.tracker import was_given_up
from returns_ops.messaging.models import Command
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Bundle, Wanted, judge

GIVEN_UP = (
    "An earlier decision was sent and given up. If Narvar did act on it, this pays a second time."
)


class Choice(NamedTuple):
    refund: bool
    label: str
    verdict: Verdict


class Decision(NamedTuple):
    choices: list[Choice]
    shared_reasons: tuple[str, ...]
    forbidden: str
    version: int
    token: uuid.UUID
    under_way: bool

    @property
    def possible(self) -> bool:
        return not self.forbidden and any(choice.verdict.allowed for choice in self.choices)


def decision_of(access: Access, bundle: Bundle, commands: Sequence[Command]) -> Decision:
    rma = bundle.rma
    under_way = next((command for command in commands if command.is_open), None)
    choices = [_choice(bundle, refund) for refund in (True, False)]
    if any(was_given_up(command) for command in commands):
        choices = [_with_warning(choice) for choice in choices]
    shared = [r for r in choices[0].verdict.reasons if r in choices[1].verdict.reasons]
    allowed = access.may(Permission.APPROVE, rma.shop)
    return Decision(
        choices=choices,
        shared_reasons=tuple(shared) if not any(c.verdict.allowed for c in choices) else (),
        forbidden="" if allowed else who_can(Permission.APPROVE),
        version=rma.version,
        token=uuid.uuid4(),
        under_way=under_way is not None,
    )


def _with_warning(choice: Choice) -> Choice:
    warnings = (*choice.verdict.warnings, GIVEN_UP)
    return choice._replace(verdict=replace(choice.verdict, warnings=warnings))


def _choice(bundle: Bundle, refund: bool) -> Choice:
    verdict, _ = judge(bundle, Wanted(refund=refund))
    label = "Approve without refund"
    if refund:
        amount = money(verdict.amount, verdict.currency) if verdict.amount is not None else ""
        label = f"Approve and refund {amount}".rstrip()
    return Choice(refund, label, verdict)
