"""Boxes at the bench of a shop that is connected to a simulated Narvar."""

import json
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma, RmaItem
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.preview import Wanted, preview
from returns_ops.returns.transitions import Bench, Part, count_unit, split_item
from tests.circle import DOMAIN, Circle


def arrive(circle: Circle, *lines: tuple[str, int, str], **body: Any) -> Rma:
    """A return of (SKU, quantity, price) lines; a label of 6.95 is kept back of the refund."""
    items = [
        {"sku": sku, "quantity": quantity, "unit_price": price} for sku, quantity, price in lines
    ]
    return circle.arrive(items=items, **body)


def item_of(rma: Rma, sku: str = "SOCKS") -> RmaItem:
    return rma.items.get(sku=sku)


def scan(circle: Circle, rma: Rma, times: int, sku: str = "SOCKS") -> None:
    for _ in range(times):
        count_unit(rma.pk, item_of(rma, sku).pk, bench=Bench(circle.wanda, "Bench 1"))


def split(circle: Circle, rma: Rma, sku: str = "SOCKS", **units: int) -> None:
    """So many units of each decision."""
    parts = [Part(quantity=quantity, decision=decision) for decision, quantity in units.items()]
    version = circle.rma(rma.rma_number).version
    bench = Bench(circle.wanda)
    split_item(rma.pk, item_of(rma, sku).pk, parts, bench=bench, version=version)


def foresee(circle: Circle, rma: Rma, **wanted: Any) -> Verdict:
    """What the screen says before the click."""
    known: dict[str, Any] = {"refund": True, "rest": Rest.NONE}
    return preview(circle.rma(rma.rma_number), Wanted(**{**known, **wanted}))[0]


def decide(circle: Circle, rma: Rma, *, by: User | None = None, **wanted: Any) -> Command:
    known: dict[str, Any] = {"refund": True, "rest": Rest.NONE, "submission_token": uuid.uuid4()}
    version = circle.rma(rma.rma_number).version
    return decisions.approve(rma.pk, by=by or circle.wanda, version=version, **{**known, **wanted})


def soon(minutes: int = 5) -> str:
    """Newer than all that Narvar said so far."""
    return (timezone.now() + timedelta(minutes=minutes)).isoformat()


def edited(circle: Circle, rma: Rma, **keys: Any) -> None:
    """Somebody edits the return at Narvar; nobody has told us yet."""
    errors = [{"message": "edited", "timestamp": soon()}]
    circle.narvar.patch_rma(DOMAIN, rma.rma_number, errors=errors, **keys)


def bodies(circle: Circle) -> list[dict[str, Any]]:
    """Every approval that Narvar was sent, its numbers as they were written."""
    sent = circle.narvar.requests(operation="approval")
    return [json.loads(request.body, parse_float=Decimal) for request in sent]


def entries(body: dict[str, Any]) -> dict[tuple[str, str], int]:
    """(item id or SKU, word): units."""
    return {
        (str(one.get("item_id", one.get("item_sku"))), one["status"]): one["quantity"]
        for one in body["items"]
    }


def paid(circle: Circle, rma: Rma) -> list[Decimal]:
    return [Decimal(row.amount) for row in circle.refunds(rma)]


def at_narvar(circle: Circle, rma: Rma) -> str:
    status: str = circle.narvar.body(DOMAIN, rma.rma_number)["return_status"]
    return status
