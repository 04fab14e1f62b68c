"""Money that Narvar showed once and no longer lists: it stays counted, and a person is told."""

from collections import defaultdict

import structlog

from returns_ops.returns.models import RmaEvent, Transaction
from returns_ops.returns.money import spoken
from returns_ops.returns.transitions.contents import Fresh, id_of

log = structlog.get_logger(__name__)


def vanished(fresh: list[Fresh]) -> list[RmaEvent]:
    """One line for each such transaction, at the first snapshot that lacks it."""
    listed = {(rma.pk, id_of(row)) for rma, snapshot, _ in fresh for row in snapshot.transactions}
    known = Transaction.objects.filter(rma__in=[rma.pk for rma, _, _ in fresh])
    gone = [row for row in known.order_by("id") if (row.rma_id, row.narvar_id) not in listed]
    return _not_yet_told(gone) if gone else []


def _not_yet_told(gone: list[Transaction]) -> list[RmaEvent]:
    lines = RmaEvent.objects.filter(rma__in={row.rma_id for row in gone}, verb="drift")
    told: dict[int, set[str]] = defaultdict(set)
    for rma_id, changes in lines.values_list("rma", "changes"):
        told[rma_id] |= changes.keys()
    fresh = [row for row in gone if row.narvar_id not in told[row.rma_id]]
    for row in fresh:
        log.warning("ledger_drift", rma=row.rma_id, transaction=row.pk)
    return [_line(row) for row in fresh]


def _line(row: Transaction) -> RmaEvent:
    paid = spoken(row.amount, row.currency)
    text = f"Narvar no longer lists a refund of {paid} that it showed before: it stays counted"
    return RmaEvent(
        rma_id=row.rma_id,
        source=RmaEvent.Source.SYSTEM,
        verb="drift",
        text=text,
        changes={row.narvar_id: [paid, None]},
    )
