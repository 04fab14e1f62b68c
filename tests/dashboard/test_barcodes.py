"""A product's code that Narvar does not tell: said once at a bench, known from then on."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.codes import product_word, read_code
from returns_ops.returns.models import Barcode, ReceiptLine, Rma, RmaItem, SearchToken
from returns_ops.returns.transitions import Bench, Refused, teach_barcode
from tests.builders import make_item, make_rma, make_shop, make_staff, make_token

HTMX = {"HX-Request": "true"}
EAN = "4006381333931"
AS_GTIN = "04006381333931"


@pytest.fixture
def item(rma: Rma) -> RmaItem:
    return make_item(rma, "SOCKS", quantity=3)


def scan(client: Client, code: str, rma: Rma | None = None) -> str:
    given = {"code": code, "rma": rma.pk if rma else "", "scan_id": uuid.uuid4()}
    return client.post(reverse("scan"), given, follow=True).content.decode()


def teach(client: Client, rma: Rma, item: RmaItem, code: str = EAN) -> str:
    url = reverse("rma_receive", args=[rma.shop.domain, rma.rma_number])
    form = {"act": f"teach:{item.pk}", "code": code}
    return client.post(url, form, follow=True).content.decode()


def units() -> list[tuple[str, int]]:
    return [
        (line.item.sku if line.item else line.sku, line.quantity)
        for line in ReceiptLine.objects.all()
    ]


def test_a_code_is_taught_once_and_counts_from_then_on(
    client: Client, ana: User, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    asked = scan(client, EAN, rma)
    assert "is not in this return" in asked
    assert "This code is <bdi>SOCKS</bdi>" in asked
    assert units() == []

    page = teach(client, rma, item)

    assert "Remembered: this code is SOCKS. 1 received" in page
    taught = Barcode.objects.get()
    assert (taught.shop, taught.code, taught.sku, taught.taught_by) == (shop, AS_GTIN, "SOCKS", ana)
    assert AuditEntry.objects.filter(action="barcode.taught", actor=ana).exists()
    assert f"{AS_GTIN} is SOCKS from now on" in page
    for form in (EAN, f"]E0{EAN}", f"(01){AS_GTIN}"):  # plain, with a scanner's mark, as GS1
        assert "SOCKS: 1 more" in scan(client, form, rma) or units() == [("SOCKS", 3)]
    assert units() == [("SOCKS", 3)]
    assert "All 3 of SOCKS are counted already" in scan(client, EAN, rma)


def test_a_taught_code_finds_the_return_that_waits_for_it(
    client: Client, ana: User, shop: Shop
) -> None:
    waiting = make_rma(shop, "RM-WAITS")
    make_item(waiting, "SOCKS")
    make_token(waiting, "SOCKS", SearchToken.Kind.SKU)
    Barcode.objects.create(shop=shop, code=AS_GTIN, sku="SOCKS", taught_by=ana)

    assert "RM-WAITS opened" in scan(client, EAN)


def test_what_a_code_means_is_said_even_where_it_is_not_in_the_return(
    client: Client, ana: User, shop: Shop, rma: Rma
) -> None:
    Barcode.objects.create(shop=shop, code=AS_GTIN, sku="HAT", taught_by=ana)

    page = scan(client, EAN, rma)

    assert f"{EAN} (HAT) is not in this return" in page
    assert 'name="sku" value="HAT"' in page
    assert "This code is" not in page


def test_a_scan_that_comes_again_after_its_code_was_taught_counts_once(
    client: Client, ana: User, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    form = {"code": EAN, "rma": rma.pk, "scan_id": uuid.uuid4()}
    client.post(reverse("scan"), form, headers=HTMX)
    Barcode.objects.create(shop=shop, code=AS_GTIN, sku="SOCKS", taught_by=ana)

    for _ in range(3):
        client.post(reverse("scan"), form, headers=HTMX)

    assert units() == [("SOCKS", 1)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "This code cannot be remembered"),
        ("CMD:APPROVE", "This code cannot be remembered"),
        ("A" * 65, "This code cannot be remembered"),
        ("JACKET-M", "is known already"),
        ("RM-2001", "is known already"),
    ],
)
def test_what_is_known_or_no_product_is_not_taught(
    code: str, said: str, client: Client, rma: Rma, item: RmaItem
) -> None:
    make_token(rma, rma.rma_number)

    page = teach(client, rma, item, code)

    assert said in page
    assert not Barcode.objects.exists()
    assert units() == []


def test_a_double_click_teaches_and_counts_once(client: Client, rma: Rma, item: RmaItem) -> None:
    teach(client, rma, item)

    again = teach(client, rma, item)

    assert "is known already as SOCKS" in again
    assert units() == [("SOCKS", 1)]


def test_a_code_means_one_thing_per_shop(ana: User, shop: Shop, rma: Rma, item: RmaItem) -> None:
    jacket = rma.items.get(sku="JACKET-M")
    Barcode.objects.create(shop=shop, code=AS_GTIN, sku="SOCKS", taught_by=ana)

    with pytest.raises(Refused, match="known already as SOCKS"):
        teach_barcode(rma.pk, jacket.pk, EAN, bench=Bench(ana))
    with pytest.raises(IntegrityError), transaction.atomic():
        Barcode.objects.create(shop=shop, code=AS_GTIN, sku="HAT", taught_by=ana)
    assert units() == []
    other = make_shop()
    Barcode.objects.create(shop=other, code=AS_GTIN, sku="HAT", taught_by=ana)


def test_another_shops_code_means_nothing_here(
    client: Client, ana: User, rma: Rma, item: RmaItem
) -> None:
    Barcode.objects.create(shop=make_shop(), code=AS_GTIN, sku="SOCKS", taught_by=ana)

    assert "is not in this return" in scan(client, EAN, rma)
    assert units() == []


def test_who_may_not_receive_teaches_nothing(shop: Shop, rma: Rma, item: RmaItem) -> None:
    looker = Client()
    looker.force_login(make_staff("loc", shop, Role.LOCATION_ADMIN))

    teach(looker, rma, item)

    assert not Barcode.objects.exists()
    assert units() == []


def test_what_was_taught_wrongly_is_deleted_in_the_administration(
    ana: User, shop: Shop, rma: Rma, item: RmaItem
) -> None:
    taught = Barcode.objects.create(shop=shop, code=AS_GTIN, sku="HAT", taught_by=ana)
    admin = Client()
    admin.force_login(make_staff("sec", shop, Role.SECURITY_ADMIN, is_staff=True))

    assert AS_GTIN in admin.get(reverse("admin:returns_barcode_changelist")).content.decode()
    admin.post(reverse("admin:returns_barcode_delete", args=[taught.pk]), {"post": "yes"})

    assert not Barcode.objects.exists()
    assert AuditEntry.objects.filter(action__startswith="admin.barcode").exists()


@given(st.text(max_size=600))
def test_any_text_has_a_word_that_fits_or_none(raw: str) -> None:
    assert len(product_word(read_code(raw))) <= 64


@given(st.integers(min_value=10, max_value=10**11 - 1))
def test_upc_ean_and_gtin_are_one_word(number: int) -> None:
    digits = f"{number}{check_digit(number)}"
    forms = {product_word(read_code(digits.zfill(size))) for size in (12, 13, 14)}

    assert forms == {digits.zfill(14)}


def check_digit(number: int) -> int:
    digits = [int(digit) for digit in reversed(str(number))]
    return -sum(digit * (3, 1)[place % 2] for place, digit in enumerate(digits)) % 10
