"""Send as new: a decision that was refused or given up, once more under a new reference.

Narvar cannot know that it is the same, so what it did before it would do again. Two people answer
for it: who asked for it first, and the approver who sends it as new. It is the same decision to
the byte, judged again on the return as it is now; anything else is decided anew by the preview.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.messaging.outbox import Request
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import Rma
from returns_ops.returns.orders import ApprovalOrder
from returns_ops.returns.plan import Plan, Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import preview
from returns_ops.returns.transitions.approval import Approval, Refused, freeze, trace, written
from returns_ops.returns.transitions.second import let_go

ANEW_OF = "sent_as_new_of"  # in a command's summary
OTHERWISE = (
    "The return is not as it was, so this would not be the same decision. Decide it on its page."
)
Write = Callable[[ApprovalOrder], Request]


@dataclass(frozen=True, kw_only=True)
class Anew:
    """What the approver confirmed of an old command."""

    command_id: int
    by: User
    reason: str
    submission_token: uuid.UUID
    auto_approve: bool = False


@transaction.atomic
def send_as_new(anew: Anew, *, write: Write) -> Command:
    """Raises Refused with a sentence for the person; the same token again returns the same."""
    old, rma = _lock(anew.command_id)
    earlier = Command.objects.filter(submission_token=anew.submission_token).first()
    if earlier:
        if earlier.summary.get(ANEW_OF) != old.pk:
            raise Refused("This form belongs to something else.")
        return earlier
    approval, verdict, planned = _judge(old, rma, anew, write)
    if not anew.reason.strip():
        raise Refused("Say why it is sent as new.")
    command = freeze(rma, approval, verdict, planned, write)
    command.summary = {**command.summary, ANEW_OF: old.pk}
    command.save(update_fields=["summary"])
    let_go(command, rma, by=anew.by)
    trace(
        rma,
        command,
        by=anew.by,
        verb="send_as_new",
        text=f"{old.get_state_display()} decision sent as new: {approval.reason}",
        permission=Permission.SECOND_APPROVAL,
        reason=approval.reason,
        sent_as_new_of=old.pk,
    )
    return command


@transaction.atomic
def preview_as_new(anew: Anew, *, write: Write) -> Verdict:
    """What it would do now; raises Refused as `send_as_new` does, but for a missing reason."""
    return _judge(*_lock(anew.command_id), anew, write)[1]


def _lock(command_id: int) -> tuple[Command, Rma]:
    """In one order everywhere: the RMA, then its command."""
    found = Command.objects.get(pk=command_id)
    if found.kind != Kind.APPROVAL:
        raise Refused("Only a decision can be sent as new.")
    rmas = Rma.objects.select_for_update(of=("self",)).select_related("shop")
    rma = rmas.get(shop=found.shop_id, rma_number=found.subject)
    locked = Command.objects.select_for_update(of=("self",))
    return locked.select_related("shop", "requested_by").get(pk=command_id), rma


def _judge(old: Command, rma: Rma, anew: Anew, write: Write) -> tuple[Approval, Verdict, Plan]:
    _permit(old, rma, anew.by)
    approval = _approval(old, rma, anew)
    verdict, planned = preview(rma, approval.wanted)
    if not verdict.allowed:
        raise Refused(" ".join(verdict.reasons))
    same_money = (verdict.amount, rma.currency if old.moves_money else "")
    if same_money != (old.amount, old.currency) or not _is_same(
        old, rma, approval, verdict, planned, write
    ):
        raise Refused(OTHERWISE)
    return approval, verdict, planned


def _permit(old: Command, rma: Rma, by: User) -> None:
    if not by.may(Permission.SECOND_APPROVAL, rma.shop):
        raise Refused(f"{by} may not send as new what a colleague of {rma.shop} asked for.")
    if old.requested_by_id == by.pk:
        raise Refused("You asked for this decision yourself: somebody else has to send it as new.")
    if not old.requested_by.may(Permission.APPROVE, rma.shop):
        raise Refused(f"{old.requested_by} may no longer approve returns: decide it on its page.")
    if not old.ended_without_effect:
        raise Refused(f"The decision is {old.state_said}, so it is not sent again.")
    later = Command.objects.about(rma.shop_id, rma.rma_number).filter(
        kind=Kind.APPROVAL, pk__gt=old.pk
    )
    if later.exclude(state=CommandState.CANCELLED, tries=0).exists():
        raise Refused("This return was decided again since.")


def _approval(old: Command, rma: Rma, anew: Anew) -> Approval:
    """The old one's, in the name of who asked for it; the second person is known already."""
    summary = old.summary
    later = Rest.LATER if summary.get("more_to_come") else Rest.AS_EXPECTED
    return Approval(
        rma_id=rma.pk,
        by=old.requested_by,
        refund=old.moves_money,
        version=rma.version,
        submission_token=anew.submission_token,
        auto_approve=anew.auto_approve,
        rest=Rest(summary.get("rest", later)),
        partial_amount=old.amount if summary.get("partial") else None,
        reason=anew.reason.strip(),
        ask=True,
    )


def _is_same(
    old: Command, rma: Rma, approval: Approval, verdict: Verdict, planned: Plan, write: Write
) -> bool:
    """Written under the old reference it comes out as the old one was sent, to the byte."""
    named = old.moves_money and bool(old.summary.get("names_amount"))
    reference = old.call_reference_id
    request = written(rma, approval, verdict, planned, reference, write, names_amount=named)
    same_place = (request.method, request.target) == (old.method, old.target)
    return same_place and request.body == bytes(old.body)
