"""Finds out by harmless GETs when a shop that is stopped may be called again; never by a refund."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.narvar import answers, breaker, operations, reading
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Budget, Connection

SUCCESSES_TO_CLOSE = 3
RECHECK = timedelta(minutes=5)
log = structlog.get_logger(__name__)


def probe_due() -> None:
    """Ask every Narvar whose pause is over one question."""
    for shop_id in _take_probes():
        link = Connection.objects.select_related("shop").filter(shop=shop_id).first()
        if link is not None:
            _probe(link)


def _take_probes() -> list[int]:
    """One worker probes; a probe that dies with its worker is due again in half a minute."""
    with transaction.atomic():
        due = Budget.objects.filter(breaker=Budget.Breaker.OPEN, probe_at__lte=Now())
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        again = Now() + timedelta(seconds=breaker.FIRST_PAUSE)
        Budget.objects.filter(pk__in=ids).update(probe_at=again)
    return list(Budget.objects.filter(pk__in=ids).values_list("shop", flat=True))


def _probe(link: Connection) -> None:
    try:
        reply = reading.get(link, operations.LOCATIONS, {}, Priority.CONFIRMATION)
    except reading.LookupFailed as error:
        if error.outcome != AttemptOutcome.WAIT:  # or it was not asked, and is due again
            _settle(link.shop_id, answered=False)
        return
    answered = answers.judge(reply).outcome not in breaker.FAILED
    _settle(link.shop_id, answered=answered)


def _settle(shop_id: int, *, answered: bool) -> None:
    with transaction.atomic():
        budget = Budget.objects.select_for_update().get(shop_id=shop_id)
        if not answered:
            breaker.pause(budget, budget.open_seconds * 2)
        elif budget.successes + 1 >= SUCCESSES_TO_CLOSE:
            budget.breaker, budget.failures = Budget.Breaker.CLOSED, 0
        else:
            budget.successes += 1
            budget.probe_at = Now()
        budget.save()


def recheck_refused() -> None:
    """What was refused may have been mended at Narvar: asking notes it, now and then."""
    refused = Connection.objects.exclude(problem="").filter(updated_at__lte=Now() - RECHECK)
    for link in refused.select_related("shop"):
        link.save(update_fields=["updated_at"])
        try:
            reply = reading.get(link, operations.LOCATIONS, {}, Priority.CONFIRMATION)
        except reading.LookupFailed as error:
            log.info("recheck_failed", shop=link.shop_id, problem=str(error))
            continue
        # Without return locations a 403 says nothing of the credential: the next call does.
        off = link.locations_feature == link.Feature.OFF
        if off and reply.status == 403:
            Connection.objects.filter(pk=link.pk).update(problem="")
