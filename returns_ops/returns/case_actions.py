"""What can be done about a case: each action with the call it will make, and its effect. Pure.

Narvar has three calls that matter here: the approval of units, with or without a refund; a status,
with or without a note; a note alone. It has none that converts an exchange or changes an address.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from returns_ops.returns.money import spoken
from returns_ops.returns.policy import Verdict
from returns_ops.returns.states import Cause

APPROVAL = "Approval to Narvar"
NO_CALL = "No call: Narvar hears nothing"


class Action(StrEnum):
    RETRY = "retry"
    REFUND = "refund"
    PART = "refund_part"
    NO_REFUND = "no_refund"
    ASK = "ask"
    REJECT = "reject"
    CANCEL = "cancel"
    BY_HAND = "by_hand"
    CONVERT = "convert"
    WAIT = "wait"
    NOTE = "note"
    MATCH = "match"
    RESOLVE = "resolve"


LABELS: dict[Action, str] = {
    Action.RETRY: "Try again what failed",
    Action.REFUND: "Approve and refund in full",
    Action.PART: "Issue partial refund",
    Action.NO_REFUND: "Approve without refund",
    Action.ASK: "Ask for approval",
    Action.REJECT: "Reject",
    Action.CANCEL: "Cancel return",
    Action.BY_HAND: "Handle by hand",
    Action.CONVERT: "Convert the exchange to a refund",
    Action.WAIT: "Wait",
    Action.NOTE: "Send a note to Narvar",
    Action.MATCH: "Find where the parcel belongs",
    Action.RESOLVE: "Resolve exception",
}
# Never the likely one: two keys must not switch off an automation or send a customer away.
DANGEROUS = frozenset({Action.REJECT, Action.CANCEL, Action.BY_HAND})
# What does no harm, should nothing that usually helps be possible now.
HARMLESS = (Action.WAIT, Action.RESOLVE)
# What usually helps, the best first; all others follow in their own order.
USUAL: dict[str, tuple[Action, ...]] = {
    Cause.EXCEPTION: (Action.REFUND, Action.ASK, Action.PART, Action.BY_HAND),
    Cause.SHOPIFY_REFUND: (Action.NO_REFUND, Action.PART, Action.BY_HAND),
    Cause.OUT_OF_STOCK: (Action.WAIT, Action.CONVERT, Action.NOTE),
    Cause.BY_HAND: (Action.RESOLVE, Action.NOTE),
    Cause.UNKNOWN_STATUS: (Action.RESOLVE, Action.NOTE),
    Cause.BENCH: (Action.PART, Action.NO_REFUND, Action.REJECT),
    Cause.REFUSED: (Action.RETRY, Action.BY_HAND),
    Cause.UNSETTLED: (Action.WAIT, Action.RETRY),
    Cause.MONEY_DIFFERS: (Action.PART, Action.NOTE, Action.RESOLVE),
    Cause.LATE_PARCEL: (Action.NOTE, Action.RESOLVE),
    Cause.DEAD_LETTER: (Action.RETRY, Action.RESOLVE),
    Cause.MYSTERY_PARCEL: (Action.MATCH, Action.RESOLVE),
    Cause.AUTOMATION_ENDING: (Action.REFUND, Action.ASK, Action.PART, Action.NO_REFUND),
}


@dataclass(frozen=True, kw_only=True)
class RetryFacts:
    """What failed, in words, what trying it again would do now, and why it cannot be tried."""

    what: str
    call: str
    effect: str
    blocked: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActionFacts:
    """What the actions of a case depend on; verdicts as policy.py gives them."""

    cause: str
    about_parcel: bool = False
    refund: Verdict | None = None
    part: Verdict | None = None  # of the highest amount that may be entered
    no_refund: Verdict | None = None
    statuses: Mapping[Action, Verdict] = field(default_factory=dict)
    note: Verdict | None = None
    retry: RetryFacts | None = None
    has_exchange: bool = False
    may_approve: bool = True
    second_person: str = ""  # why this person cannot refund in full alone, in words
    snoozed: bool = False
    resolved: bool = False


@dataclass(frozen=True, kw_only=True)
class PossibleAction:
    """`call`: what is sent. `effect`: what comes of it. `blocked`: why it cannot be done now.
    `needs`: what the person has to enter."""

    code: Action
    label: str
    call: str
    effect: str
    warnings: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    likely: bool = False
    most: Decimal | None = None  # of a partial refund
    currency: str = ""

    @property
    def possible(self) -> bool:
        return not self.blocked


def possible_actions(facts: ActionFacts) -> tuple[PossibleAction, ...]:
    """All there are for this case; what usually helps first, what is blocked last."""
    found = [*_of_parcel(facts)] if facts.about_parcel else [*_of_return(facts)]
    usual = USUAL.get(facts.cause, ())
    order = [*usual, *(code for code in Action if code not in usual)]
    found.sort(key=lambda one: (not one.possible, order.index(one.code)))
    likely = _likely({one.code for one in found if one.possible}, usual)
    return tuple(_marked(one, likely) for one in found)


def _likely(possible: Collection[Action], usual: Sequence[Action]) -> Action | None:
    wanted = [*(code for code in usual if code not in DANGEROUS), *HARMLESS]
    return next((code for code in wanted if code in possible), None)


def _marked(one: PossibleAction, likely: Action | None) -> PossibleAction:
    if one.code != likely:
        return one
    return PossibleAction(**{**vars(one), "likely": True})


def _of_parcel(facts: ActionFacts) -> Iterator[PossibleAction]:
    yield _action(
        Action.MATCH, NO_CALL, "Opens the parcel with its ranked guesses; matching closes the case."
    )
    yield _wait(facts)
    yield _resolve(facts)


def _of_return(facts: ActionFacts) -> Iterator[PossibleAction]:
    if facts.retry is not None:
        yield _retry(facts.retry)
    yield from _of_units(facts)
    for code, verdict in facts.statuses.items():
        yield _of_status(code, verdict)
    if facts.has_exchange:
        yield _convert(facts)
    yield _wait(facts)
    if facts.note is not None:
        effect = "Narvar keeps the note with the return. Its status does not change."
        yield _action(Action.NOTE, "Note to Narvar", effect, needs=("note",), verdict=facts.note)
    yield _resolve(facts)


def _retry(retry: RetryFacts) -> PossibleAction:
    return PossibleAction(
        code=Action.RETRY,
        label=LABELS[Action.RETRY],
        call=retry.call,
        effect=retry.effect,
        warnings=retry.warnings,
        blocked=retry.blocked,
    )


def _of_units(facts: ActionFacts) -> Iterator[PossibleAction]:
    barred = () if facts.may_approve else ("You may not approve returns of this shop.",)
    full, none = facts.refund, facts.no_refund
    if full is not None:
        alone = (facts.second_person,) if facts.second_person else ()
        yield _action(
            Action.REFUND,
            f"{APPROVAL}, with a refund",
            full.sentence,
            verdict=full,
            blocked=(*barred, *alone),
        )
        most = f" At most {spoken(full.cap, full.currency)}." if full.cap is not None else ""
        yield _action(
            Action.PART,
            f"{APPROVAL}, with the amount you enter",
            f"The customer gets that amount, and the return becomes Approved.{most}",
            verdict=facts.part or full,
            blocked=barred,
            needs=("amount", "reason"),
        )
        if facts.second_person:
            yield _action(
                Action.ASK,
                f"{APPROVAL}, once a colleague has approved it",
                f"Nothing is sent before somebody else agrees. Then: {full.sentence}",
                verdict=full,
                blocked=barred,
            )
    if none is not None:
        yield _action(
            Action.NO_REFUND,
            f"{APPROVAL}, without refund",
            none.sentence,
            verdict=none,
            blocked=barred,
        )


EFFECTS: dict[Action, str] = {
    Action.REJECT: "The return becomes Rejected. Nothing is refunded or restocked.",
    Action.CANCEL: "The return becomes Cancelled by us. The customer may start a new one.",
    Action.BY_HAND: (
        "Narvar switches off its automation for this return: it no longer refunds, restocks, "
        "completes or reserves anything by itself. What the customer is owed is done in Shopify."
    ),
}
STATUS_OF: dict[Action, str] = {
    Action.REJECT: "rejected",
    Action.CANCEL: "cancelled_by_retailer",
    Action.BY_HAND: "resolve_manually_without_automation",
}


def _of_status(code: Action, verdict: Verdict) -> PossibleAction:
    call = f"Status “{STATUS_OF[code]}” to Narvar"
    return _action(code, call, EFFECTS[code], verdict=verdict, needs=("note?",))


def _convert(facts: ActionFacts) -> PossibleAction:
    effect = (
        "Narvar has no call for it: somebody converts it in Narvar itself. The note asks for it, "
        "and the case sleeps until Narvar tells of a change."
    )
    return _action(Action.CONVERT, "Note to Narvar", effect, needs=("note",), verdict=facts.note)


def _wait(facts: ActionFacts) -> PossibleAction:
    blocked = ("It sleeps already.",) if facts.snoozed else ()
    effect = "The case leaves the queue until something changes, or until the time you choose."
    return _action(Action.WAIT, NO_CALL, effect, blocked=blocked, needs=("until?",))


def _resolve(facts: ActionFacts) -> PossibleAction:
    blocked = ("It is resolved already.",) if facts.resolved else ()
    effect = "Closes the case here. It opens again only if its cause comes anew."
    return _action(Action.RESOLVE, NO_CALL, effect, blocked=blocked, needs=("because",))


def _action(
    code: Action,
    call: str,
    effect: str,
    *,
    verdict: Verdict | None = None,
    blocked: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> PossibleAction:
    return PossibleAction(
        code=code,
        label=LABELS[code],
        call=call,
        effect=effect,
        warnings=verdict.warnings if verdict else (),
        blocked=(*blocked, *(verdict.reasons if verdict else ())),
        needs=needs,
        most=verdict.cap if verdict and code == Action.PART else None,
        currency=verdict.currency if verdict else "",
    )
