"""The panel of a partial refund: how much at most, what it means, and the words to read back."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from returns_ops.accounts.models import User
from returns_ops.dashboard.show.formats import money
from returns_ops.returns.limits import limits_of, why_second_person
from returns_ops.returns.money import exponent, rounded
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import METHODS
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.refunds import percentage
from returns_ops.returns.rules import PARTIAL

PERCENTS = (10, 25, 50)
MINUS_SHIPPING = "shipping"


class Quick(NamedTuple):
    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class PartialPanel:
    """`left` and all amounts in the currency of the return; `review` once it can be confirmed."""

    currency: str
    calculated: str
    refunded: str
    left: str
    left_amount: Decimal | None
    reasons: list[str]
    quick: list[Quick]
    step: str
    amount: str = ""
    reason: str = ""
    note: str = ""
    said: str = ""
    share: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    review: str = ""
    warnings: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    open: bool = False
    shown: str = ""  # the amount, as money is written
    reviewing: bool = False


def panel_of(bundle: Bundle) -> PartialPanel:
    rma = bundle.rma
    known = [one for one in (rma.first_cap, rma.estimated_refund) if one is not None]
    left = max(min(known) - rma.refunded, Decimal(0)) if known else None
    shipping = bool(_shipping(bundle))
    return PartialPanel(
        currency=rma.currency,
        calculated=money(min(known) if known else None, rma.currency),
        refunded=money(rma.refunded, rma.currency),
        left=money(left, rma.currency),
        left_amount=left,
        reasons=bundle.reasons.get(PARTIAL, []),
        quick=[
            *(Quick(str(percent), f"−{percent} %") for percent in PERCENTS),
            *([Quick(MINUS_SHIPPING, "Minus shipping")] if shipping else []),
        ],
        step=str(Decimal(1).scaleb(-exponent(rma.currency))),
        reason=_likely_reason(bundle),
    )


def _likely_reason(bundle: Bundle) -> str:
    """What was noted of a unit, else the shop's first; it is read back before it counts."""
    offered = bundle.reasons.get(PARTIAL, [])
    noted = [line.reason for line in bundle.lines if line.reason in offered]
    return next(iter([*noted, *offered]), "")


def _shipping(bundle: Bundle) -> Decimal:
    """What the parcels cost, where Narvar says so: a fee of its own is in the estimate already."""
    return sum((one.shipping_fee or Decimal(0) for one in bundle.packages), Decimal(0))


def quick_amount(bundle: Bundle, panel: PartialPanel, value: str) -> Decimal | None:
    """The amount of a quick button; None for one that does not exist."""
    if panel.left_amount is None:
        return None
    if value == MINUS_SHIPPING:
        left = max(panel.left_amount - _shipping(bundle), Decimal(0))
        return rounded(left, bundle.rma.currency)
    if value.isdecimal() and int(value) in PERCENTS:
        kept = Decimal(100 - int(value))
        return percentage(panel.left_amount, kept, bundle.rma.currency)
    return None


def with_amount(
    panel: PartialPanel, bundle: Bundle, amount: Decimal, *, rest: Rest, user: User
) -> PartialPanel:
    """What refunding that much would do, or why it cannot."""
    rma = bundle.rma
    verdict, _ = judge(bundle, Wanted(refund=True, rest=rest, partial_amount=amount))
    if not verdict.allowed:
        return replace(panel, errors={**panel.errors, "amount": " ".join(verdict.reasons)})
    kept = (panel.left_amount or Decimal(0)) - amount
    target = METHODS.get(rma.refund_method, rma.refund_method)
    return replace(
        panel,
        said=f"Refund {money(amount, rma.currency)}, keep {money(kept, rma.currency)}.",
        share=int(amount * 100 / panel.left_amount) if panel.left_amount else 0,
        review=(
            f"You are refunding {money(amount, rma.currency)} of {panel.left} to {target} for "
            f"{rma.rma_number}. {verdict.sentence.partition(', ')[2]}"
        ),
        warnings=verdict.warnings,
        second=why_second_person(amount, limits_of(user, rma.shop, rma.currency)),
    )
