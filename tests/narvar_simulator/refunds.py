"""Money that goes out: what may still be refunded, refunds that are due, the ledger."""

from __future__ import annotations

import time
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from tests.narvar_simulator import money
from tests.narvar_simulator.kinds import transaction
from tests.narvar_simulator.records import Json, LedgerRow
from tests.narvar_simulator.world import Rma, World, iso_millis

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar


def calculated(body: Json) -> Decimal:
    """The refund calculated at the time of return."""
    estimate = body.get("estimated_refund")
    return Decimal(str(estimate)) if estimate else money.estimated_refund(body)


def remaining(rma: Rma) -> Decimal:
    due = sum((Decimal(order["amount"]) for order in rma.pending_refunds), money.ZERO)
    return max(money.ZERO, calculated(rma.body) - money.refunded(rma.body) - due)


def already_refunded(rma: Rma) -> bool:
    """By the rule or by an instant refund that was not taken back."""
    instant = [
        row
        for row in rma.body.get("transactions") or []
        if str(row.get("refund_method", "")).startswith("narvar_instant_refund")
    ]
    outstanding = money.refunded({"currency": rma.body["currency"], "transactions": instant})
    succeeded = (rma.body.get("policy") or {}).get("refund_succeeded_at")
    return bool(succeeded) or outstanding > 0


def start(
    narvar: Narvar,
    rma: Rma,
    amount: Decimal,
    *,
    source: str,
    call_reference_id: str | None = None,
    currency: str | None = None,
) -> None:
    """Refund now, or after the delay; then a webhook tells of it. The lock is held."""
    order: Json = {
        "amount": str(amount),
        "currency": currency or rma.body["currency"],
        "source": source,
        "call_reference_id": call_reference_id,
    }
    if narvar.settings.refund_delay <= 0:
        make(narvar.world, rma, order)
        return
    rma.pending_refunds.append(order)
    schedule(narvar, rma, order)


def schedule(narvar: Narvar, rma: Rma, order: Json) -> None:
    narvar.scheduler.after(narvar.settings.refund_delay, partial(_finish, narvar, rma, order))


def _finish(narvar: Narvar, rma: Rma, order: Json) -> None:
    with narvar.world.lock:
        # A reset may have come in between.
        if narvar.world.rmas.get((rma.shop, rma.number)) is not rma:
            return
        rma.pending_refunds.remove(order)
        make(narvar.world, rma, order)
        narvar.world.touch(rma)
        narvar.post_webhook(rma)


def make(world: World, rma: Rma, order: Json) -> None:
    now = time.time()
    method = rma.body.get("refund_method") or "original_payment"
    row = transaction(rma.body, now, order["source"], Decimal(order["amount"]), method)
    row["currency"] = order["currency"]
    rma.body["transactions"].append(row)
    rma.body["policy"]["refund_succeeded_at"] = iso_millis(now)
    enter(world, rma, row, order["call_reference_id"], at=now)


def enter(world: World, rma: Rma, row: Json, call_id: str | None, *, at: float) -> None:
    """Write a transaction of the body into the ledger."""
    amount = money.rounded(abs(Decimal(str(row["amount"]))), row["currency"])
    if row.get("refund_method") == "narvar_instant_refund_reversal":
        amount = -amount
    world.ledger.append(
        LedgerRow(
            shop=rma.shop,
            rma_number=rma.number,
            amount=str(amount),
            currency=row["currency"],
            call_reference_id=call_id,
            source=row["source"],
            transaction_id=row["id"],
            at=at,
        )
    )
