"""Reads RMAs again that may be wrong or out of date: in the background, behind all other calls.

Every read goes through `lookup`, which knows the shop's budget; the first that fails ends the
shop's turn, and the next run goes on.
"""

import math
import random
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.narvar import breaker, lookup, reading
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection, Outage
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Work

log = structlog.get_logger(__name__)

BETWEEN_TRIES = timedelta(seconds=30)
# Narvar's reading side may lag behind its webhooks: give it time to catch up.
LAG = timedelta(seconds=60)
UNCONFIRMED = timedelta(hours=6)
TOUCHED = timedelta(days=14)
OUTAGE_MATTERS = timedelta(days=1)
TURN = 50  # reads of one shop in one run: no shop waits for another's backlog
# Money that is on its way keeps an RMA out of `done`.
OPEN = [work for work in Work if work != Work.DONE]
# We were told to wait, or nobody was asked: that is no try.
NOT_ASKED = reading.TOLD

Choice = Callable[[Shop, datetime], Iterable[Rma]]


def refetch_doubtful(*, until: float = math.inf) -> int:
    """Ask Narvar where two snapshots contradict each other; returns how many were asked."""
    return _in_turns(_doubtful, until)


def reread_open(*, until: float = math.inf) -> int:
    """Ask Narvar about open RMAs of which nobody told us for six hours, or during an outage."""
    return _in_turns(_stale, until)


def ask_again(rma: Rma) -> None:
    """A person wants to know now. Raises reading.LookupFailed with words for them."""
    began = timezone.now()
    lookup.ask(rma.shop, lookup.Question(rma_number=rma.rma_number), priority=Priority.PERSON)
    _judge(rma, began)


def _in_turns(choose: Choice, until: float) -> int:
    asked = 0
    for shop in _shops():
        for rma in choose(shop, timezone.now()):
            if time.monotonic() > until:
                return asked
            if not _may_ask(shop) or not _ask(rma):
                break
            asked += 1
    return asked


def _shops() -> list[Shop]:
    """In another order each time: whoever comes last when time runs out is not always the same."""
    open_shops = Shop.objects.filter(active=True, connection__paused=False)
    shops = list(open_shops.exclude(pk__in=breaker.open_shops()))
    random.shuffle(shops)
    return shops


def _may_ask(shop: Shop) -> bool:
    return Connection.objects.filter(shop=shop, paused=False).exists()


def _doubtful(shop: Shop, now: datetime) -> QuerySet[Rma]:
    rows = Rma.objects.filter(
        _not_before(now), shop=shop, needs_refetch=True, refetch_tries__lt=transitions.MOST_TRIES
    )
    return _with_shop(rows).order_by(F("refetch_at").asc(nulls_first=True), "-id")[:TURN]


def _stale(shop: Shop, now: datetime) -> list[Rma]:
    """Half of a turn for the newest, which people look at; half for the longest unconfirmed.

    So a shop of 50,000 open RMAs spreads over hours, and none of them is passed over for ever.
    """
    unsure = _unconfirmed(now) | _missed(now)
    rows = _with_shop(Rma.objects.filter(unsure, _not_before(now), shop=shop, work__in=OPEN))
    newest = list(rows.order_by("-created_at", "-id")[: TURN // 2])
    oldest = rows.exclude(pk__in=[rma.pk for rma in newest]).order_by("as_of", "id")
    return newest + list(oldest[: TURN // 2])


def _with_shop(rows: QuerySet[Rma]) -> QuerySet[Rma]:
    return rows.select_related("shop").only("rma_number", "needs_refetch", "refetch_tries", "shop")


def _not_before(now: datetime) -> Q:
    return Q(refetch_at=None) | Q(refetch_at__lte=now)


def _unconfirmed(now: datetime) -> Q:
    long_ago = now - UNCONFIRMED
    return Q(as_of__lt=long_ago) & (Q(verified_at=None) | Q(verified_at__lt=long_ago))


def _missed(now: datetime) -> Q:
    """Narvar may have told us while nobody could hear it: its next try is an hour later."""
    outage = Outage.objects.filter(ended_at__gt=now - OUTAGE_MATTERS).order_by("-ended_at").first()
    if outage is None:
        return Q(pk__in=[])
    touched = Q(as_of__lt=outage.ended_at, as_of__gt=outage.began_at - TOUCHED)
    return touched & (Q(verified_at=None) | Q(verified_at__lt=outage.ended_at))


def _ask(rma: Rma) -> bool:
    """Read one RMA; False when Narvar cannot be asked now."""
    began = timezone.now()
    transitions.ask_later(rma.pk, pause=BETWEEN_TRIES)
    question = lookup.Question(rma_number=rma.rma_number)
    try:
        lookup.ask(rma.shop, question, priority=Priority.BACKFILL)
    except reading.LookupFailed as error:
        log.info("reread_failed", rma=rma.pk, problem=str(error))
        _put_off(rma, error)
        return False
    _judge(rma, began)
    return True


def _put_off(rma: Rma, error: reading.LookupFailed) -> None:
    if error.outcome in NOT_ASKED:
        return
    if rma.needs_refetch:
        # Longer each time, so that the five tries outlast an outage at Narvar of two hours.
        pause = BETWEEN_TRIES * 6**rma.refetch_tries
        transitions.asked_in_vain(rma.pk, str(error), pause=pause)
    else:
        transitions.ask_later(rma.pk, pause=UNCONFIRMED)


def _judge(rma: Rma, began: datetime) -> None:
    """What the answer was worth: it was applied, or older than what we hold, or there was none."""
    rma.refresh_from_db(fields=["as_of", "verified_at", "needs_refetch"])
    if rma.as_of >= began:
        return
    if rma.verified_at and rma.verified_at >= began:
        why = "its answer is older than what it told us before"
        transitions.asked_in_vain(rma.pk, why, pause=LAG)
    elif rma.needs_refetch:
        transitions.asked_in_vain(rma.pk, "it does not know this return", pause=LAG)
    else:
        transitions.ask_later(rma.pk, pause=UNCONFIRMED)
