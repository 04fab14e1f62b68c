"""The page of a parcel, the shelf, and who may see and do what."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.returns.models import (
    Parcel,
    ParcelMatch,
    Rma,
    SearchToken,
)
from returns_ops.returns.states import Work
from returns_ops.returns.transitions import parcels
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.matching import Share
from returns_ops.returns.transitions.parcels import Description
from returns_ops.returns.transitions.receiving import Bench
from tests.builders import (
    give_role,
    make_item,
    make_parcel,
    make_photo,
    make_rma,
    make_shop,
    make_staff,
    make_token,
)
from tests.dashboard.shelf import (
    everything,
    give,
    item_of,
    match_url,
)

LogIn = Callable[[User], Client]
HANDLING = {Permission.RECEIVE, Permission.RESOLVE}
pytestmark = pytest.mark.usefixtures("media")


# The page and the shelf


def test_a_parcel_shows_what_it_could_be_and_why(
    client: Client, parcel: Parcel, awaited: Rma
) -> None:
    page = client.get(parcel.get_absolute_url()).content.decode()

    assert "SKU JACKET-M is in it" in page
    assert f'href="{match_url(parcel)}?rma=RM-2001"' in page


@pytest.mark.parametrize("returns", [1, 30])
def test_a_parcel_page_costs_the_same_however_much_is_in_it(
    returns: int,
    client: Client,
    parcel: Parcel,
    wanda: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(returns):
        rma = make_rma(parcel.shop, work=Work.TO_RECEIVE)
        item = make_item(rma, "JACKET-M")
        make_token(rma, "JACKET-M", SearchToken.Kind.SKU)
        make_photo(parcel, by=wanda, sha256=bytes([number]) * 32)
        ParcelMatch.objects.create(parcel=parcel, rma=rma, item=item, quantity=1, by=wanda)

    with django_assert_max_num_queries(SHELL + 8):
        assert client.get(parcel.get_absolute_url()).status_code == 200


SHELL = 5  # who it is, their roles, the counters and banners of every page


@pytest.mark.parametrize("boxes", [1, 40])
@pytest.mark.parametrize("shops", [1, 3])
def test_the_shelf_costs_three_queries_of_its_own(
    boxes: int,
    shops: int,
    client: Client,
    ana: User,
    shop: Shop,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = [shop, *(make_shop() for _ in range(shops - 1))]
    for other in mine[1:]:
        give_role(ana, other, Role.AGENT)
    for number in range(boxes):
        made = make_parcel(mine[number % shops], by=ana, items={"CAP": 1}, owner=ana)
        make_photo(made, by=ana)

    with django_assert_max_num_queries(SHELL + 3):
        answer = client.get(reverse("parcels"))

    assert len(answer.context["shelf"].rows) == boxes


def names(client: Client, **asked: str) -> list[str]:
    return [row.name for row in client.get(reverse("parcels"), asked).context["shelf"].rows]


def test_what_waits_longest_comes_first(client: Client, shop: Shop, ana: User) -> None:
    now = timezone.now()
    young = make_parcel(shop, by=ana, found_at=now)
    old = make_parcel(shop, by=ana, found_at=now - timedelta(days=9))

    assert names(client) == [str(old), str(young)]
    assert "9 days" in client.get(reverse("parcels")).content.decode()


def test_each_tab_shows_its_own(
    client: Client, shop: Shop, ana: User, wanda: User, rma: Rma
) -> None:
    now = timezone.now()
    free = make_parcel(shop, by=wanda)
    mine = make_parcel(shop, by=wanda, owner=ana)
    matched = make_parcel(shop, by=wanda, state="matched", rma=rma, settled_at=now)
    closed = make_parcel(shop, by=wanda, state="closed", closed_because="x", settled_at=now)
    make_parcel(make_shop(), by=wanda, owner=ana)

    assert names(client) == names(client, tab="nonsense") == [str(free), str(mine)]
    assert names(client, tab="mine") == [str(mine)]
    assert names(client, tab="matched") == [str(matched)]
    assert names(client, tab="closed") == [str(closed)]


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_pages_follow_one_another_without_gap_or_repeat(
    tab: str, client: Client, shop: Shop, ana: User
) -> None:
    now, other = timezone.now(), make_shop()
    give_role(ana, other, Role.AGENT)
    end: dict[str, Any] = (
        {"state": "closed", "closed_because": "x", "settled_at": now} if tab == "closed" else {}
    )
    made = [
        make_parcel(
            other if number % 3 else shop,
            by=ana,
            found_at=now - timedelta(minutes=number // 4),
            **end,
        )
        for number in range(113)
    ]

    seen, url = list[str](), f"{reverse('parcels')}?tab={tab}"
    while url:
        shelf = client.get(url).context["shelf"]
        seen += [row.url for row in shelf.rows]
        url = shelf.more

    by_age = sorted(made, key=lambda one: (one.found_at, one.pk), reverse=tab == "closed")
    assert seen == [one.get_absolute_url() for one in by_age]


def test_an_empty_shelf_says_so(client: Client, shop: Shop) -> None:
    assert "No parcel waits for its return." in client.get(reverse("parcels")).content.decode()
    page = client.get(reverse("parcels"), {"tab": "mine"}).content.decode()
    assert "You look after no parcel." in page


# Who may


ACTS = {
    "parcels": ("/parcels/", "get"),
    "parcel_new": ("/parcels/new/", "get"),
    "parcel": ("/parcels/{parcel}/", "get"),
    "parcel_edit": ("/parcels/{parcel}/edit/", "post"),
    "parcel_owner": ("/parcels/{parcel}/owner/", "post"),
    "parcel_match": ("/parcels/{parcel}/match/?rma=RM-2001", "get"),
    "parcel_close": ("/parcels/{parcel}/close/", "post"),
    "parcel_reopen": ("/parcels/{parcel}/reopen/", "post"),
    "parcel_photos": ("/parcels/{parcel}/photos/", "post"),
}


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("act", ACTS)
def test_a_role_handles_parcels_if_it_receives_or_resolves(
    act: str, role: str, parcel: Parcel, shop: Shop, log_in: LogIn
) -> None:
    url, method = ACTS[act]

    answer = getattr(log_in(make_staff(shop=shop, role=role)), method)(url.format(parcel=parcel.pk))

    assert (answer.status_code != 403) == bool(HANDLING & PERMISSIONS[role])


@pytest.mark.parametrize("act", [act for act in ACTS if act not in ("parcels", "parcel_new")])
def test_a_parcel_of_another_shop_does_not_exist(act: str, parcel: Parcel, log_in: LogIn) -> None:
    url, method = ACTS[act]
    stranger = log_in(make_staff(shop=make_shop(), role=Role.APPROVER))
    before = everything()

    answer = getattr(stranger, method)(url.format(parcel=parcel.pk))

    assert answer.status_code == 404
    assert everything() == before


def test_the_moves_themselves_ask_for_the_right(parcel: Parcel, awaited: Rma, shop: Shop) -> None:
    onlooker = make_staff(shop=shop, role=Role.LOCATION_ADMIN)
    seen, version, before = Description(text="x"), parcel.version, everything()
    share = Share(quantity=1, item_id=item_of(awaited, "CAP-1"))
    moves: list[Callable[[], object]] = [
        lambda: parcels.register_parcel(
            shop, seen, bench=Bench(onlooker), submission_token=uuid.uuid4()
        ),
        lambda: parcels.edit_parcel(parcel.pk, seen, by=onlooker, version=version),
        lambda: parcels.own_parcel(parcel.pk, by=onlooker),
        lambda: parcels.close_parcel(parcel.pk, "x", by=onlooker, version=version),
        lambda: parcels.reopen_parcel(parcel.pk, by=onlooker),
        lambda: give(parcel, awaited, onlooker, share),
    ]

    for move in moves:
        with pytest.raises(Refused, match="may not handle"):
            move()

    assert everything() == before


def test_the_way_there_is_offered_to_those_who_may(
    wandas_client: Client, shop: Shop, log_in: LogIn
) -> None:
    onlooker = log_in(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    assert 'href="/parcels/"' in wandas_client.get("/").content.decode()
    assert 'href="/parcels/"' not in onlooker.get("/").content.decode()


def test_the_database_matches_no_more_than_there_is(parcel: Parcel) -> None:
    with pytest.raises(IntegrityError, match="parcel_item_matched_within"):
        parcel.items.filter(sku="X-999").update(matched=2)
