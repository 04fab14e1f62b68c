"""Stops calling a Narvar that does not answer; `reopening` finds out when it does."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.retrying import retried
from returns_ops.narvar.models import Budget

FAILURES_IN_A_ROW = 5
FIRST_PAUSE, LONGEST_PAUSE = 30, 300
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
        pause(budget, FIRST_PAUSE)
    budget.save()


def pause(budget: Budget, seconds: int) -> None:
    """Nothing goes out for so long, then one question; the caller saves."""
    budget.breaker = Budget.Breaker.OPEN
    budget.opened_at = Now()
    budget.open_seconds = min(seconds, LONGEST_PAUSE)
    budget.probe_at = Now() + timedelta(seconds=budget.open_seconds)
    budget.successes = 0


def open_shops() -> list[int]:
    opened = Budget.objects.filter(breaker=Budget.Breaker.OPEN)
    return list(opened.values_list("shop", flat=True))
