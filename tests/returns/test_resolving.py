"""What a scan means: the right return, box or line, and never one of another shop."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop
from returns_ops.returns.codes import read_code
from returns_ops.returns.models import Package, Rma, RmaItem, SearchToken
from returns_ops.returns.resolving import Resolution, ResolutionKind, resolve
from returns_ops.returns.search import normalise
from returns_ops.returns.states import Work
from tests.builders import make_item, make_package, make_rma, make_shop, make_token

Kind = SearchToken.Kind
UPS = "1Z5R89390357567127"
pytestmark = pytest.mark.django_db


def scan(raw: str, *shops: Shop, open_rma: Rma | None = None) -> Resolution:
    return resolve(read_code(raw), shops, open_rma=open_rma)


def make_known(shop: Shop, number: str = "", *, order: str = "", **fields: Any) -> Rma:
    """An RMA that is found by its numbers, as after a snapshot."""
    rma = make_rma(shop, number, **({"order_number": order} if order else {}), **fields)
    make_token(rma, normalise(rma.rma_number))
    make_token(rma, normalise(rma.order_number), Kind.ORDER)
    return rma


def make_line(rma: Rma, sku: str, **fields: Any) -> RmaItem:
    if not rma.tokens.filter(kind=Kind.SKU, token=sku).exists():
        make_token(rma, sku, Kind.SKU)
    return make_item(rma, sku, **fields)


def make_box(rma: Rma, tracking: str, **fields: Any) -> Package:
    make_token(rma, normalise(tracking), Kind.TRACKING)
    return make_package(rma, tracking, **fields)


def days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_the_label_of_an_rma_opens_it(shop: Shop) -> None:
    rma = make_known(shop, "TP1233APQW")

    found = scan("tp1233apqw", shop)

    assert (found.kind, found.rmas, found.word) == (ResolutionKind.RMA, [rma], "TP1233APQW")
    assert not found.more
    assert found.package is None


def test_a_carriers_label_says_which_box_it_is(shop: Shop) -> None:
    rma = make_known(shop)
    make_box(rma, "1Z879E930346834440", letter="A")
    second = make_box(rma, "1z 5r8939 0357567127", letter="B")

    found = scan(UPS, shop)

    assert (found.kind, found.rmas, found.package) == (ResolutionKind.TRACKING, [rma], second)


def test_a_number_inside_a_longer_barcode_is_found(shop: Shop) -> None:
    rma = make_known(shop)
    box = make_box(rma, "9101026837331000039521")

    found = scan("]C1420221539101026837331000039521", shop)

    assert (found.package, found.word) == (box, "9101026837331000039521")


def test_an_order_shows_its_open_returns_first_and_then_the_newest(shop: Shop) -> None:
    old = make_known(shop, order="#1001", created_at=days_ago(9))
    done = make_known(shop, order="#1001", created_at=days_ago(1), work=Work.DONE)
    new = make_known(shop, order="#1001", created_at=days_ago(3))

    found = scan("#1001", shop)

    assert (found.kind, found.rmas) == (ResolutionKind.ORDER, [new, old, done])


def test_a_chooser_has_nine_places_and_says_that_there_are_more(shop: Shop) -> None:
    rmas = [make_known(shop, order="1001", created_at=days_ago(day)) for day in range(10)]

    found = scan("1001", shop)

    assert found.rmas == rmas[:9]
    assert found.more


def test_a_sku_finds_the_returns_that_are_not_done(shop: Shop) -> None:
    waits, done = make_known(shop), make_known(shop, work=Work.DONE)
    for rma in (waits, done):
        make_line(rma, "JACKET-M")

    found = scan("jacket-m", shop)

    assert (found.kind, found.rmas, found.items) == (ResolutionKind.SKU, [waits], [])


def test_a_sku_is_found_by_any_length_of_its_barcode(shop: Shop) -> None:
    short, long = make_known(shop, created_at=days_ago(5)), make_known(shop)
    make_line(short, "012345678905")
    make_line(long, "0012345678905")

    found = scan("(01)00012345678905(21)777", shop)

    assert (found.kind, found.rmas) == (ResolutionKind.SKU, [long, short])


@pytest.mark.parametrize(
    ("missing", "kind"),
    [
        ([], ResolutionKind.RMA),
        ([Kind.RMA], ResolutionKind.TRACKING),
        ([Kind.RMA, Kind.TRACKING], ResolutionKind.ORDER),
        ([Kind.RMA, Kind.TRACKING, Kind.ORDER], ResolutionKind.SKU),
        ([Kind.RMA, Kind.TRACKING, Kind.ORDER, Kind.SKU], ResolutionKind.NONE),
    ],
)
def test_one_word_means_first_an_rma_then_a_parcel_an_order_a_sku(
    shop: Shop, missing: list[str], kind: ResolutionKind
) -> None:
    rmas = {kind.value: make_rma(shop) for kind in Kind}
    for name in set(rmas) - set(missing):
        make_token(rmas[name], "70074401", name)

    found = scan("70074401", shop)

    assert found.kind == kind
    assert found.rmas == ([rmas[kind.value]] if kind != ResolutionKind.NONE else [])


def test_an_address_is_not_a_barcode(shop: Shop) -> None:
    make_token(make_rma(shop), "ANA@EXAMPLE.COM", Kind.EMAIL)

    assert scan("ana@example.com", shop) == Resolution()


def test_a_line_of_the_open_return_wins_over_an_order_and_other_returns(shop: Shop) -> None:
    make_line(make_known(shop, order="70074401"), "70074401")
    mine = make_known(shop)
    line = make_line(mine, "70074401")

    found = scan("70074401", shop, open_rma=mine)

    assert (found.kind, found.rmas, found.items) == (ResolutionKind.ITEM, [mine], [line])


@pytest.mark.parametrize("kind", [Kind.RMA, Kind.TRACKING])
def test_a_label_wins_over_a_line_of_the_open_return(shop: Shop, kind: str) -> None:
    other, mine = make_rma(shop), make_known(shop)
    make_token(other, "70074401", kind)
    make_line(mine, "70074401")

    found = scan("70074401", shop, open_rma=mine)

    assert (found.kind, found.rmas) == (ResolutionKind(kind), [other])


def test_lines_that_share_a_sku_are_all_given(shop: Shop) -> None:
    mine = make_known(shop)
    lines = [make_line(mine, "JACKET-M", position=at) for at in (1, 2)]
    make_line(mine, "SOCKS")

    assert scan("JACKET-M", shop, open_rma=mine).items == lines


def test_a_line_is_found_by_its_item_id(shop: Shop) -> None:
    mine = make_known(shop)
    line = make_line(mine, "JACKET-M", item_id="4530187321")

    assert scan("4530187321", shop, open_rma=mine).items == [line]


def test_a_line_that_narvar_took_out_is_not_found(shop: Shop) -> None:
    mine = make_known(shop)
    make_item(mine, "JACKET-M", removed_at=timezone.now())

    assert scan("JACKET-M", shop, open_rma=mine).kind == ResolutionKind.NONE


def test_what_is_not_in_the_open_return_may_be_in_another(shop: Shop) -> None:
    mine, other = make_known(shop), make_known(shop)
    make_line(mine, "SOCKS")
    make_line(other, "JACKET-M")

    found = scan("JACKET-M", shop, open_rma=mine)

    assert (found.kind, found.rmas) == (ResolutionKind.SKU, [other])


@pytest.mark.parametrize("raw", ["TP1233APQW-B", "TP1233APQW B", "tp1233apqwb"])
def test_a_letter_behind_the_rma_number_names_the_box(shop: Shop, raw: str) -> None:
    rma = make_known(shop, "TP1233APQW")
    make_package(rma, letter="A")
    second = make_package(rma, letter="b")

    found = scan(raw, shop)

    assert (found.kind, found.rmas, found.package) == (ResolutionKind.RMA, [rma], second)
    assert found.word == "TP1233APQW"


def test_a_letter_of_no_known_box_counts_only_behind_a_dash(shop: Shop) -> None:
    rma = make_known(shop, "TP1233APQW")

    dashed, joined = scan("TP1233APQW-A", shop), scan("TP1233APQWA", shop)

    assert (dashed.kind, dashed.rmas, dashed.package) == (ResolutionKind.RMA, [rma], None)
    assert joined.kind == ResolutionKind.NONE


def test_a_sku_of_the_open_return_is_no_rma_number_with_a_letter(shop: Shop) -> None:
    make_known(shop, "1001")
    mine = make_known(shop)
    line = make_line(mine, "1001-M")

    assert scan("1001-M", shop, open_rma=mine).items == [line]


def test_other_shops_are_not_looked_at(shop: Shop) -> None:
    theirs = make_known(make_shop(), "TP1233APQW")
    make_box(theirs, UPS)
    make_line(theirs, "JACKET-M")

    for raw in ("TP1233APQW", "TP1233APQW-A", UPS, theirs.order_number, "JACKET-M"):
        assert scan(raw, shop) == Resolution()
        assert scan(raw) == Resolution()


def test_the_same_number_in_two_shops_is_a_choice(shop: Shop) -> None:
    second = make_shop()
    rmas = [
        make_known(one, "1001", created_at=days_ago(at)) for at, one in enumerate([shop, second])
    ]
    for rma in rmas:
        make_package(rma, letter="A")

    plain, boxed = scan("1001", shop, second), scan("1001-A", shop, second)

    assert plain.rmas == boxed.rmas == rmas
    assert boxed.package is None
    assert [rma.shop.domain for rma in plain.rmas] == [shop.domain, second.domain]


@pytest.mark.parametrize("raw", ["", "CMD:APPROVE", "BENCH:7", "BADGE:X7", "A" * 501])
def test_what_is_not_a_thing_is_not_looked_up(
    shop: Shop, raw: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert scan(raw, shop) == Resolution()


@pytest.mark.parametrize(
    "raw", ["\ud800\x00", "https://x.example/?rma=%00%ED%A0%80", "%", "'; --", "\ufdfa" * 500]
)
def test_a_hostile_text_finds_nothing_and_breaks_nothing(shop: Shop, raw: str) -> None:
    assert scan(raw, shop, open_rma=make_known(shop)) == Resolution()


@pytest.mark.parametrize(
    ("raw", "queries"),
    [
        ("TP1233APQW", 1),
        ("TP1233APQW-A", 2),
        (UPS, 2),
        ("https://x.example/t?tracking_number=1Z5R89390357567127&order_number=1001", 2),
        ("1001", 1),
        ("TP1233APQWM", 3),
        ("SOCKS", 1),
        ("JACKET-M", 2),
        ("nothing like it", 2),
    ],
)
def test_a_scan_costs_three_queries_at_most(
    shop: Shop, raw: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rma = make_known(shop, "TP1233APQW", order="1001")
    make_box(rma, UPS, letter="A")
    for sku in ("JACKET-M", "TP1233APQWM"):
        make_line(rma, sku)
    make_line(make_known(shop, "MINE"), "SOCKS")
    mine = Rma.objects.prefetch_related("items").get(rma_number="MINE")

    with django_assert_num_queries(queries):
        scan(raw, shop, open_rma=mine)


def test_a_sku_that_everybody_sends_back_is_read_from_the_end_of_an_index(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    call_command("generate_rmas", count=3000, shop="big.myshopify.com")
    big = Shop.objects.get(domain="big.myshopify.com")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE returns_searchtoken, returns_rma")

    with django_assert_num_queries(2) as asked:
        found = scan("JACKET-00000", big)

    assert (len(found.rmas), found.more) == (9, True)
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan
