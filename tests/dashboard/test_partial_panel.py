"""The panel of a partial refund: what its buttons fill in, and what a refusal leaves in it."""

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.returns.models import Package, Rma, RmaItem
from tests.builders import make_receipt_line
from tests.dashboard.at_the_bench import HTMX


@pytest.mark.parametrize(
    ("quick", "amount"),
    [("10", "66.59"), ("25", "55.49"), ("50", "37.00"), ("shipping", "68.99"), ("99", "1.00")],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_quick_button_fills_in_the_amount(
    client: Client, rma: Rma, item: RmaItem, quick: str, amount: str, headers: dict[str, str]
) -> None:
    """One that does not exist leaves what was typed."""
    Package.objects.filter(rma=rma).update(shipping_fee=Decimal("5.00"))
    url = reverse("rma_partial", args=[rma.shop.domain, rma.rma_number])

    answer = client.post(
        url, {"quick": quick, "partial_amount": "1.00", "note": "kept"}, headers=headers
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'maxlength="40" value="{amount}"' in page
    assert 'value="kept"' in page
    assert not Command.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_return_that_changed_meanwhile_keeps_what_was_typed(
    client: Client, rma: Rma, item: RmaItem, headers: dict[str, str]
) -> None:
    typed = {"partial_amount": "12.34", "reason": "Worn or used", "note": "a <b>tear</b>"}
    url = reverse("rma_approve", args=[rma.shop.domain, rma.rma_number])
    form = {"refund": "1", "rest": "as_expected", "version": 999, "submission_token": uuid.uuid4()}

    answer = client.post(url, form | typed, headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'maxlength="40" value="12.34"' in page
    assert "<option selected>Worn or used</option>" in page
    assert "a &lt;b&gt;tear&lt;/b&gt;" in page
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("noted", "offered"), [("Late return", "Late return"), ("", "Worn or used")]
)
def test_the_reason_that_was_noted_at_the_bench_is_offered(
    client: Client, ana: User, rma: Rma, item: RmaItem, noted: str, offered: str
) -> None:
    make_receipt_line(rma, item, by=ana, quantity=item.quantity, reason=noted)

    page = client.get(rma.get_absolute_url(), {"rest": "missing"}).content.decode()

    assert f"<option selected>{offered}</option>" in page
