"""Approve the whole RMA, with or without refund, and take it back while it is held."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging import outbox
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_RMAS, Kind
from returns_ops.returns.models import Rma, RmaEvent, RmaItem
from returns_ops.returns.money import spoken
from returns_ops.returns.orders import ApprovalOrder, ItemDecision
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import preview
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.standing import DERIVED, restate

KIND = Kind.APPROVAL.value


class Refused(Exception):
    """The move is not allowed; the text says why to a person. Nothing changed."""


class Stale(Refused):
    """The RMA changed since the person looked."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What the person confirmed, and on which version of the RMA."""

    rma_id: int
    by: User
    refund: bool
    version: int
    submission_token: uuid.UUID
    auto_approve: bool = False


@transaction.atomic
def approve(approval: Approval, *, write: Callable[[ApprovalOrder], outbox.Request]) -> Command:
    """Freeze the decision as a command; `write` turns it into the request that will be sent."""
    rma = _lock(approval.rma_id)
    earlier = Command.objects.filter(submission_token=approval.submission_token).first()
    if earlier:
        return _same_decision(earlier, rma)
    _permit(approval.by, rma.shop)
    if rma.version != approval.version:
        raise Stale(f"{rma} changed while you looked at it. Look again, then decide.")
    verdict = preview(rma, refund=approval.refund)
    if not verdict.allowed:
        raise Refused(" ".join(verdict.reasons))
    command = outbox.promise(_promise(rma, approval, verdict, write))
    _trace(rma, command, by=approval.by, verb="approve", text=_told(approval, verdict))
    return command


def _same_decision(earlier: Command, rma: Rma) -> Command:
    """The same form sent twice: a double click, a reload, a retry of the network."""
    if (earlier.shop_id, earlier.subject) != (rma.shop_id, rma.rma_number):
        raise Refused("This form belongs to another return.")
    return earlier


@transaction.atomic
def undo(command_id: int, *, by: User) -> Command:
    """Take a decision back, if nothing was sent yet."""
    found = Command.objects.select_related("shop").get(pk=command_id)
    if found.kind not in OF_RMAS:
        raise Refused("This is sent at once: it cannot be undone, only changed again.")
    rma = (
        Rma.objects.select_for_update(of=("self",))
        .select_related("shop")
        .get(shop=found.shop, rma_number=found.subject)
    )
    command = Command.objects.select_for_update().get(pk=command_id)
    _permit(by, rma.shop)
    if command.state == CommandState.CANCELLED:
        return command
    if not command.can_be_undone:
        raise Refused(f"Too late: the decision is {command.get_state_display().lower()}.")
    command.state = CommandState.CANCELLED
    command.settled_at = Now()
    command.save(update_fields=["state", "settled_at"])
    command.refresh_from_db()
    _trace(rma, command, by=by, verb="undo", text="Decision undone before it was sent")
    return command


def _lock(rma_id: int) -> Rma:
    return Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=rma_id)


def _permit(user: User, shop: Shop) -> None:
    if not user.may(Permission.APPROVE, shop):
        raise Refused(f"{user} may not approve returns of {shop}.")


def _promise(
    rma: Rma,
    approval: Approval,
    verdict: Verdict,
    write: Callable[[ApprovalOrder], outbox.Request],
) -> outbox.Promise:
    ordinal = outbox.next_ordinal(rma.shop, rma.rma_number, KIND)
    reference = outbox.call_reference(rma.shop, rma.rma_number, KIND, ordinal)
    order = _order(rma, approval, reference)
    return outbox.Promise(
        shop=rma.shop,
        subject=rma.rma_number,
        kind=KIND,
        ordinal=ordinal,
        call_reference_id=reference,
        request=_written(order, write),
        summary=_summary(approval, verdict),
        requested_by=approval.by,
        submission_token=approval.submission_token,
        hold=hold_of(rma.shop),
        moves_money=approval.refund,
        amount=verdict.amount,
        cap=verdict.cap if approval.refund else None,
        currency=rma.currency if approval.refund else "",
    )


def _written(
    order: ApprovalOrder, write: Callable[[ApprovalOrder], outbox.Request]
) -> outbox.Request:
    try:
        return write(order)
    except ValueError as error:
        raise Refused(f"This cannot be sent to Narvar: {error}.") from error


def _order(rma: Rma, approval: Approval, reference: uuid.UUID) -> ApprovalOrder:
    lines = RmaItem.objects.filter(rma=rma, removed_at=None, quantity__gt=0).order_by("position")
    return ApprovalOrder(
        rma_number=rma.rma_number,
        call_reference_id=reference,
        items=tuple(
            ItemDecision(
                item_id=line.item_id,
                sku=line.sku,
                quantity=line.quantity,
                decision=Decision.APPROVED.value,
            )
            for line in lines
        ),
        refund=approval.refund,
        partial_amount=None,
        currency=rma.currency,
        auto_approve=approval.auto_approve,
    )


def hold_of(shop: Shop) -> timedelta:
    own = shop.hold_seconds
    return timedelta(seconds=settings.HOLD_SECONDS if own is None else own)


def _summary(approval: Approval, verdict: Verdict) -> dict[str, Any]:
    return {
        "refund": approval.refund,
        "sentence": verdict.sentence,
        "warnings": list(verdict.warnings),
    }


def _told(approval: Approval, verdict: Verdict) -> str:
    if approval.refund:
        return f"Approved with a refund of {spoken(verdict.amount, verdict.currency)}"
    return "Approved without refund"


def _trace(rma: Rma, command: Command, *, by: User, verb: str, text: str) -> None:
    """Timeline, audit and the derived states: one with the move, or not at all."""
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb=verb,
        text=text,
        actor=by,
        command=command,
    )
    audit.record(
        f"rma.{verb}",
        rma.rma_number,
        shop=rma.shop,
        actor=by,
        command=command.pk,
        call_reference_id=str(command.call_reference_id),
        body_sha256=bytes(command.body_sha256).hex(),
        permission=Permission.APPROVE,
    )
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
