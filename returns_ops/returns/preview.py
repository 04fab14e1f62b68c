"""The facts of one RMA, gathered for the pure rules. Screen and transition ask the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from returns_ops.messaging.models import Command
from returns_ops.returns.documents import policy_track
from returns_ops.returns.models import Rma, RmaItem, Transaction
from returns_ops.returns.orders import SHOPIFY_ID
from returns_ops.returns.policy import ApprovalFacts, Verdict, judge_approval
from returns_ops.returns.states import NarvarStatus


def preview(rma: Rma, *, refund: bool) -> Verdict:
    """What approving the whole RMA would do now."""
    return judge_approval(approval_facts(rma, refund=refund))


def approval_facts(rma: Rma, *, refund: bool) -> ApprovalFacts:
    items = [item for item in rma.items.all() if item.removed_at is None]
    return facts_from(
        rma,
        items,
        list(rma.transactions.all()),
        Command.objects.about(rma.shop_id, rma.rma_number).open().order_by("-id").first(),
        refund=refund,
    )


def facts_from(
    rma: Rma,
    items: list[RmaItem],
    transactions: list[Transaction],
    open_command: Command | None,
    *,
    refund: bool,
) -> ApprovalFacts:
    """The same from rows already read, so that a page asks the database once for both buttons."""
    refund_track: dict[str, Any] = policy_track(rma.policy, "refund")
    return ApprovalFacts(
        narvar_status=rma.narvar_status,
        refund=refund,
        estimated_refund=rma.estimated_refund,
        cap=rma.first_cap,
        refunded=rma.refunded,
        currency=rma.currency,
        refund_method=rma.refund_method,
        automation_refunded=bool(refund_track.get("succeeded_at")),
        refund_fires_at=refund_track.get("fires_at") or "",
        restock_fires_at=policy_track(rma.policy, "restock").get("fires_at") or "",
        open_command=_in_words(open_command),
        lines_without_name=_lines_without_name(items),
        item_count=sum(item.quantity for item in items),
        paid_in_shopify=any(row.source == "shopify_webhook" for row in transactions),
        undelivered=rma.narvar_status in (NarvarStatus.INITIATED, NarvarStatus.ON_ITS_WAY)
        and rma.return_method not in ("keep_the_item", "in_store"),
    )


def _in_words(command: Command | None) -> str:
    return command.get_state_display().lower() if command else ""


def _lines_without_name(items: Sequence[RmaItem]) -> int:
    """Lines that Narvar could not tell apart: no numeric id, and a SKU that is not theirs alone."""
    shared = {sku for sku, lines in Counter(item.sku for item in items).items() if lines > 1}
    nameless = (item.sku.strip() for item in items if not SHOPIFY_ID.fullmatch(item.item_id))
    return sum(not sku or sku in shared for sku in nameless)
