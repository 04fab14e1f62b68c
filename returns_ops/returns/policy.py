"""What a decision would do, and whether it may be done. Pure: facts in, verdict out."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from returns_ops.returns.money import exponent, is_known, spoken
from returns_ops.returns.refunds import UnitsFacts, Worked, work_out
from returns_ops.returns.states import CANCELLED, TERMINAL, Decision, NarvarStatus, label_of

METHODS = {
    "original_payment": "the original payment",
    "gift_card": "a gift card",
    "": "the method the customer chose",
}


# What an automation does when the return reaches its status.
AUTOMATIONS = {
    "refund": "may refund the customer",
    "mark_as_paid": "may complete the exchange order",
    "restock": "may restock the items",
    "reserve_inventory": "may reserve stock for the exchange",
}


@dataclass(frozen=True, kw_only=True)
class ApprovalFacts:
    """All that judging an approval of the whole RMA needs; money in major units of `currency`."""

    narvar_status: str
    refund: bool
    estimated_refund: Decimal | None
    cap: Decimal | None  # the refund calculated at the time of return
    refunded: Decimal
    currency: str
    refund_method: str = ""
    automation_refunded: bool = False  # policy: the refund automation has run
    refund_fires_at: str = ""
    restock_fires_at: str = ""
    open_command: str = ""  # what is under way already, in words
    lines_without_name: int = 0  # neither item id nor a SKU of its own
    item_count: int = 0
    paid_in_shopify: bool = False
    undelivered: bool = False
    units: tuple[UnitsFacts, ...] = ()  # outcomes, told ones too; empty: all is as expected
    whole: bool = True  # everything is accepted, in one call: Narvar's own sum holds
    claims_only: bool = False  # what is to tell comes after the fact
    more_to_come: bool = False  # another box is waited for
    nothing_more: bool = False  # every unit that should arrive is entered
    too_many: tuple[str, ...] = ()  # more is entered than the return has, in words
    open_units: int = 0  # nobody has said anything of them
    undecided: int = 0
    evidence_missing: tuple[str, ...] = ()  # in words: what a bad grade needs first
    partial_amount: Decimal | None = None  # set by a person, instead of what is worked out
    fees: tuple[tuple[str, Decimal], ...] = ()
    being_told: str = ""  # a status on its way to Narvar right now, in words
    stock_held_until: str = ""  # the exchange's reservation ends within a day
    shared_skus: tuple[str, ...] = ()  # two lines of the return have them
    same_box: tuple[str, ...] = ()  # other open returns with the same tracking number


@dataclass(frozen=True, kw_only=True)
class Verdict:
    allowed: bool
    sentence: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    amount: Decimal | None = None
    cap: Decimal | None = None
    currency: str = ""
    override: bool = False  # the amount is ours to name, not Narvar's own sum
    worked: Worked | None = None
    counts: tuple[tuple[str, int], ...] = ()  # decision: units that would be told now
    outcome: str = ""  # what state the return will be in


def judge_approval(facts: ApprovalFacts) -> Verdict:
    """Would this decision work, what would it pay, and what should a person know first."""
    left = cap_left(facts)
    worked = _worked(facts, left) if facts.refund and facts.units else None
    amount = _amount(facts, left, worked)
    reasons = tuple(_reasons(facts, left, worked))
    return Verdict(
        allowed=not reasons,
        sentence=_sentence(facts, amount),
        reasons=reasons,
        warnings=tuple(_warnings(facts)),
        amount=amount if facts.refund and not reasons else None,
        cap=left,
        currency=facts.currency,
        override=facts.partial_amount is not None or not facts.whole,
        worked=worked,
        counts=_counts(facts),
        outcome=_outcome(facts),
    )


def _worked(facts: ApprovalFacts, left: Decimal | None) -> Worked:
    return work_out(
        facts.units,
        estimate=_estimate(facts),
        fees=facts.fees,
        refunded=facts.refunded,
        left=left,
        currency=facts.currency,
    )


def _estimate(facts: ApprovalFacts) -> Decimal | None:
    return min(
        (one for one in (facts.cap, facts.estimated_refund) if one is not None), default=None
    )


def _amount(facts: ApprovalFacts, left: Decimal | None, worked: Worked | None) -> Decimal | None:
    if facts.partial_amount is not None:
        return None if any(_partial_reasons(facts, left)) else facts.partial_amount
    if facts.whole or worked is None:
        return left
    return worked.amount


def cap_left(facts: ApprovalFacts) -> Decimal | None:
    """The most that may still be refunded; None while Narvar has not told us an amount."""
    known = _estimate(facts)
    return None if known is None else max(known - facts.refunded, Decimal(0))


def _reasons(facts: ApprovalFacts, left: Decimal | None, worked: Worked | None) -> Iterator[str]:
    if facts.open_command:
        yield f"A decision is already under way: {facts.open_command}."
    if facts.being_told:
        yield f"Narvar is being told a status: {facts.being_told}. Try again in a moment."
    if not facts.claims_only:
        yield from _status_of_return_reasons(facts)
    if not facts.item_count:
        yield "Narvar has not told us of any item."
    if facts.lines_without_name:
        yield "Two lines share a SKU and carry no item id: Narvar could not tell them apart."
    yield from _unit_reasons(facts)
    if facts.refund:
        yield from _money_reasons(facts, left)
        yield from _sum_reasons(facts, left, worked)


def _status_of_return_reasons(facts: ApprovalFacts) -> Iterator[str]:
    """A claim comes after the fact; everything else comes before."""
    if facts.narvar_status in CANCELLED:
        yield "The return was cancelled."
    if facts.narvar_status == NarvarStatus.APPROVED:
        yield "Narvar has approved this return already."
    if facts.narvar_status == NarvarStatus.REJECTED:
        yield "Narvar has this return as rejected."


def _unit_reasons(facts: ApprovalFacts) -> Iterator[str]:
    if facts.open_units:
        units = _plural(facts.open_units, "unit is", "units are")
        yield f"{units} not accounted for: scan them, mark them missing, or wait for another box."
    for one in facts.too_many:
        yield f"{one}: take back what is too much."
    if facts.more_to_come and not facts.units:
        yield "Nothing of this box is entered yet."
    if facts.more_to_come and facts.nothing_more:
        yield "Nothing is left for another box: decide all of it now."
    if facts.undecided:
        yield f"{_plural(facts.undecided, 'unit has', 'units have')} no decision yet."
    if facts.units and all(one.told for one in facts.units):
        yield "Everything entered here was decided already."
    yield from facts.evidence_missing


def _sum_reasons(
    facts: ApprovalFacts, left: Decimal | None, worked: Worked | None
) -> Iterator[str]:
    if facts.claims_only:
        yield "A claim moves no money: send it without refund."
    if facts.more_to_come:
        yield "The refund goes out with the last box: decide the rest then."
    if any(one.decision == Decision.EXCEPTION for one in facts.units):
        yield "An item needs a person first: send it without refund."
    if facts.units and not any(one.accepted for one in facts.units):
        yield "Nothing is accepted, so there is nothing to refund."
    elif facts.partial_amount is not None:
        yield from _partial_reasons(facts, left)
    elif not facts.whole and worked is not None and worked.amount is None:
        yield worked.problem
    elif not facts.whole and worked is not None and worked.amount == 0:
        yield "Nothing is due for what is accepted: send it without refund."


def _partial_reasons(facts: ApprovalFacts, left: Decimal | None) -> Iterator[str]:
    """First what is no number at all: nothing can be compared with it, or written out."""
    amount = facts.partial_amount
    if amount is None:
        return
    if not amount.is_finite() or amount <= 0:
        yield "Enter an amount above zero, or approve without refund."
    elif left is None:
        yield "Without Narvar's figure nobody knows how much may be refunded."
    elif amount > left:
        yield (
            f"Enter {spoken(left, facts.currency)} or less. That is what is left of the refund "
            "Narvar calculated."
        )
    elif amount != amount.quantize(Decimal(1).scaleb(-exponent(facts.currency))):
        yield f"{facts.currency} has {exponent(facts.currency)} decimals, not more."


def _money_reasons(facts: ApprovalFacts, left: Decimal | None) -> Iterator[str]:
    if not is_known(facts.currency):
        yield f"The currency {facts.currency or '(none)'} is not one we know."
    if facts.automation_refunded:
        yield "Narvar's automation has refunded this return already."
    if left is None:
        yield "Narvar has not told us how much the refund is."
    elif left <= 0:
        yield "Nothing is left to refund."


def _warnings(facts: ApprovalFacts) -> Iterator[str]:
    if facts.undelivered:
        yield "The carrier has not delivered it yet."
    if facts.narvar_status == NarvarStatus.BY_HAND:
        yield "Automation is off for this return: an approval may move no money."
    if facts.restock_fires_at and _has(facts, Decision.APPROVED_NO_RESTOCK):
        yield (
            f"This return restocks at “{label_of(facts.restock_fires_at).lower()}”: with an item "
            "that is not restocked, Narvar will move it to Exception."
        )
    if facts.stock_held_until:
        yield f"The stock held for the exchange is held until {facts.stock_held_until} only."
    for sku in facts.shared_skus:
        yield f"Two lines of this return are {sku}: look which one you have."
    if facts.same_box:
        yield f"The same box may hold another return: {', '.join(facts.same_box)}."
    if facts.paid_in_shopify:
        yield "A refund was made in Shopify, outside Narvar: that often stops the automation."
    if not facts.refund and facts.refund_fires_at == NarvarStatus.APPROVED:
        yield "Narvar's policy refunds on approval: its automation may still pay."


def _has(facts: ApprovalFacts, decision: Decision) -> bool:
    return any(one.decision == decision and not one.told for one in facts.units)


def _counts(facts: ApprovalFacts) -> tuple[tuple[str, int], ...]:
    if not facts.units:
        return ((Decision.APPROVED.value, facts.item_count),) if facts.item_count else ()
    found: dict[str, int] = {}
    for one in facts.units:
        if not one.told:
            found[one.decision] = found.get(one.decision, 0) + one.quantity
    return tuple((word, found[word]) for word in Decision.values if word in found)


SPOKEN = {
    Decision.APPROVED: "approved",
    Decision.APPROVED_NO_RESTOCK: "approved, not restocked",
    Decision.REJECTED: "rejected",
    Decision.NOT_RECEIVED: "missing",
    Decision.EXCEPTION: "for a person to look at",
    Decision.INVALID_ITEM: "not in this return",
    Decision.CLAIM: "claimed",
}


def _sentence(facts: ApprovalFacts, amount: Decimal | None) -> str:
    units = _in_words(_counts(facts))
    if not facts.refund:
        return f"{units}, no refund is asked for. {_restock(facts)} {_outcome(facts)}"
    target = METHODS.get(facts.refund_method, facts.refund_method)
    paid = spoken(amount, facts.currency)
    return f"{paid} to {target}, {units}. {_restock(facts)} {_outcome(facts)}"


def _in_words(counts: tuple[tuple[str, int], ...]) -> str:
    if not counts:
        return "0 items approved"
    (first, quantity), *others = counts
    words = [f"{_plural(quantity, 'item', 'items')} {SPOKEN[Decision(first)]}"]
    return ", ".join([*words, *(f"{n} {SPOKEN[Decision(word)]}" for word, n in others)])


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _outcome(facts: ApprovalFacts) -> str:
    """The state in which Narvar will have the return, as far as can be known."""
    words = {word for word, _ in _counts(facts)} - {Decision.INVALID_ITEM}
    if facts.more_to_come:
        return "The return stays open for the other box."
    if not words or words == {Decision.CLAIM}:
        return "The state of the return does not change."
    stops = facts.restock_fires_at and Decision.APPROVED_NO_RESTOCK in words
    if Decision.EXCEPTION in words or stops:
        return "The return becomes an Exception."
    return f"The return becomes {'Rejected' if words == {Decision.REJECTED} else 'Approved'}."


def _restock(facts: ApprovalFacts) -> str:
    if facts.restock_fires_at:
        return f"Narvar restocks by itself (at: {facts.restock_fires_at})."
    return "Narvar does not restock by itself."


@dataclass(frozen=True, kw_only=True)
class StatusFacts:
    """All that judging a status to be told to Narvar needs."""

    narvar_status: str
    status: str | None
    note: str | None
    fires: tuple[str, ...] = ()  # automations that this status sets off, and that have not run
    open_money: str = ""  # a decision under way, in words
    open_telling: str = ""


def judge_status(facts: StatusFacts) -> Verdict:
    """May this be told to Narvar, and what may its automation do then?"""
    reasons = tuple(_status_reasons(facts))
    return Verdict(
        allowed=not reasons,
        sentence=_status_sentence(facts),
        reasons=reasons,
        warnings=tuple(_status_warnings(facts)),
    )


def _status_reasons(facts: StatusFacts) -> Iterator[str]:
    if facts.status is None:
        if facts.note is None:
            yield "There is neither a status nor a note to tell."
        return
    if facts.status == facts.narvar_status:
        yield f"Narvar shows this return as {label_of(facts.status).lower()} already."
    if facts.open_money:
        # The automation may pay at the new status what the decision is about to pay.
        yield f"A decision about money is under way: {facts.open_money}."
    if facts.open_telling:
        yield f"Another status is on its way to Narvar: {facts.open_telling}."


def _status_warnings(facts: StatusFacts) -> Iterator[str]:
    if facts.status is None:
        return
    for name in facts.fires:
        yield f"Narvar's policy acts at this status: its automation {AUTOMATIONS[name]}."
    if facts.status == NarvarStatus.BY_HAND:
        yield "Narvar's automation is off for this return from then on."
    if facts.narvar_status in TERMINAL:
        yield f"Narvar has this return as {label_of(facts.narvar_status).lower()}."


def _status_sentence(facts: StatusFacts) -> str:
    if facts.status is None:
        return "A note is added to the return at Narvar."
    note = ", with a note" if facts.note else ""
    return f"Narvar is told that the return is: {label_of(facts.status).lower()}{note}."
