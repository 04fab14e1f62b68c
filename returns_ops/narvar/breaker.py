"""Stops calling a Narvar that does not answer, and finds out by harmless GETs when it does."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import answers, client
from returns_ops.narvar.models import Budget, Connection

FAILURES_IN_A_ROW = 5
FIRST_PAUSE, LONGEST_PAUSE = 30, 300
SUCCESSES_TO_CLOSE = 3
# No answer, or none that says anything. A refusal or a 429 is an answer.
FAILED = {AttemptOutcome.UNKNOWN, AttemptOutcome.NOT_SENT}


@retried
@transaction.atomic
def note(shop_id: int, outcome: AttemptOutcome) -> None:
    """Count a call's outcome; the fifth failure in a row opens the breaker."""
    budget = Budget.objects.select_for_update().get_or_create(shop_id=shop_id)[0]
    if outcome not in FAILED:
        if budget.failures:
            budget.failures = 0
            budget.save(update_fields=["failures"])
        return
    budget.failures += 1
    if budget.failures >= FAILURES_IN_A_ROW and budget.breaker == Budget.Breaker.CLOSED:
        _open(budget, FIRST_PAUSE)
    budget.save()


def _open(budget: Budget, seconds: int) -> None:
    budget.breaker = Budget.Breaker.OPEN
    budget.opened_at = Now()
    budget.open_seconds = min(seconds, LONGEST_PAUSE)
    budget.probe_at = Now() + timedelta(seconds=budget.open_seconds)
    budget.successes = 0


def open_shops() -> list[int]:
    opened = Budget.objects.filter(breaker=Budget.Breaker.OPEN)
    return list(opened.values_list("shop", flat=True))


def probe_due() -> None:
    """Ask every Narvar whose pause is over one harmless question; never a refund."""
    for shop_id in _take_probes():
        link = Connection.objects.select_related("shop").filter(shop=shop_id).first()
        if link is not None:
            _settle(shop_id, answered=_answers(link))


def _take_probes() -> list[int]:
    """One worker probes; a probe that dies with its worker is due again in half a minute."""
    with transaction.atomic():
        due = Budget.objects.filter(breaker=Budget.Breaker.OPEN, probe_at__lte=Now())
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        again = Now() + timedelta(seconds=FIRST_PAUSE)
        Budget.objects.filter(pk__in=ids).update(probe_at=again)
    return list(Budget.objects.filter(pk__in=ids).values_list("shop", flat=True))


def _answers(link: Connection) -> bool:
    try:
        reply = client.call(link, client.Call(method="GET", path="/api/return_locations"))
    except (client.NotSent, client.OutcomeUnknown):
        return False
    return answers.judge(reply).outcome not in FAILED


def _settle(shop_id: int, *, answered: bool) -> None:
    with transaction.atomic():
        budget = Budget.objects.select_for_update().get(shop_id=shop_id)
        if not answered:
            _open(budget, budget.open_seconds * 2)
        elif budget.successes + 1 >= SUCCESSES_TO_CLOSE:
            budget.breaker, budget.failures = Budget.Breaker.CLOSED, 0
        else:
            budget.successes += 1
            budget.probe_at = Now()
        budget.save()
