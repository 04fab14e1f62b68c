"""What an accepted approval does to an RMA."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.narvar_simulator import money, refunds
from tests.narvar_simulator.lines import add_state
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.strict import matching_lines
from tests.narvar_simulator.world import Rma

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

_REFUNDED = ("approved", "approved_no_restock")
_DECIDED = (*_REFUNDED, "rejected", "not_received", "claim")


def apply(narvar: Narvar, rma: Rma, document: Json, *, other_amount: Json | None = None) -> None:
    """The lock is held. `other_amount` makes the refund differ from what was asked for."""
    now = time.time()
    for entry in document["items"]:
        for row in matching_lines(rma, entry)[:1]:
            add_state(row, entry["status"], int(entry["quantity"]), now)
    status = _outcome(rma, document)
    if status is not None:
        rma.body["return_status"] = status
        narvar.run_rules(rma, status, with_refund=False)
        if document.get("process_refund", True):
            _refund(narvar, rma, document, other_amount)
    narvar.world.touch(rma)
    narvar.post_webhook(rma)


def _outcome(rma: Rma, document: Json) -> str | None:
    """The RMA's next status; None while an auto_approve call still waits for other items."""
    partial_refund = bool(document.get("process_refund_override"))
    if document.get("auto_approve") and not partial_refund and not _complete(rma):
        return None
    said = {entry["status"] for entry in document["items"]} - {"invalid_item"}
    restock_at = (rma.body.get("policy") or {}).get("restock_at")
    if not said or said == {"claim"}:
        return rma.status
    if "exception" in said or ("approved_no_restock" in said and restock_at):
        return "exception"
    return "rejected" if said == {"rejected"} else "approved"


def _complete(rma: Rma) -> bool:
    return all(
        units(row, _DECIDED) >= int(row["quantity"])
        for row in rma.body["items"]
        if not row.get("keep_the_item")
    )


def units(row: Json, statuses: tuple[str, ...]) -> int:
    """Units of a line that ever came into one of the states, at most the whole line."""
    states = row.get("current_processing_state") or []
    count = sum(int(state["quantity"]) for state in states if state["status"] in statuses)
    return min(count, int(row["quantity"]))


def approved_value(rma: Rma) -> Decimal:
    """What the units approved so far are worth, fees taken off once."""
    gross = sum(
        (money.line_value(row, units(row, _REFUNDED)) for row in rma.body["items"]), money.ZERO
    )
    due = sum((Decimal(order["amount"]) for order in rma.pending_refunds), money.ZERO)
    net = gross - money.fees(rma.body) - money.refunded(rma.body) - due
    return max(money.ZERO, net)


def _refund(narvar: Narvar, rma: Rma, document: Json, other_amount: Json | None) -> None:
    if refunds.already_refunded(rma) or rma.pending_refunds:
        return
    if document.get("process_refund_override"):
        amount = Decimal(document["total_refund_override_amount"])
    else:
        amount = approved_value(rma)
    amount = min(amount, refunds.remaining(rma))
    currency = rma.body["currency"]
    if other_amount:
        amount = Decimal(str(other_amount.get("amount", amount)))
        currency = other_amount.get("currency", currency)
    if amount > 0:
        call_id = document["call_reference_id"]
        refunds.start(
            narvar, rma, amount, source="api", call_reference_id=call_id, currency=currency
        )
