"""Asking Narvar from the screens, against the running simulator."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.returns.models import Rma
from tests.builders import make_shop
from tests.circle import DOMAIN, Circle
from tests.narvar_simulator import Simulator

HTMX = {"HX-Request": "true"}
ASK = "/rmas/ask/"


@pytest.fixture
def wanda(circle: Circle, log_in: Callable[[User], Client]) -> Client:
    return log_in(circle.wanda)


def unknown(narvar: Simulator, **wishes: Any) -> dict[str, Any]:
    """A return that Narvar has not told us of."""
    made = narvar.create_rma(DOMAIN, status="delivered_to_retailer", send=False, **wishes)
    return narvar.body(DOMAIN, made["rma_number"])


def ask(client: Client, words: str, **headers: Any) -> Any:
    return client.post(ASK, {"q": words, "shop": DOMAIN}, headers=headers or None)


def test_a_search_that_finds_nothing_offers_to_ask(wanda: Client) -> None:
    page = wanda.get("/rmas/", {"tab": "all", "q": "RM-404"}).content.decode()

    assert f'action="{ASK}"' in page
    assert "Ask Narvar for <bdi>“RM-404”</bdi>" in page


@pytest.mark.parametrize("name", ["rma_number", "order_number", "email"])
def test_a_return_is_found_by_each_of_its_names(
    name: str, wanda: Client, narvar: Simulator, circle: Circle
) -> None:
    body = unknown(narvar)

    answer = ask(wanda, f" {body[name]} ")

    assert answer["Location"] == f"/rmas/{DOMAIN}/{body['rma_number']}/"
    assert "read from Narvar" in wanda.get(answer["Location"]).content.decode()
    entry = AuditEntry.objects.get(action="rma.asked")
    assert entry.actor == circle.wanda
    assert str(body["email"]) not in f"{entry.subject} {entry.data}"


def test_a_swap_is_sent_on_to_the_return(wanda: Client, narvar: Simulator) -> None:
    body = unknown(narvar)

    answer = ask(wanda, body["rma_number"], **HTMX)

    assert answer["HX-Redirect"] == f"/rmas/{DOMAIN}/{body['rma_number']}/"


def test_several_are_shown_as_a_list(wanda: Client, narvar: Simulator) -> None:
    body = unknown(narvar)
    unknown(narvar, email=body["email"])

    answer = ask(wanda, body["email"])

    assert answer["Location"].startswith("/rmas/?tab=all&shop=")
    assert len(wanda.get(answer["Location"]).context["list"].rows) == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nothing_found_is_said(headers: dict[str, str], wanda: Client) -> None:
    answer = ask(wanda, "<b>404", **headers)

    assert answer.status_code == 422
    assert "Narvar knows no return and no order &lt;b&gt;404" in answer.content.decode()
    assert not Rma.objects.exists()


def test_a_narvar_that_fails_is_said_in_its_words(wanda: Client, narvar: Simulator) -> None:
    narvar.fail_next("any", "status", status=401, text="no")

    answer = ask(wanda, "RM-1", **HTMX)

    assert answer.status_code == 422
    assert "Narvar refused our credential (401)" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="rma.asked").exists()


@pytest.mark.parametrize("form", [{}, {"q": "RM-1"}, {"q": " ", "shop": DOMAIN}])
def test_half_a_form_asks_nobody(form: dict[str, str], wanda: Client, narvar: Simulator) -> None:
    assert wanda.post(ASK, form).status_code == 422
    assert narvar.requests() == []


def test_another_shop_cannot_be_asked_for(wanda: Client, narvar: Simulator) -> None:
    other: Shop = make_shop()

    assert wanda.post(ASK, {"q": "RM-1", "shop": other.domain}).status_code == 422
    assert narvar.requests() == []


def test_a_return_is_read_again(wanda: Client, narvar: Simulator, circle: Circle) -> None:
    rma = circle.arrive("on_its_way_to_retailer")
    narvar.advance(DOMAIN, rma.rma_number, "delivered_to_retailer", send=False)

    answer = wanda.post(reverse("rma_refresh", args=[DOMAIN, rma.rma_number]), follow=True)

    page = answer.content.decode()
    assert "Read from Narvar just now." in page
    assert ", read from Narvar</dd>" in page
    assert circle.rma(rma.rma_number).narvar_status == "delivered_to_retailer"


def test_a_refresh_in_place_loads_the_page_anew(wanda: Client, circle: Circle) -> None:
    rma = circle.arrive()

    answer = wanda.post(reverse("rma_refresh", args=[DOMAIN, rma.rma_number]), headers=HTMX)

    assert answer["HX-Refresh"] == "true"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refresh_that_fails_says_so_and_changes_nothing(
    headers: dict[str, str], wanda: Client, narvar: Simulator, circle: Circle
) -> None:
    rma = circle.arrive()
    before = Rma.objects.values().get()
    narvar.fail_next("any", "status", status=503, text="later")

    answer = wanda.post(reverse("rma_refresh", args=[DOMAIN, rma.rma_number]), headers=headers)

    assert answer.status_code == 422
    assert "Narvar answered 503" in answer.content.decode()
    assert Rma.objects.values().get() == before
