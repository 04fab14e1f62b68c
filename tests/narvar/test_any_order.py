"""Whatever the order and however often: one end, once Narvar was asked where it was in doubt."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.narvar import inbound, reconciliation
from returns_ops.returns.models import RmaEvent, Transaction
from tests.circle import DOMAIN, Circle
from tests.narvar.lives import document, drain, forget_everything, item, keep, mirror
from tests.narvar.test_reconciliation import narvar_holds


def life(number: str) -> list[dict[str, Any]]:
    """An edit that changes the lines, money that shows and vanishes again, and a tie at the end."""
    transaction = {
        "id": "tx-1",
        "amount": "10.00",
        "currency": "USD",
        "timestamp": 1_793_500_000,
        "source": "narvar",
    }
    edit = [{"created_at": "2026-11-01T02:30:00Z"}]
    told = [document(number, step) for step in range(3)]
    states = told[2]["items"][0]["current_processing_state"]
    lines = [item("FLEECE-M", states), item("SCARF", states)]
    edited = document(number, 2, previous_versions=edit, items=lines)
    paid = copy.deepcopy(edited) | {"transactions": [transaction]}
    end = document(number, 100, previous_versions=edit, transactions=[])
    return [*told, edited, paid, end, end | {"return_status": "exception"}]


@pytest.fixture
def ends() -> list[Any]:
    """How each example ended."""
    return []


@given(data=st.data())
@effort(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_with_any_repetition_ends_in_the_same_state(
    circle: Circle, ends: list[Any], data: Any
) -> None:
    forget_everything()
    made = circle.narvar.create_rma(DOMAIN, status="initiated", send=False)
    deliveries = life(made["rma_number"])
    number = made["rma_number"]
    narvar_holds(circle, number, deliveries[-2])
    order = data.draw(st.permutations(range(len(deliveries))))
    again = data.draw(st.lists(st.sampled_from(order), max_size=4))
    batch = data.draw(st.integers(1, 12))

    for index in [*order, *again]:
        keep(circle.shop, deliveries[index])
    while inbound.drain_batch(batch):
        pass
    reconciliation.refetch_doubtful()

    (end,) = mirror()
    assert (end.pop("rma_number"), end["narvar_status"]) == (number, "approved")
    assert (end["needs_refetch"], end["refetch_tries"]) == (False, 0)
    assert [line for line, *_ in end["items"]] == [deliveries[-1]["items"][0]["item_id"]]
    assert [(name, str(amount)) for name, amount in end["money"]] == [("tx-1", "10.0000")]
    ends.append(end)
    assert end == ends[0]


def test_money_that_narvar_no_longer_lists_is_kept_and_told_once(circle: Circle) -> None:
    *_, paid, poorer, _ = life("R1")
    for body in (paid, poorer, json.loads(json.dumps(poorer)) | {"locale": "en"}):
        keep(circle.shop, body)
        drain()

    assert Transaction.objects.count() == 1
    drift = RmaEvent.objects.filter(verb="drift")
    assert [line.text for line in drift] == [
        "Narvar no longer lists a refund of 10.00 USD that it showed before: it stays counted"
    ]
