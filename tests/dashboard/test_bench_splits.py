"""An item split over outcomes, what a bad grade needs, and claims after the fact."""

import json
import uuid

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.returns.models import (
    BenchRules,
    ReceiptLine,
    Rma,
    RmaItem,
)
from returns_ops.returns.states import NarvarStatus
from tests.builders import (
    make_command,
    make_receipt_line,
    make_staff,
)
from tests.dashboard.at_the_bench import HTMX, act, entered


@pytest.fixture(autouse=True)
def _held(settings: LazySettings) -> None:
    settings.HOLD_SECONDS = 60


def test_an_item_is_split_with_grade_reason_and_note(
    client: Client, rma: Rma, item: RmaItem
) -> None:
    url = reverse("rma_split", args=[rma.shop.domain, rma.rma_number, item.pk])

    page = client.post(
        url,
        {
            "version": rma.version,
            "quantity-approved": "1",
            "quantity-rejected": "2",
            "grade-rejected": "C",
            "reason-rejected": "Worn or used",
            "note-rejected": "<b>holes</b>",
        },
        follow=True,
    ).content.decode()

    assert entered(rma) == {("SOCKS", "approved", 1), ("SOCKS", "rejected", 2)}
    assert "Worn or marked" in page
    assert "&lt;b&gt;holes&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"quantity-approved": "4"}, 422, "only 3 of SOCKS are to decide"),
        ({"quantity-approved": "-1"}, 422, "enter a whole number of units"),
        ({"quantity-approved": "1.5"}, 422, "enter a whole number of units"),
        ({"quantity-approved": "1000000000"}, 422, "too many units"),
        ({"quantity-approved": "1", "grade-approved": "ZZ"}, 422, "not a grade of this shop"),
        ({"quantity-approved": "1", "note-approved": "x" * 501}, 422, "the note is too long"),
        ({"quantity-approved": "1", "version": "0"}, 422, "Look at what is marked"),
        ({"quantity-approved": "1", "version": "999"}, 409, "changed while you looked"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_split_changes_nothing_and_loses_nothing(
    client: Client,
    rma: Rma,
    item: RmaItem,
    typed: dict[str, str],
    status: int,
    said: str,
    headers: dict[str, str],
) -> None:
    url = reverse("rma_split", args=[rma.shop.domain, rma.rma_number, item.pk])
    given = {"version": str(rma.version), "reason-approved": "", "note-rejected": "kept"} | typed

    answer = client.post(url, given, headers=headers)

    page = answer.content.decode()
    assert (answer.status_code, said in page) == (status, True)
    assert 'value="kept"' in page
    assert not ReceiptLine.objects.exists()


def test_a_bad_grade_may_need_a_note_and_a_photo(
    client: Client, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    BenchRules.objects.create(shop=shop, bad_grade_needs_note=True, bad_grade_needs_photo=True)
    RmaItem.objects.filter(rma=rma).exclude(pk=item.pk).delete()
    url = reverse("rma_split", args=[rma.shop.domain, rma.rma_number, item.pk])

    page = client.post(
        url,
        {"version": rma.version, "quantity-approved": "3", "grade-approved": "D"},
        follow=True,
    ).content.decode()

    assert "“Damaged” of SOCKS needs a photo first." in page
    assert "“Damaged” of SOCKS needs a note first." in page


def test_a_claim_comes_after_the_fact_and_moves_no_money(
    client: Client, ana: User, rma: Rma, item: RmaItem
) -> None:
    told = make_command(rma, by=ana, state="confirmed")
    make_receipt_line(rma, item, by=ana, quantity=3, command=told)
    make_receipt_line(rma, rma.items.get(sku="JACKET-M"), by=ana, command=told)
    Rma.objects.filter(pk=rma.pk).update(narvar_status=NarvarStatus.APPROVED)

    act(client, rma, f"claim:{item.pk}", units="4", reason="Lost in transit")
    assert ReceiptLine.objects.count() == 2
    page = act(client, rma, f"claim:{item.pk}", units="2", reason="Lost in transit")

    assert "Tell Narvar of the claim" in page
    assert "A claim moves no money" in page
    rma.refresh_from_db()
    form = {"refund": "0", "rest": "none", "version": rma.version}
    client.post(f"{rma.get_absolute_url()}approve/", {**form, "submission_token": uuid.uuid4()})
    command = Command.objects.get(state="queued")
    sent = json.loads(bytes(command.body))
    assert [(one["status"], one["quantity"]) for one in sent["items"]] == [("claim", 2)]
    assert sent["process_refund"] is False


def test_the_bench_alone_may_not_claim(shop: Shop, ana: User, rma: Rma, item: RmaItem) -> None:
    wanda = make_staff("wanda", shop, Role.WAREHOUSE)
    make_receipt_line(rma, item, by=ana, command=make_command(rma, by=ana, state="confirmed"))
    client = Client()
    client.force_login(wanda)

    page = act(client, rma, f"claim:{item.pk}", units="1", reason="Lost in transit")

    assert "may not claim" in page
    assert "Claim after the fact" not in page
    assert ReceiptLine.objects.count() == 1
