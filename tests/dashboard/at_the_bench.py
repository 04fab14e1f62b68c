"""What a test does at the bench by plain forms."""

from decimal import Decimal

from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import ReceiptLine, Rma, SearchToken
from tests.builders import make_item, make_package, make_rma, make_token

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


def returned(
    shop: Shop, number: str, *items: tuple[str, int, str], order: str = "", **fields: object
) -> Rma:
    """A return with lines (SKU, units, paid for each) that can be scanned."""
    total = sum((Decimal(paid) * units for _, units, paid in items), Decimal(0))
    rma = make_rma(shop, number, estimated_refund=total, first_cap=total, **fields)
    make_token(rma, number, SearchToken.Kind.RMA)
    package = make_package(rma)
    make_token(rma, package.tracking_number, SearchToken.Kind.TRACKING)
    for sku, units, paid in items:
        make_item(rma, sku, quantity=units, unit_final=Decimal(paid), unit_price=Decimal(paid))
        make_token(rma, sku, SearchToken.Kind.SKU)
    return rma


def told(rma: Rma) -> dict[tuple[str, str], int]:
    lines = ReceiptLine.objects.filter(rma=rma, command__isnull=False)
    return {
        ((line.item.sku if line.item else line.sku), line.decision): line.quantity
        for line in lines.select_related("item")
    }
