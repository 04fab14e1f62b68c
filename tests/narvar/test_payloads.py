"""Every example body, through the door and the drain, into the tables."""

import json
from pathlib import Path

import pytest

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event, EventState
from returns_ops.returns.models import Rma, RmaEvent, SearchToken, Transaction
from returns_ops.returns.search import find, normalise
from tests.circle import DOMAIN, Circle

PAYLOADS = Path(__file__).parent / "payloads"
HEADERS = json.loads((PAYLOADS / "headers.json").read_text())


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_an_example_body_becomes_an_rma(circle: Circle, name: str) -> None:
    body = (PAYLOADS / name).read_bytes()

    assert circle.knock({**HEADERS[name], "X-Narvar-Shop-Domain": DOMAIN}, body) == 200
    circle.drain()

    event = Event.objects.get()
    document = json.loads(body)
    document = document.get("rma") or document.get("return") or document
    rma = Rma.objects.get()
    assert (event.state, event.outcome, event.problem) == (EventState.DONE, "created", "")
    assert (rma.rma_number, rma.narvar_status) == (
        document["rma_number"],
        document["return_status"],
    )
    assert rma.items.count() == len(document["items"])
    assert Transaction.objects.count() == len(document.get("transactions") or [])
    assert RmaEvent.objects.get().event == event
    assert find(document["order_number"], Shop.objects.all()).get() == rma
    assert rma.item_count == sum(item["quantity"] for item in document["items"])


def test_an_rma_is_found_by_every_word_on_it(circle: Circle) -> None:
    rma = circle.arrive(kind="several_packages")
    shops = Shop.objects.all()
    words = [rma.rma_number, rma.order_number, f"#{rma.order_number}", rma.email.upper()]
    words += [package.tracking_number for package in rma.packages.all()]
    words += [item.sku.lower() for item in rma.items.all()]
    words += [rma.rma_number[:4], f" {rma.packages.all()[0].tracking_number[:8]} "]

    for word in words:
        assert list(find(word, shops)) == [rma], word
    assert list(find("NO-SUCH-THING", shops)) == []
    assert list(find(rma.rma_number, Shop.objects.none())) == []
    assert SearchToken.objects.filter(token=normalise(rma.rma_number)).exists()
