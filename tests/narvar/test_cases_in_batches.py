"""Cases of a batch cost the same few queries, however many there are, and come in any order."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.returns import transitions
from returns_ops.returns.models import Case, CaseEvent
from returns_ops.returns.notices import notices
from returns_ops.returns.states import CaseState
from tests.builders import make_staff
from tests.narvar.lives import document, drain, keep

pytestmark = [pytest.mark.django_db(transaction=True)]


def stuck(number: str, step: int = 1, **keys: Any) -> dict[str, Any]:
    error = {"message": f"Order {number} failed", "timestamp": "2026-10-31T17:40:00Z"}
    return document(number, step, return_status="exception", errors=[error], **keys)


def queries(shop: Shop, bodies: list[dict[str, Any]]) -> int:
    for body in bodies:
        keep(shop, body)
    with CaptureQueriesContext(connection) as seen:
        drain()
    return len(seen)


def test_a_batch_asks_no_more_for_many_cases_than_for_a_few(
    shop: Shop, invariants_hold: None
) -> None:
    few = queries(shop, [stuck(f"A{n}") for n in range(3)])
    many = queries(shop, [stuck(f"B{n}") for n in range(30)])
    assert many == few
    assert Case.objects.filter(state=CaseState.OPEN).count() == 33
    assert Case.objects.values("fingerprint").distinct().count() == 1

    closing = queries(shop, [document(f"A{n}", 4, return_status="approved") for n in range(3)])
    closed = queries(shop, [document(f"B{n}", 4, return_status="approved") for n in range(30)])
    assert closed == closing
    assert not Case.objects.filter(state=CaseState.OPEN).exists()


def test_sleepers_of_a_batch_wake_when_their_return_changes(shop: Shop) -> None:
    keep(shop, stuck("A1"))
    keep(shop, stuck("A2"))
    drain()
    anton = make_staff("anton", shop, Role.AGENT)
    first, second = Case.objects.order_by("id")
    for case in (first, second):
        transitions.snooze(case.pk, by=anton, until_change=True)
        transitions.watch(case.pk, by=anton)

    keep(shop, stuck("A1", 2, email="other@example.com"))
    keep(shop, stuck("A2"))  # the same once more
    drain()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (CaseState.OPEN, CaseState.SNOOZED)
    woke = CaseEvent.objects.filter(verb="woke")
    assert [one.case for one in woke] == [first]
    assert {one.case for one in notices(anton)} == {first}
