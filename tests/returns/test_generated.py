"""Synthetic returns: as many as asked for, alike for the same seed, and true to every promise."""

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from returns_ops.accounts.models import Shop
from returns_ops.returns import search
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Package, Rma, RmaItem, SearchToken, Transaction
from returns_ops.returns.queues import Wanted, page
from returns_ops.returns.states import Work

pytestmark = pytest.mark.django_db


def generate(domain: str, count: int = 400, **options: int) -> Shop:
    call_command("generate_rmas", count=count, shop=domain, verbosity=0, **options)
    return Shop.objects.get(domain=domain)


def told(shop: Shop) -> list[tuple[object, ...]]:
    lines = RmaItem.objects.filter(rma__shop=shop).order_by("rma__rma_number", "position")
    rma = (
        "rma__rma_number",
        "rma__narvar_status",
        "rma__email",
        "rma__created_at",
        "rma__refunded",
    )
    return list(lines.values_list(*rma, "sku", "quantity", "unit_final"))


def test_the_same_seed_makes_the_same_returns_and_another_others() -> None:
    first, second = generate("one.example.com", seed=5), generate("two.example.com", seed=5)
    third = generate("three.example.com", seed=6)

    assert told(first) == told(second) != told(third)


def test_they_keep_every_promise_and_look_like_a_retailers() -> None:
    generate("one.example.com", count=1500, shops=3)

    assert broken() == []
    assert Rma.objects.count() == 1500 == Package.objects.count()
    assert Shop.objects.filter(rmas__isnull=False).distinct().count() == 3
    assert 2.2 < RmaItem.objects.count() / 1500 < 2.8
    assert 0 < Rma.objects.exclude(work=Work.DONE).count() < 450
    assert Rma.objects.filter(refunded=F("total")).count() == Transaction.objects.count() > 500


def test_a_second_run_adds_to_the_first() -> None:
    generate("one.example.com", count=30)
    shop = generate("one.example.com", count=20, seed=9)

    assert Rma.objects.filter(shop=shop).count() == 50
    assert broken() == []


def test_each_is_found_by_the_words_on_it_and_by_the_end_of_its_tracking_number() -> None:
    shop = generate("one.example.com", count=50)
    box = Package.objects.select_related("rma").latest("id")

    for words in (box.rma.rma_number, box.rma.order_number, box.tracking_number[-6:].lower()):
        found = page(Wanted(query=words), [shop])
        assert box.rma.rma_number in {row["rma_number"] for row in found.rows}
    assert SearchToken.objects.filter(rma=box.rma).count() >= 6


@pytest.mark.parametrize(
    ("number", "tails"), [("1Z999AA10123456784", {"456784"}), ("A1B2C3", set())]
)
def test_a_short_tracking_number_has_no_end_of_its_own(number: str, tails: set[str]) -> None:
    words = search.words_of(
        rma_number="RM-1", order_number="", email="", tracking_numbers=[number], skus=[]
    )

    assert {token for kind, token in words if kind == SearchToken.Kind.TAIL} == tails


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": -1}, {"count": 5, "shops": 0}])
def test_too_few_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="must be 1 or more"):
        call_command("generate_rmas", **wrong)
    assert not Rma.objects.exists()
