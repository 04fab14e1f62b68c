"""Decide a return: tell Narvar what became of its units, with or without a refund."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging import locks, outbox
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import TELLINGS, Kind
from returns_ops.returns.limits import limits_of, why_second_person
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.money import spoken
from returns_ops.returns.orders import ApprovalOrder, ItemDecision
from returns_ops.returns.plan import Plan, PlannedUnits, Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Wanted, gives_way, preview
from returns_ops.returns.requests import BENCH, bench_of
from returns_ops.returns.rules import rules_of
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.lines import MADE, bind
from returns_ops.returns.transitions.standing import DERIVED, restate

KIND = Kind.APPROVAL.value


class Refused(Exception):
    """The move is not allowed; the text says why to a person. Nothing changed."""


class Stale(Refused):
    """The RMA changed since the person looked."""


class NeedsSecondPerson(Refused):
    """Allowed, but not for this person alone: it can be asked for."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What the person confirmed, and on which version of the RMA."""

    rma_id: int
    by: User
    refund: bool
    version: int
    submission_token: uuid.UUID
    auto_approve: bool = False
    rest: Rest = Rest.AS_EXPECTED
    partial_amount: Decimal | None = None
    reason: str = ""
    note: str = ""
    ask: bool = False  # a second person is to approve it before it is sent

    @property
    def wanted(self) -> Wanted:
        return Wanted(refund=self.refund, rest=self.rest, partial_amount=self.partial_amount)


@transaction.atomic
def approve(approval: Approval, *, write: Callable[[ApprovalOrder], outbox.Request]) -> Command:
    """Freeze the decision as a command; `write` turns it into the request that will be sent."""
    rma = _lock(approval.rma_id)
    earlier = Command.objects.filter(submission_token=approval.submission_token).first()
    if earlier:
        return _same_decision(earlier, rma)
    permit(approval.by, rma.shop)
    if rma.version != approval.version:
        raise Stale(f"{rma} changed while you looked at it. Look again, then decide.")
    verdict, planned = preview(rma, approval.wanted)
    if not verdict.allowed:
        raise Refused(" ".join(verdict.reasons))
    _within_limits(approval, rma, verdict)
    command = freeze(rma, approval, verdict, planned, write)
    trace(rma, command, by=approval.by, verb="approve", text=_told(approval, verdict))
    return command


def freeze(
    rma: Rma,
    approval: Approval,
    verdict: Verdict,
    planned: Plan,
    write: Callable[[ApprovalOrder], outbox.Request],
) -> Command:
    """Owe it, and bind the units it tells. The caller holds the RMA's lock and has judged it."""
    _overtake(rma, approval.by)
    command = outbox.promise(_promise(rma, approval, verdict, planned, write))
    _bind(command, planned, rma, approval)
    return command


def _same_decision(earlier: Command, rma: Rma) -> Command:
    """The same form sent twice: a double click, a reload, a retry of the network."""
    if (earlier.shop_id, earlier.subject) != (rma.shop_id, rma.rma_number):
        raise Refused("This form belongs to another return.")
    return earlier


def _within_limits(approval: Approval, rma: Rma, verdict: Verdict) -> None:
    """Counted under a lock, so that two refunds at once count both."""
    if not approval.refund or approval.ask:
        return
    locks.wait_for(f"refunds at {rma.shop_id}")
    why = why_second_person(verdict.amount, limits_of(approval.by, rma.shop, rma.currency))
    if why:
        raise NeedsSecondPerson(f"{' '.join(why)} Ask for approval.")


def _overtake(rma: Rma, by: User) -> None:
    """A status that waits to be told says less than the decision does, and may not follow it."""
    waiting = Command.objects.about(rma.shop_id, rma.rma_number).filter(
        kind__in=TELLINGS, state=CommandState.QUEUED, tries=0
    )
    for command in waiting.select_for_update(of=("self",)).order_by("id"):
        if not gives_way(command):
            continue
        command.state, command.settled_at = CommandState.CANCELLED, Now()
        command.problem = "The decision says more"
        command.save(update_fields=["state", "settled_at", "problem"])


def _bind(command: Command, planned: Plan, rma: Rma, approval: Approval) -> None:
    """A request is bound to all that the bench has entered, also to what it does not tell."""
    made = bind(command, planned.to_tell, rma, by=approval.by)
    more: dict[str, Any] = {MADE: made} if made else {}
    if approval.ask:
        more[BENCH] = bench_of(rma.receipt_lines.all())
    if more:
        command.summary = {**command.summary, **more}
        command.save(update_fields=["summary"])


def _lock(rma_id: int) -> Rma:
    return Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=rma_id)


def permit(user: User, shop: Shop) -> None:
    if not user.may(Permission.APPROVE, shop):
        raise Refused(f"{user} may not approve returns of {shop}.")


def _promise(
    rma: Rma,
    approval: Approval,
    verdict: Verdict,
    planned: Plan,
    write: Callable[[ApprovalOrder], outbox.Request],
) -> outbox.Promise:
    ordinal = outbox.next_ordinal(rma.shop, rma.rma_number, KIND)
    reference = outbox.call_reference(rma.shop, rma.rma_number, KIND, ordinal)
    expires = timedelta(hours=rules_of(rma.shop).request_hours) if approval.ask else None
    return outbox.Promise(
        shop=rma.shop,
        subject=rma.rma_number,
        kind=KIND,
        ordinal=ordinal,
        call_reference_id=reference,
        request=written(
            rma,
            approval,
            verdict,
            planned,
            reference,
            write,
            names_amount=_names_amount(approval, verdict),
        ),
        summary=_summary(rma, approval, verdict),
        requested_by=approval.by,
        submission_token=approval.submission_token,
        hold=hold_of(rma.shop),
        moves_money=approval.refund,
        amount=verdict.amount,
        cap=verdict.cap if approval.refund else None,
        currency=rma.currency if approval.refund else "",
        expires_at=timezone.now() + expires if expires else None,
    )


def written(
    rma: Rma,
    approval: Approval,
    verdict: Verdict,
    planned: Plan,
    reference: uuid.UUID,
    write: Callable[[ApprovalOrder], outbox.Request],
    *,
    names_amount: bool,
) -> outbox.Request:
    """Raises Refused when it cannot be said in Narvar's words."""
    try:
        order = ApprovalOrder(
            rma_number=rma.rma_number,
            call_reference_id=reference,
            items=tuple(entries(planned.to_tell)),
            refund=approval.refund,
            partial_amount=verdict.amount if names_amount else None,
            currency=rma.currency,
            # With another box to come Narvar must wait until all units have their word.
            auto_approve=approval.auto_approve or approval.rest == Rest.LATER,
        )
        return write(order)
    except ValueError as error:
        raise Refused(f"This cannot be sent to Narvar: {error}.") from error


def _names_amount(approval: Approval, verdict: Verdict) -> bool:
    """What a second person approves is bound to its amount, not to a sum made later."""
    return approval.refund and (verdict.override or approval.ask)


def entries(units: Iterable[PlannedUnits]) -> Iterable[ItemDecision]:
    """One entry per line of the return and outcome, in the order of the return."""
    totals: dict[tuple[str, str, str], int] = {}
    for one in units:
        key = (one.item.item_id if one.item else "", one.sku, one.decision)
        totals[key] = totals.get(key, 0) + one.quantity
    for (item_id, sku, decision), quantity in totals.items():
        yield ItemDecision(item_id=item_id, sku=sku, quantity=quantity, decision=decision)


def hold_of(shop: Shop) -> timedelta:
    own = shop.hold_seconds
    return timedelta(seconds=settings.HOLD_SECONDS if own is None else own)


def _summary(rma: Rma, approval: Approval, verdict: Verdict) -> dict[str, Any]:
    return {
        "refund": approval.refund,
        "sentence": verdict.sentence,
        "warnings": list(verdict.warnings),
        "counts": [list(pair) for pair in verdict.counts],
        "names_amount": _names_amount(approval, verdict),
        "partial": approval.partial_amount is not None,
        "more_to_come": approval.rest == Rest.LATER,
        "rest": approval.rest.value,
        "reason": approval.reason,
        "note": approval.note,
        "facts": facts_hash(rma),
    }


def facts_hash(rma: Rma) -> str:
    """What a decision was judged on; when it differs, somebody has to judge again."""
    items = rma.items.filter(removed_at=None).order_by("pk").values_list("pk", "quantity")
    amounts = [rma.estimated_refund, rma.first_cap, rma.refunded]
    judged = [rma.narvar_status, rma.currency, rma.refund_method, *map(_plain, amounts)]
    return "|".join([*judged, *(f"{pk}x{quantity}" for pk, quantity in items)])


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.4f}"


def _told(approval: Approval, verdict: Verdict) -> str:
    verb = "Asked for approval" if approval.ask else "Decided"
    if approval.rest == Rest.AS_EXPECTED and verdict.counts == _all_approved(verdict):
        verb = "Asked to approve" if approval.ask else "Approved"
    words = [verb, f"with a refund of {spoken(verdict.amount, verdict.currency)}"]
    if not approval.refund:
        words = [verb, "without refund"]
    told = " ".join(words)
    return f"{told}: {approval.reason}" if approval.reason else told


def _all_approved(verdict: Verdict) -> tuple[tuple[str, int], ...]:
    return tuple(pair for pair in verdict.counts if pair[0] == Decision.APPROVED)


def trace(
    rma: Rma,
    command: Command,
    *,
    by: User | None,
    verb: str,
    text: str,
    permission: Permission = Permission.APPROVE,
    **more: Any,
) -> None:
    """Timeline, audit and the derived states: one with the move, or not at all."""
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON if by else RmaEvent.Source.SYSTEM,
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
        permission=permission,
        **more,
    )
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
