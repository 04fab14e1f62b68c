"""The list of return locations, and who may see and change them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import ReturnLocation
from tests.builders import make_package, make_rma, make_shop, make_staff
from tests.dashboard.location_pages import ANDOVER, place, text

Sync = ReturnLocation.Sync
LogIn = Callable[[User], Client]


@pytest.fixture
def lola(shop: Shop, log_in: LogIn) -> Client:
    """A location admin's browser; nothing that she asks for is sent."""
    return log_in(make_staff("lola", shop, Role.LOCATION_ADMIN))


@pytest.fixture
def andover(shop: Shop) -> ReturnLocation:
    return place(shop, "Andover DC")


def test_the_list_narrows_by_each_of_its_filters(shop: Shop, lola: Client) -> None:
    dock = place(shop, "Dock")
    paris = {"address1": "2 Rue de la Paix", "city": "Paris", "country": "France"}
    place(shop, "Store", **paris, country_code="FR", accepts_mail=False, accepts_in_store=True)
    make_package(make_rma(shop), destination_id=dock.narvar_id)

    def names(**query: str) -> set[str]:
        page = text(lola.get("/locations/", query))
        return {name for name in ("Dock", "Store") if f"data-row><bdi>{name}</bdi>" in page}

    assert names() == {"Dock", "Store"}
    assert names(q="paris") == names(country="FR") == names(store="yes") == {"Store"}
    assert names(mail="yes") == names(used="yes") == {"Dock"}
    assert names(used="no") == {"Store"}
    assert names(sync="deleted") == set()
    assert names(q="nowhere") == set()
    assert names(country="??", sync="nonsense", q="a\x00") == {"Dock", "Store"}


def test_the_list_has_pages_and_few_queries(
    shop: Shop, lola: Client, django_assert_max_num_queries: Any
) -> None:
    rows = [
        ReturnLocation(shop=shop, name=f"Dock {n:03}", narvar_id=f"L{n}", sync=sync)
        for n, sync in zip(range(60), [Sync.IN_SYNC, Sync.NOT_SAVED] * 30, strict=True)
    ]
    ReturnLocation.objects.bulk_create(rows)

    with django_assert_max_num_queries(16):
        page = text(lola.get("/locations/"))

    assert page.count("data-row") == 50
    assert "after_id=" in page
    rest = text(lola.get("/locations/", {"after": "Dock 049", "after_id": str(rows[49].pk)}))
    assert rest.count("data-row") == 10


def test_a_location_page_asks_the_same_few_queries_however_many_there_are(
    shop: Shop, lola: Client, andover: ReturnLocation, django_assert_max_num_queries: Any
) -> None:
    ReturnLocation.objects.bulk_create(
        ReturnLocation(shop=shop, name=f"Dock {n}", latitude=n, longitude=n) for n in range(40)
    )
    for _ in range(5):
        make_package(make_rma(shop), destination_id=andover.narvar_id)

    with django_assert_max_num_queries(16):
        lola.get(andover.get_absolute_url())


@pytest.mark.parametrize("role", Role.values)
def test_who_may_see_and_who_may_change(
    role: str, shop: Shop, andover: ReturnLocation, log_in: LogIn
) -> None:
    client, own = log_in(make_staff(role, shop, role)), andover.get_absolute_url()
    sees, manages = role != Role.SECURITY_ADMIN, role == Role.LOCATION_ADMIN
    changing = ["/locations/new/", "/locations/import/", f"{own}edit/", f"{own}delete/"]
    posting = ["/locations/sync/", f"{own}undo/1/", f"{own}link/", "/locations/validate/name/"]

    for url in ("/locations/", own, f"{own}standing/", "/locations/export.csv"):
        assert (client.get(url).status_code == 200) == sees, url
    for url in changing:
        assert (client.get(url).status_code == 200) == manages, url
    for url in posting:
        assert (client.post(url).status_code != 403) == manages, url
    assert ("edit/" in text(client.get(own))) == manages


def test_a_location_of_another_shop_does_not_exist(andover: ReturnLocation, log_in: LogIn) -> None:
    stranger = log_in(make_staff(shop=make_shop(), role=Role.LOCATION_ADMIN))
    own = andover.get_absolute_url()
    before = list(ReturnLocation.objects.values())

    for url in (own, f"{own}standing/", f"{own}edit/", f"{own}delete/", f"{own}settle/"):
        assert stranger.get(url).status_code == 404, url
    for url in (f"{own}undo/1/", f"{own}link/", f"{own}restore/1/", f"{own}edit/"):
        assert stranger.post(url, ANDOVER).status_code == 404, url
    for url in ("/locations/", "/locations/export.csv", f"/locations/changes/?open={andover.pk}"):
        assert "Andover" not in text(stranger.get(url))
    assert list(ReturnLocation.objects.values()) == before
