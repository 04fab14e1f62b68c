"""Who has a return in hand. A claim is told, never enforced: nothing is refused because of it.

It leaves the RMA's version alone, since it must not make somebody's open form stale.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.transitions.approval import Refused

CLAIM = timedelta(minutes=10)
FIELDS = ["claimed_by", "claimed_until"]


def holder_of(rma: Rma) -> User | None:
    """Whoever has it in hand now; a claim that ran out is none."""
    return rma.claimed_by if _is_claimed(rma) else None


def claim(rma: Rma, *, by: User) -> bool:
    """For 10 minutes from now, if it is free or theirs; False: somebody else has it.

    The caller holds the RMA's lock.
    """
    fields = claim_unsaved(rma, by=by)
    if fields:
        rma.save(update_fields=fields)
    return bool(fields)


def claim_unsaved(rma: Rma, *, by: User) -> list[str]:
    """The same for a caller who writes the RMA anyhow: the fields to write."""
    if _is_claimed(rma) and rma.claimed_by_id != by.pk:
        return []
    _hand_to(rma, by)
    return FIELDS


@transaction.atomic
def take_over(rma_id: int, *, by: User) -> User | None:
    """Take it into one's own hands; whoever had it, if it was somebody else."""
    rma = _lock(rma_id)
    if not by.may(Permission.RECEIVE, rma.shop):
        raise Refused(f"{by} may not receive returns of {rma.shop}.")
    before = holder_of(rma)
    _hand_to(rma, by)
    rma.save(update_fields=FIELDS)
    if before in (None, by):
        return None
    _trace(rma, before, by)
    return before


@transaction.atomic
def release(rma_id: int, *, by: User) -> bool:
    """Put it back for others, before the claim runs out; False: it was not theirs."""
    rma = _lock(rma_id)
    if rma.claimed_by_id != by.pk:
        return False
    rma.claimed_by, rma.claimed_until = None, None
    rma.save(update_fields=FIELDS)
    return True


def _is_claimed(rma: Rma) -> bool:
    ends = rma.claimed_until
    return rma.claimed_by_id is not None and ends is not None and ends > timezone.now()


def _lock(rma_id: int) -> Rma:
    return Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=rma_id)


def _hand_to(rma: Rma, user: User) -> None:
    rma.claimed_by, rma.claimed_until = user, timezone.now() + CLAIM


def _trace(rma: Rma, before: User, by: User) -> None:
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="take_over",
        text=f"{by.known_as} took over from {before.known_as}",
        actor=by,
    )
    audit.record(
        "rma.taken_over",
        rma.rma_number,
        shop=rma.shop,
        actor=by,
        before=before.username,
        permission=Permission.RECEIVE,
    )
