"""The facts behind a customer's question: why is it not the full amount?"""

from collections.abc import Iterator
from decimal import Decimal

from returns_ops.returns.customer_text import RefundFacts, Withheld, why_not_full
from returns_ops.returns.plan import Rest
from returns_ops.returns.preview import Bundle, Wanted, fees_of, judge
from returns_ops.returns.refunds import ACCEPTED


def customer_text(bundle: Bundle, *, locale: str = "") -> str:
    """In the language of the return, or in `locale`. To be copied by a person."""
    return why_not_full(refund_facts(bundle), locale or bundle.rma.locale)


def refund_facts(bundle: Bundle) -> RefundFacts:
    rma = bundle.rma
    return RefundFacts(
        order_number=rma.order_number or rma.rma_number,
        currency=rma.currency or rma.shop.currency,
        full=rma.total,
        paid=_paid(bundle),
        fees=tuple(fees_of(rma)),
        withheld=tuple(_withheld(bundle)),
    )


def _paid(bundle: Bundle) -> Decimal:
    """What was refunded; as long as nothing was, what would be."""
    if bundle.rma.refunded:
        return bundle.rma.refunded
    rest = Rest.NONE if bundle.lines else Rest.AS_EXPECTED
    verdict, _ = judge(bundle, Wanted(refund=True, rest=rest))
    return verdict.amount or Decimal(0)


def _withheld(bundle: Bundle) -> Iterator[Withheld]:
    items = {item.pk: item for item in bundle.items}
    for line in bundle.lines:
        if not line.decision or line.decision in ACCEPTED:
            continue
        item = items.get(line.item_id or 0)
        price = item.unit_final if item else None
        yield Withheld(
            name=(item.sku or item.item_id) if item else line.sku,
            quantity=line.quantity,
            decision=line.decision,
            reason=line.reason,
            value=None if price is None else price * line.quantity,
        )
