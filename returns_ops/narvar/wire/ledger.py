"""Money that moved, and fees."""

from decimal import Decimal

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.words import REVERSAL, TRANSACTION_METHODS, TRANSACTION_SOURCES
from returns_ops.returns.currency import decimals_of
from returns_ops.returns.snapshot import FeeSnapshot, TransactionSnapshot

TRANSACTION_TEXTS = {
    "gift_card_id": "giftcard_id",
    "gateway": "issued_refund_gateway",
    "authorization": "authorization",
}
FEE_TEXTS = {"description": "description", "formatted": "formatted_fee", "tax_code": "tax_code"}
USUAL_DECIMALS = 2


def read_currency(row: Section, key: str, otherwise: str = "") -> str:
    code = row.take(key, values.currency, "")
    if code and decimals_of(code) is None:
        row.remarks.unknown_word(row.label(key), code)
    return code or otherwise


def read_transactions(rma: Section, currency: str) -> tuple[TransactionSnapshot, ...]:
    return tuple(_transaction(row, currency) for row in rma.rows("transactions"))


def read_fees(rma: Section, currency: str) -> tuple[FeeSnapshot, ...]:
    found = []
    for row in rma.rows("fee_breakdown"):
        before = row.extra()
        minor = row.take("fee", values.money, None)
        if minor is None:
            row.remark("fee", "the row is kept as it is")
            rma.give_back("fee_breakdown", before)
        else:
            found.append(_fee(row, minor, currency))
    return tuple(found)


def _transaction(row: Section, currency: str) -> TransactionSnapshot:
    for key in ("id", "currency"):
        if not row.has(key):
            row.remarks.add(f"{row.label(key)} is left out")
    method = row.word("refund_method", TRANSACTION_METHODS)
    return TransactionSnapshot(
        narvar_id=row.name("id"),
        amount=_amount(row, method),
        currency=read_currency(row, "currency", currency),
        source=row.word("source", TRANSACTION_SOURCES),
        refund_method=method,
        at=row.take("timestamp", values.historic_moment, None),
        conversion_rate_to_shop=row.take("conversion_rate_to_shop", values.rate, None),
        **row.texts(TRANSACTION_TEXTS),
        extra=row.extra(),
    )


def _amount(row: Section, method: str) -> Decimal | None:
    """The spec does not tell the sign of a reversal: it always gives money back."""
    amount = row.take("amount", values.money, None)
    if amount is None:
        return None
    if method == REVERSAL:
        return -abs(amount)
    if amount < 0:
        row.remarks.add(f"{row.label('amount')} is {amount}: below zero and no reversal")
    return amount


def _fee(row: Section, minor: Decimal, currency: str) -> FeeSnapshot:
    """Narvar counts fees in the currency's smallest unit, unlike every other amount."""
    code = read_currency(row, "currency", currency)
    decimals = decimals_of(code)
    if decimals is None:
        row.remarks.add(f"{row.label('fee')} is {minor} in no known currency: read as hundredths")
    return FeeSnapshot(
        amount=minor.scaleb(-(USUAL_DECIMALS if decimals is None else decimals)),
        currency=code,
        **row.texts(FEE_TEXTS),
        shown_with_return_method=row.take("display_with_return_method", values.boolean, False),
        extra=row.extra(),
    )
