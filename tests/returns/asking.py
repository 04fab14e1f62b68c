"""A refund that needs a second person, and the people round it."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions
from returns_ops.returns.models import ReceiptLine, RefundLimit, Rma, RmaEvent
from tests.builders import make_item, make_rma, make_staff


@dataclass(frozen=True)
class Team:
    """Ana may refund 30.00 USD alone, and 100.00 USD in a day; Paula and Peter approve more."""

    shop: Shop
    ana: User
    paula: User
    peter: User


def make_team(shop: Shop) -> Team:
    limit(shop, each="30", day="100")
    ana = make_staff("ana", shop, Role.AGENT, first_name="Ana", last_name="Ruiz")
    paula = make_staff("paula", shop, Role.APPROVER, first_name="Paula", last_name="Berg")
    return Team(shop, ana, paula, make_staff("peter", shop, Role.APPROVER))


def limit(shop: Shop, *, each: str, day: str, **other: Any) -> None:
    key = {"shop": shop, "role": Role.AGENT, "currency": "USD", **other}
    RefundLimit.objects.update_or_create(**key, defaults={"each": each, "day": day})


def make_return(shop: Shop, rma_number: str = "", *, estimate: str = "53.00", **more: Any) -> Rma:
    amounts = {"estimated_refund": Decimal(estimate), "first_cap": Decimal(estimate)}
    rma = make_rma(shop, rma_number, **{**amounts, **more})
    make_item(rma, unit_final=Decimal(estimate), total_price=Decimal(estimate))
    return rma


def decide(rma: Rma, by: User, **wanted: Any) -> Command:
    """As the person's screen would, on the newest version of the RMA."""
    version = Rma.objects.values_list("version", flat=True).get(pk=rma.pk)
    known: dict[str, Any] = {"refund": True, "submission_token": uuid.uuid4()}
    return decisions.approve(rma.pk, by=by, version=version, **{**known, **wanted})


def ask(rma: Rma, by: User, **wanted: Any) -> Command:
    return decide(rma, by, ask=True, **wanted)


def everything() -> list[list[dict[str, Any]]]:
    """What a refused move must leave as it was."""
    models: list[Any] = [Rma, Command, ReceiptLine, RmaEvent, AuditEntry]
    return [list(model.objects.order_by("pk").values()) for model in models]
