"""What a test does at the bench by plain forms."""

from django.test import Client
from django.urls import reverse

from returns_ops.returns.models import ReceiptLine, Rma

HTMX = {"HX-Request": "true"}


def scan(client: Client, code: str, rma: Rma | None = None, **fields: object) -> str:
    given = {"code": code, "rma": rma.pk if rma else "", **fields}
    return client.post(reverse("scan"), given, follow=True).content.decode()


def act(client: Client, rma: Rma, what: str, **fields: object) -> str:
    url = reverse("rma_receive", args=[rma.shop.domain, rma.rma_number])
    return client.post(url, {"act": what, **fields}, follow=True).content.decode()


def entered(rma: Rma) -> set[tuple[str, str, int]]:
    lines = ReceiptLine.objects.filter(rma=rma).select_related("item")
    return {
        (line.item.sku if line.item else line.sku, line.decision, line.quantity) for line in lines
    }
