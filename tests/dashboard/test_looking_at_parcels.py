"""Who else has a case about a parcel on the screen."""

from collections.abc import Callable

import pytest
from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.returns import presence, transitions
from returns_ops.returns.models import Case, Parcel, Viewing
from returns_ops.returns.states import Cause
from tests.builders import make_case, make_rma, make_shop, make_staff

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lost(parcel: Parcel) -> Case:
    return make_case(parcel, cause=Cause.MYSTERY_PARCEL)


@pytest.fixture
def bob(shop: Shop) -> User:
    return make_staff("bob", shop, first_name="Bob")


def say(client: Client, case: Case, seen: str = "") -> tuple[int, str]:
    path = f"/exceptions/{case.pk}/presence/"
    answer = client.post(path, {"seen": seen, "editing": "0"}, headers=HTMX)
    return answer.status_code, answer.content.decode()


def test_two_people_at_a_parcel_see_each_other(
    client: Client, lost: Case, bob: User, log_in: Callable[[User], Client]
) -> None:
    assert say(client, lost) == (204, "")

    status, words = say(log_in(bob), lost)

    assert status == 200
    assert "Ana Ruiz" in words
    page = client.get(f"/exceptions/{lost.pk}/").content.decode()
    assert "<bdi>Bob</bdi> is here" in page
    assert "<bdi>Bob</bdi>" in client.get("/exceptions/").content.decode()
    assert say(client, lost, seen=str(bob.pk)) == (204, "")
    assert Viewing.objects.count() == 2


def test_what_somebody_looks_at_is_not_the_next_case_of_another(
    lost: Case, bob: User, ana: User, shop: Shop
) -> None:
    assert lost.parcel is not None
    presence.be_here(lost.parcel, bob, editing=False)

    assert transitions.work_next([shop], by=ana) is None
    assert transitions.work_next([shop], by=bob) == lost


def test_a_case_about_a_return_and_one_of_another_shop_are_not_here(
    client: Client, shop: Shop, log_in: Callable[[User], Client], lost: Case
) -> None:
    assert say(client, make_case(make_rma(shop)))[0] == 404
    assert say(log_in(make_staff("eve", make_shop())), lost)[0] == 404
    assert not Viewing.objects.exists()
