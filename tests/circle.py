"""One shop connected to a running simulator, with the workers' functions called by hand."""

import base64
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions, delivery, inbound
from returns_ops.narvar.connections import Details, Door, connect
from returns_ops.returns.models import Rma
from tests.builders import lift_limits, make_staff
from tests.narvar_simulator import Simulator

DOMAIN = "larkspur-outfitters.myshopify.com"
USERNAME, PASSWORD = "warehouse-api", "a-password-of-narvar"


@dataclass
class Circle:
    narvar: Simulator
    shop: Shop
    door: Door
    wanda: User

    @property
    def path(self) -> str:
        return reverse("webhook", args=[self.shop.uuid])

    def arrive(self, status: str | None = "delivered_to_retailer", **body: Any) -> Rma:
        """A return that Narvar knows, told to us by its webhook and applied."""
        made = self.narvar.create_rma(self.shop.domain, status=status, send=False, **body)
        self.tell(made["rma_number"])
        return self.rma(made["rma_number"])

    def tell(self, rma_number: str) -> int:
        """What Narvar would send now, through the door and the drain; returns the status."""
        headers, body = self.narvar.webhook(self.shop.domain, rma_number)
        status = self.knock(headers, body)
        self.drain()
        return status

    def knock(self, headers: dict[str, str], body: bytes) -> int:
        headers = {"Authorization": self.authorization, **headers}
        response = Client().post(self.path, body, content_type="application/json", headers=headers)
        return response.status_code

    @property
    def authorization(self) -> str:
        pair = f"{self.door.webhook_username}:{self.door.webhook_password}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def drain(self) -> None:
        while inbound.drain_batch():
            pass

    def rma(self, rma_number: str) -> Rma:
        return Rma.objects.select_related("shop").get(shop=self.shop, rma_number=rma_number)

    def approve(self, rma: Rma, *, refund: bool = True, by: User | None = None) -> Command:
        return decisions.approve(
            rma.pk,
            by=by or self.wanda,
            refund=refund,
            version=self.rma(rma.rma_number).version,
            submission_token=uuid.uuid4(),
        )

    def send(self, tries: int = 1) -> None:
        """Make what is owed due now, and call."""
        for _ in range(tries):
            Command.objects.update(next_attempt_at=Now())
            delivery.deliver_next()

    def lease_runs_out(self) -> None:
        Command.objects.update(lease_until=F("created_at"))

    def refund_arrives(self, rma: Rma, *, more_than: int = 0) -> None:
        """The refund shows at Narvar, and its webhook reaches us; `more_than` were there."""
        until = time.monotonic() + 10
        while len(self.refunds(rma)) <= more_than and time.monotonic() < until:
            time.sleep(0.02)
        while self.tell(rma.rma_number) != 200 and time.monotonic() < until:
            pass  # as Narvar does, until it is taken

    def refunds(self, rma: Rma) -> list[Any]:
        return self.narvar.ledger(source="api", rma_number=rma.rma_number)


def close_circle(narvar: Simulator) -> Circle:
    narvar.change_settings(webhooks_on=False)
    return connect_to(narvar, DOMAIN, "wanda")


def connect_second(circle: Circle, domain: str, *, person: str = "wendy") -> Circle:
    """Another shop at the same Narvar, with a person of its own."""
    return connect_to(circle.narvar, domain, person)


def connect_to(narvar: Simulator, domain: str, person: str) -> Circle:
    narvar.add_shop(domain, username=USERNAME, password=PASSWORD)
    door = connect(
        Details(
            domain=domain,
            narvar_url=narvar.url,
            narvar_username=USERNAME,
            narvar_password=PASSWORD,
        )
    )
    narvar.set_webhook(
        domain,
        url=door.webhook_url,
        username=door.webhook_username,
        password=door.webhook_password,
    )
    shop = Shop.objects.get(domain=domain)
    lift_limits(shop)
    return Circle(narvar, shop, door, make_staff(person, shop, Role.WAREHOUSE))
