"""What a decision would do, and whether it may be done. Pure: facts in, verdict out."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from returns_ops.returns.money import is_known, spoken
from returns_ops.returns.states import CANCELLED, TERMINAL, NarvarStatus, label_of

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


@dataclass(frozen=True, kw_only=True)
class Verdict:
    allowed: bool
    sentence: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    amount: Decimal | None = None
    cap: Decimal | None = None
    currency: str = ""


def judge_approval(facts: ApprovalFacts) -> Verdict:
    """Would approving every item work, what would it pay, and what should a person know first."""
    left = cap_left(facts)
    reasons = tuple(_reasons(facts, left))
    return Verdict(
        allowed=not reasons,
        sentence=_sentence(facts, left),
        reasons=reasons,
        warnings=tuple(_warnings(facts)),
        amount=left if facts.refund and not reasons else None,
        cap=left,
        currency=facts.currency,
    )


def cap_left(facts: ApprovalFacts) -> Decimal | None:
    """The most that may still be refunded; None while Narvar has not told us an amount."""
    known = [amount for amount in (facts.cap, facts.estimated_refund) if amount is not None]
    return max(min(known) - facts.refunded, Decimal(0)) if known else None


def _reasons(facts: ApprovalFacts, left: Decimal | None) -> Iterator[str]:
    if facts.open_command:
        yield f"A decision is already under way: {facts.open_command}."
    if facts.narvar_status in CANCELLED:
        yield "The return was cancelled."
    if facts.narvar_status == NarvarStatus.APPROVED:
        yield "Narvar has approved this return already."
    if facts.narvar_status == NarvarStatus.REJECTED:
        yield "Narvar has this return as rejected."
    if not facts.item_count:
        yield "Narvar has not told us of any item."
    if facts.lines_without_name:
        yield "Two lines share a SKU and carry no item id: Narvar could not tell them apart."
    if facts.refund:
        yield from _money_reasons(facts, left)


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
    if facts.paid_in_shopify:
        yield "A refund was made in Shopify, outside Narvar: that often stops the automation."
    if not facts.refund and facts.refund_fires_at == NarvarStatus.APPROVED:
        yield "Narvar's policy refunds on approval: its automation may still pay."


def _sentence(facts: ApprovalFacts, left: Decimal | None) -> str:
    units = "1 item" if facts.item_count == 1 else f"{facts.item_count} items"
    if not facts.refund:
        return f"{units} approved, no refund is asked for. {_restock(facts)}"
    target = METHODS.get(facts.refund_method, facts.refund_method)
    return f"{spoken(left, facts.currency)} to {target}, {units} approved. {_restock(facts)}"


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
