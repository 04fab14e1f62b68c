"""What it means for an RMA that Narvar was asked again, and the answer settled nothing."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.returns.models import Rma, RmaEvent

MOST_TRIES = 5


@transaction.atomic
def asked_in_vain(rma_id: int, why: str, *, pause: timedelta) -> None:
    """Doubtful still: ask again after the pause. The fifth time a person is told, and we stop."""
    rma = Rma.objects.select_for_update(of=("self",)).get(pk=rma_id)
    rma.needs_refetch = True
    rma.refetch_tries += 1
    rma.refetch_at = Now() + pause
    rma.save(update_fields=["needs_refetch", "refetch_tries", "refetch_at"])
    if rma.refetch_tries == MOST_TRIES:
        RmaEvent.objects.create(
            rma=rma,
            source=RmaEvent.Source.SYSTEM,
            verb="unverified",
            text=f"Asked Narvar {MOST_TRIES} times, and it is still not certain: {why}",
        )


def ask_later(rma_id: int, *, pause: timedelta) -> None:
    """Nothing is wrong with the RMA, but this is not the time to read it."""
    Rma.objects.filter(pk=rma_id).update(refetch_at=Now() + pause)
