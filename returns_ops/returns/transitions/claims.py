"""A claim: units that were decided before turn out otherwise, and Narvar is told so afterwards."""

from django.db import transaction

from returns_ops.accounts.permissions import Permission
from returns_ops.returns.models import ReceiptLine, Rma, RmaEvent
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.lines import Outcome, add_units
from returns_ops.returns.transitions.receiving import Bench
from returns_ops.returns.transitions.standing import DERIVED, restate


@transaction.atomic
def claim_units(
    rma_id: int, item_id: int, quantity: int, *, bench: Bench, reason: str, note: str = ""
) -> ReceiptLine:
    """So many units of an item, at most those that Narvar was told of and nobody claimed yet."""
    rma = Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=rma_id)
    if not bench.by.may(Permission.RESOLVE, rma.shop):
        raise Refused(f"{bench.by} may not claim for {rma.shop}.")
    item = rma.items.filter(pk=item_id, removed_at=None).first()
    if item is None:
        raise Refused("This item is not in the return any more.")
    if not reason.strip():
        raise Refused("Choose why it is claimed.")
    left = claimable(list(item.receipt_lines.all()))
    if not 1 <= quantity <= left:
        raise Refused(f"{quantity} cannot be claimed: Narvar was told of {left} that are not.")
    outcome = Outcome(
        decision=Decision.CLAIM, in_hand=False, reason=reason.strip()[:120], note=note[:500]
    )
    line = add_units(rma, item, quantity, outcome, by=bench.by)
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="claim",
        text=f"{quantity} × {item.sku}: claim ({outcome.reason})",
        actor=bench.by,
    )
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
    return line


def claimable(lines: list[ReceiptLine]) -> int:
    """Of one item's lines: units told to Narvar, less those claimed."""
    told = sum(one.quantity for one in lines if one.command_id and one.decision != Decision.CLAIM)
    return told - sum(one.quantity for one in lines if one.decision == Decision.CLAIM)
