"""What a decision is judged by: the same for one return and for many read at once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.bundles import bundles_of
from returns_ops.returns.models import BoxArrival, Rma, SearchToken
from returns_ops.returns.plan import Rest
from returns_ops.returns.preview import Bundle, Wanted, judge, preview
from returns_ops.returns.states import Work
from tests.builders import (
    make_command,
    make_item,
    make_package,
    make_photo,
    make_receipt_line,
    make_rma,
    make_shop,
    make_token,
    make_transaction,
)

READ = (
    "items",
    "lines",
    "transactions",
    "packages",
    "open_commands",
    "photos_of_line",
    "arrived",
    "same_box",
)


def make_full(shop: Shop, by: User, tracking: str) -> Rma:
    """A return with something of everything, and something that no longer counts."""
    rma = make_rma(shop)
    item = make_item(rma, "SOCKS", quantity=3)
    make_item(rma, "GONE", removed_at=timezone.now())
    box = make_package(rma, tracking)
    make_package(rma, "GONE", removed_at=timezone.now())
    make_token(rma, tracking, SearchToken.Kind.TRACKING)
    make_transaction(rma, "5.00")
    make_receipt_line(rma, item, by=by)
    make_photo(rma, by=by)
    make_command(rma, by=by, state="confirmed", settled_at=timezone.now())
    make_command(rma, by=by, ordinal=2)
    BoxArrival.objects.create(rma=rma, package=box, by=by)
    return rma


@pytest.fixture
def rmas(shop: Shop, wanda: User) -> list[Rma]:
    """Two of them share a box; so does one that is done, and one of another shop."""
    found = [make_full(shop, wanda, number) for number in ("1Z1", "1Z1", "1Z2")]
    for rma in (make_rma(shop, work=Work.DONE), make_rma(make_shop())):
        make_package(rma, "1Z1")
        make_token(rma, "1Z1", SearchToken.Kind.TRACKING)
    return [*found, make_rma(shop)]


def test_many_are_read_as_each_is_read_alone(rmas: list[Rma]) -> None:
    together = bundles_of(rmas)

    for rma in rmas:
        alone = Bundle(Rma.objects.select_related("shop").get(pk=rma.pk))
        for name in READ:
            assert getattr(together[rma.pk], name) == getattr(alone, name), name
    assert together[rmas[0].pk].same_box == (rmas[1].rma_number,)
    assert together[rmas[2].pk].same_box == together[rmas[3].pk].same_box == ()


def test_many_cost_no_more_queries_than_a_few(
    rmas: list[Rma], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for some in (rmas[:1], rmas):
        with django_assert_num_queries(8):
            bundles_of(some)


@pytest.mark.parametrize(
    ("hours", "held"), [(1, True), (23, True), (25, False), (-1, False), (None, False)]
)
def test_stock_that_is_held_for_another_day_or_no_more_is_not_warned_of(
    hours: int | None, held: bool, shop: Shop
) -> None:
    until = timezone.now() + timedelta(hours=hours) if hours is not None else None
    track = {"name": "reserve_inventory", "until": until.isoformat() if until else None}
    rma = make_rma(shop, policy=[track])
    make_item(rma)

    verdict, _ = preview(rma, Wanted(refund=True, rest=Rest.AS_EXPECTED))

    assert any("The stock held for the exchange" in one for one in verdict.warnings) == held


def test_a_sku_on_two_lines_and_another_return_in_the_box_are_warned_of(rmas: list[Rma]) -> None:
    rma = Rma.objects.select_related("shop").get(pk=rmas[0].pk)
    make_item(rma, "SOCKS")

    verdict, _ = judge(Bundle(rma), Wanted(refund=True, rest=Rest.AS_EXPECTED))

    assert "Two lines of this return are SOCKS: look which one you have." in verdict.warnings
    assert f"The same box may hold another return: {rmas[1].rma_number}." in verdict.warnings
