"""A code that nobody here knows: from the bench, Narvar is asked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from returns_ops.accounts.models import User
from returns_ops.returns.models import BoxArrival, Rma
from tests.builders import make_staff
from tests.circle import DOMAIN, Circle

HTMX = {"HX-Request": "true"}


@pytest.fixture
def wanda(circle: Circle, log_in: Callable[[User], Client]) -> Client:
    return log_in(circle.wanda)


def ask(client: Client, code: str) -> str:
    answer = client.post("/scan/ask/", {"code": code}, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def unknown(circle: Circle, **wishes: Any) -> str:
    """A return that Narvar has not told us of."""
    made = circle.narvar.create_rma(DOMAIN, status="delivered_to_retailer", send=False, **wishes)
    return str(made["rma_number"])


def test_what_narvar_knows_is_opened_and_the_box_is_here(circle: Circle, wanda: Client) -> None:
    number = unknown(circle)

    page = ask(wanda, f" {number} ")

    assert page.startswith(f"<title>RMA {number} ")
    assert BoxArrival.objects.get().rma == Rma.objects.get(rma_number=number)


def test_of_several_returns_one_is_chosen(circle: Circle, wanda: Client) -> None:
    numbers = {unknown(circle, order_number="70077777") for _ in range(2)}

    page = ask(wanda, "70077777")

    assert "Narvar knows 2 returns of 70077777. Which one is it?" in page
    assert all(number in page for number in numbers)
    assert not BoxArrival.objects.exists()


@pytest.mark.parametrize(
    ("code", "words"), [("NOBODYS-1", "Narvar does not know NOBODYS-1 either"), ("  ", "does not")]
)
def test_what_narvar_does_not_know_either_stays_unknown(
    code: str, words: str, circle: Circle, wanda: Client
) -> None:
    assert words in ask(wanda, code)
    assert not Rma.objects.exists()


def test_when_narvar_cannot_be_asked_that_is_said(circle: Circle, wanda: Client) -> None:
    number = unknown(circle)
    circle.narvar.fail_next("get_returns", "status", status=503, times=9)

    page = ask(wanda, number)

    assert "Narvar" in page
    assert "does not know" not in page
    assert not Rma.objects.exists()


def test_who_does_not_receive_does_not_ask(
    circle: Circle, log_in: Callable[[User], Client]
) -> None:
    lou = log_in(make_staff("lou", circle.shop, "location_admin"))

    assert lou.post("/scan/ask/", {"code": "X"}).status_code == 403
