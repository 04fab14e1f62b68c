"""What can be decided of an RMA now: what each choice would do, or why it cannot."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access, who_can
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.formats import money
from returns_ops.messaging.models import Command
from returns_ops.returns.limits import Limits, limits_of, why_second_person
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.receipts import Count
from returns_ops.returns.states import Decision as Word

GIVEN_UP = (
    "An earlier decision was sent and given up. If Narvar did act on it, this pays a second time."
)


class Choice(NamedTuple):
    refund: bool
    label: str
    verdict: Verdict
    second: tuple[str, ...] = ()  # why a second person is needed
    worked: tuple[tuple[str, str, bool], ...] = ()  # text, amount, whether it is the sum

    @property
    def value(self) -> str:
        """What the button says to the server."""
        if not self.refund:
            return "0"
        return "ask" if self.second else "1"


class Decision(NamedTuple):
    choices: list[Choice]
    shared_reasons: tuple[str, ...]
    forbidden: str
    version: int
    token: uuid.UUID
    under_way: bool
    rest: str
    rest_question: str  # units are not accounted for: what of them?
    rest_said: str
    begun: bool
    seen: int
    may_set_amount: bool

    @property
    def possible(self) -> bool:
        return not self.forbidden and any(choice.verdict.allowed for choice in self.choices)

    @property
    def primary(self) -> str:
        """The button that Enter presses: only once the bench has begun, so never by chance."""
        if not self.begun or self.forbidden or self.rest_question:
            return ""
        return next((choice.value for choice in self.choices if choice.verdict.allowed), "")


@dataclass(frozen=True)
class Asked:
    """What the person has said so far of the decision on the screen."""

    rest: Rest | None = None


def asked_of(request: StaffRequest) -> Asked:
    rest = request.GET.get("rest", "")
    return Asked(rest=Rest(rest) if rest in (Rest.MISSING, Rest.LATER) else None)


def decision_of(
    access: Access,
    bundle: Bundle,
    commands: Sequence[Command],
    counted: Count,
    *,
    asked: Asked,
    seen: int,
) -> Decision:
    rma = bundle.rma
    under_way = next((command for command in commands if command.is_open), None)
    allowed = access.may(Permission.APPROVE, rma.shop)
    rest = _rest(counted, asked)
    roles = access.roles_in(rma.shop)
    limits = limits_of(access.user, rma.shop, rma.currency, roles=roles) if allowed else None
    choices = [_choice(bundle, refund, rest or Rest.NONE, limits) for refund in (True, False)]
    if any(command.was_given_up for command in commands):
        choices = [_with_warning(choice) for choice in choices]
    shared = [r for r in choices[0].verdict.reasons if r in choices[1].verdict.reasons]
    return Decision(
        choices=choices,
        shared_reasons=tuple(shared) if not any(c.verdict.allowed for c in choices) else (),
        forbidden="" if allowed else who_can(Permission.APPROVE),
        version=rma.version,
        token=uuid.uuid4(),
        under_way=under_way is not None,
        rest=(rest or Rest.NONE).value,
        rest_question=_question(counted) if rest is None and under_way is None else "",
        rest_said=_rest_said(counted, rest),
        begun=counted.begun,
        seen=seen,
        may_set_amount=choices[0].verdict.allowed and rest != Rest.LATER,
    )


def _rest(counted: Count, asked: Asked) -> Rest | None:
    """None: somebody has to say what became of the units that are left."""
    if not counted.begun:
        return Rest.AS_EXPECTED
    if not counted.left:
        return Rest.NONE
    return asked.rest if asked.rest in (Rest.MISSING, Rest.LATER) else None


def _units(number: int) -> str:
    return "1 unit" if number == 1 else f"{number} units"


def _question(counted: Count) -> str:
    return f"{_units(counted.left)} of {counted.to_arrive} not scanned."


def _rest_said(counted: Count, rest: Rest | None) -> str:
    if not counted.begun or not counted.left:
        return ""
    if rest == Rest.MISSING:
        return f"{_units(counted.left)} will be told as missing."
    if rest == Rest.LATER:
        return f"{_units(counted.left)} are to come in another box."
    return ""


def _with_warning(choice: Choice) -> Choice:
    warnings = (*choice.verdict.warnings, GIVEN_UP)
    return choice._replace(verdict=replace(choice.verdict, warnings=warnings))


def _choice(bundle: Bundle, refund: bool, rest: Rest, limits: Limits | None) -> Choice:
    verdict, _ = judge(bundle, Wanted(refund=refund, rest=rest))
    second = why_second_person(verdict.amount, limits) if limits and refund else ()
    label = _refund_label(verdict, second) if refund else _plain_label(verdict, rest)
    return Choice(refund, label, verdict, second, worked_of(verdict))


def _refund_label(verdict: Verdict, second: tuple[str, ...]) -> str:
    amount = money(verdict.amount, verdict.currency) if verdict.amount is not None else ""
    return f"Ask for approval of {amount}" if second else f"Approve and refund {amount}".rstrip()


def _plain_label(verdict: Verdict, rest: Rest) -> str:
    words = {word for word, _ in verdict.counts} - {Word.INVALID_ITEM.value}
    if rest == Rest.LATER:
        return "Send what came, refund later"
    if words == {Word.CLAIM}:
        return "Tell Narvar of the claim"
    if Word.EXCEPTION in words:
        return "Send to the desk, no refund"
    if words == {Word.REJECTED}:
        return "Reject, no refund"
    if words == {Word.NOT_RECEIVED}:
        return "Close as missing, no refund"
    return "Approve without refund"


def worked_of(verdict: Verdict) -> tuple[tuple[str, str, bool], ...]:
    """The lines of the refund and their sum; nothing when Narvar's own figure is all there is."""
    worked = verdict.worked
    if worked is None or worked.amount is None or not verdict.override:
        return ()
    rows = [(line.text, money(line.amount, verdict.currency), False) for line in worked.lines]
    return (*rows, ("Due by this", money(worked.amount, verdict.currency), True))
