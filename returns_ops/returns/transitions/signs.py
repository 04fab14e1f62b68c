"""What is known of a return, as one short text: a case may sleep until it differs."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Max, Q

from returns_ops.messaging.models import Command, CommandState, Event, EventState
from returns_ops.returns.kinds import TELLINGS
from returns_ops.returns.models import Case, Rma

# What we tell is on its way for a while: only that it failed is news.
FAILED = [CommandState.REFUSED, CommandState.ATTENTION]


def sign_of(case: Case) -> str:
    """Never empty. Reading it again tells whether anything happened meanwhile."""
    if case.rma_id is None:
        return sign_of_parcel(case.parcel.version if case.parcel else 0)
    return signs_of([Rma.objects.get(pk=case.rma_id)])[case.rma_id]


def sign_of_parcel(version: int) -> str:
    return f"parcel version {version}"


def signs_of(rmas: Iterable[Rma]) -> dict[int, str]:
    """Two queries, however many: their commands by where they stand, and news that failed."""
    rmas = list(rmas)
    if not rmas:
        return {}
    about = Q(shop__in={r.shop_id for r in rmas}, subject__in={r.rma_number for r in rmas})
    stands: dict[tuple[int, str], list[str]] = defaultdict(list)
    underway = Q(kind__in=TELLINGS) & ~Q(state__in=FAILED)
    commands = Command.objects.filter(about).exclude(underway).order_by("id")
    for shop, subject, pk, state in commands.values_list("shop", "subject", "pk", "state"):
        stands[shop, subject].append(f"{pk} {state}")
    dead = Event.objects.filter(about, state=EventState.DEAD).values_list("shop", "subject")
    for shop, subject, newest in dead.annotate(newest=Max("done_at")).order_by():
        stands[shop, subject].append(f"dead {newest}")
    return {rma.pk: _sign(rma, stands[rma.shop_id, rma.rma_number]) for rma in rmas}


def _sign(rma: Rma, stands: list[str]) -> str:
    content = bytes(rma.content_sha256 or b"").hex()
    known = [content, rma.receipt, str(rma.left_to_decide), *stands]
    return hashlib.sha256("|".join(known).encode()).hexdigest()
