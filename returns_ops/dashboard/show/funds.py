"""The money of an RMA. "Refunded" is said of transactions only: nothing else proves it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.utils.safestring import SafeString

from returns_ops.dashboard.show.contents import price_of
from returns_ops.dashboard.show.formats import NOTHING, Clock, decimal_of, money
from returns_ops.dashboard.show.words import REFUND_METHODS, SOURCES, word
from returns_ops.returns.models import Rma, RmaItem, Transaction
from returns_ops.returns.money import rounded
from returns_ops.returns.preview import fees_of


class Movement(NamedTuple):
    amount: str
    reversal: bool
    by: str
    method: str
    at: SafeString | str
    reference: str
    ours: bool


class Funds(NamedTuple):
    estimated: str
    restocking_fee: str
    fees: list[tuple[str, str]]
    refunded: str
    cap: str
    left: str
    to: str
    movements: list[Movement]
    in_shop: list[tuple[str, str]]  # the same sums as the shop books them; none: one currency


def funds_of(
    rma: Rma,
    transactions: Iterable[Transaction],
    left: Decimal | None,
    clock: Clock,
    items: Iterable[RmaItem],
) -> Funds:
    moved = list(transactions)
    return Funds(
        estimated=money(rma.estimated_refund, rma.currency),
        restocking_fee=money(-rma.restocking_fee, rma.currency) if rma.restocking_fee else "",
        fees=[_fee(rma, fee) for fee in rma.fees],
        refunded=money(rma.refunded, rma.currency) if moved else "No transaction yet",
        cap=money(rma.first_cap, rma.currency),
        left=money(left, rma.currency),
        to=word(REFUND_METHODS, rma.refund_method) if rma.refund_method else NOTHING,
        movements=[_movement(rma, transaction, clock) for transaction in moved],
        in_shop=_in_shop(rma, left, items),
    )


def _in_shop(rma: Rma, left: Decimal | None, items: Iterable[RmaItem]) -> list[tuple[str, str]]:
    """Narvar tells the shop's side of prices only: all else follows by the order's own rate."""
    rate = _rate_of(items) if rma.shop_currency and rma.shop_currency != rma.currency else None
    if rate is None:
        return []
    sums = [("Refund", rma.estimated_refund)]
    sums += [(name, -amount) for name, amount in fees_of(rma)]
    sums.append(("Can still be refunded", left))
    return [
        (name, money(rounded(amount * rate, rma.shop_currency), rma.shop_currency))
        for name, amount in sums
        if amount
    ]


def _rate_of(items: Iterable[RmaItem]) -> Decimal | None:
    """What a unit of the customer's currency is worth in the shop's; of all lines together."""
    paid, booked = Decimal(0), Decimal(0)
    for item in items:
        ours, theirs = (price_of(item, side, "final") for side in ("shop", "presentment"))
        if ours and theirs:
            paid, booked = paid + theirs, booked + ours
    return booked / paid if paid else None


def _fee(rma: Rma, fee: dict[str, object]) -> tuple[str, str]:
    amount = decimal_of(fee.get("amount"))
    shown = money(-amount, str(fee.get("currency") or rma.currency)) if amount else NOTHING
    return str(fee.get("description") or "Fee"), shown


def _movement(rma: Rma, transaction: Transaction, clock: Clock) -> Movement:
    by = [transaction.gateway, transaction.authorization, transaction.gift_card_id]
    return Movement(
        amount=money(transaction.amount, transaction.currency or rma.currency),
        reversal=transaction.amount is not None and transaction.amount < 0,
        by=word(SOURCES, transaction.source) if transaction.source else "Source not given",
        method=word(REFUND_METHODS, transaction.refund_method),
        at=clock.ago(transaction.at) if transaction.at else "no date",
        reference=" · ".join(part for part in (transaction.narvar_id, *by) if part),
        ours=transaction.confirms_id is not None,
    )
