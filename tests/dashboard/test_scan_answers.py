"""What a scan is answered with, and what it costs."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import (
    BoxArrival,
    ReceiptLine,
    Rma,
    RmaItem,
    SearchToken,
)
from tests.builders import (
    make_command,
    make_item,
    make_package,
    make_receipt_line,
    make_rma,
    make_shop,
    make_token,
)
from tests.dashboard.at_the_bench import HTMX, entered, scan


def test_several_returns_of_an_order_are_a_choice(client: Client, shop: Shop) -> None:
    for number in ("RM-1", "RM-2"):
        make_token(make_rma(shop, number), "70074401", SearchToken.Kind.ORDER)

    page = scan(client, "#70074401")

    assert "2 returns fit 70074401. Which one is it?" in page
    chosen = Rma.objects.get(rma_number="RM-2")
    opened = client.post(reverse("scan_open"), {"rma": chosen.pk}, follow=True)
    assert "RM-2 opened" in opened.content.decode()


def test_nothing_found_offers_narvar_and_the_mystery_shelf(client: Client, shop: Shop) -> None:
    page = scan(client, "NOBODY-KNOWS")

    assert "Nothing found for NOBODY-KNOWS." in page
    assert "Ask Narvar" in page
    assert f"{reverse('parcel_new')}?tracking=NOBODY-KNOWS" in page


@pytest.mark.parametrize("code", ["", "   ", "x" * 4_000, "\x00\x1d", "<script>alert(1)</script>"])
def test_no_scan_breaks_the_page(client: Client, code: str) -> None:
    page = scan(client, code)

    assert "<script>alert(1)" not in page
    assert not ReceiptLine.objects.exists()


def test_a_scan_does_not_reach_into_another_shop(client: Client) -> None:
    other = make_rma(make_shop(), "RM-9")
    make_token(other, "RM-9")

    page = scan(client, "RM-9")
    answer = client.post(reverse("scan"), {"code": "JACKET-M", "rma": other.pk})

    assert "Nothing found for RM-9." in page
    assert answer.status_code == 422
    assert not BoxArrival.objects.exists()
    assert not ReceiptLine.objects.exists()


def test_a_scan_costs_the_same_whatever_the_return_holds(
    client: Client, rma: Rma, item: RmaItem, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make_item(rma, f"SKU-{number}"), make_package(rma)
    for most in (26, 25):  # the first also notes that the box is here
        fields = {"code": "SOCKS", "rma": rma.pk, "scan_id": uuid.uuid4()}
        with django_assert_max_num_queries(most):
            client.post(reverse("scan"), fields, headers=HTMX)

    assert entered(rma) == {("SOCKS", "approved", 2)}


def test_a_label_is_answered_with_the_bench_and_the_rest_follows(
    client: Client, rma: Rma, item: RmaItem, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(23):
        answer = client.post(reverse("scan"), {"code": rma.rma_number}, headers=HTMX)
    below = reverse("rma_below", args=[rma.shop.domain, rma.rma_number])

    page = answer.content.decode()
    assert 'id="bench"' in page
    assert 'id="decision"' in page
    assert f'hx-get="{below}"' in page
    assert 'id="photos"' not in page
    part = client.get(below, headers=HTMX).content.decode()
    assert 'id="photos"' in part
    assert "The box arrived" in part
    assert 'id="bench"' not in part
    assert client.get(below).headers["Location"] == rma.get_absolute_url()


def test_the_fields_of_a_split_come_when_it_is_opened(
    client: Client, ana: User, rma: Rma, item: RmaItem
) -> None:
    url = reverse("rma_split", args=[rma.shop.domain, rma.rma_number, item.pk])

    page = client.post(reverse("scan"), {"code": rma.rma_number}, headers=HTMX).content.decode()
    assert f'hx-get="{url}"' in page
    assert 'name="quantity-rejected"' not in page
    assert 'name="quantity-rejected"' in client.get(url, headers=HTMX).content.decode()

    whole = client.get(rma.get_absolute_url()).content.decode()
    assert f'href="{url}#item-{item.pk}"' in whole
    assert 'name="quantity-rejected"' not in whole
    assert 'name="quantity-rejected"' in client.get(url).content.decode()

    told = make_command(rma, by=ana, state="confirmed")
    make_receipt_line(rma, item, by=ana, quantity=3, command=told)
    assert client.get(url, headers=HTMX).status_code == 404
    assert client.get(url).status_code == 404
