from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import CommandState
from returns_ops.returns.models import Rma
from tests.builders import (
    make_attempt,
    make_command,
    make_item,
    make_package,
    make_rma,
    make_rma_event,
    make_staff,
    make_transaction,
)


def page_of(client: Client, rma: Rma) -> str:
    answer = client.get(rma.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_page_costs_26_queries_whatever_the_rma_holds(
    client: Client, ana: User, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    command = make_command(rma, by=ana, state=CommandState.SENDING)
    for _ in range(12):
        make_item(rma), make_package(rma), make_transaction(rma)
        make_attempt(command)
        make_rma_event(rma, command=command, actor=ana)

    with django_assert_max_num_queries(27):
        page_of(client, rma)


def test_asking_for_news_reads_who_it_is_and_one_row(
    client: Client, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse("rma_changes", args=[rma.shop.domain, rma.rma_number])

    with django_assert_max_num_queries(4):
        assert client.get(url, {"version": rma.version}).status_code == 204


def test_what_a_shopper_wrote_is_shown_and_not_obeyed(client: Client, rma: Rma) -> None:
    make_item(
        rma,
        "<script>alert(1)</script>",
        comment="<img src=x onerror=alert(2)>",
        reason="'\"><b>",
        exchange={"variant_title": "<i>x</i>", "options": {"<u>": "<s>"}},
        extra={"<k>": ["<v>"]},
    )
    rma.extra, rma.errors = {"<x>": "<y>"}, [{"message": "<z>", "at": None}]
    rma.save()

    page = page_of(client, rma)

    for tag in ("<script>alert", "<img src=x", "<b>", "<i>x", "<u>", "<s>", "<k>", "<v>", "<z>"):
        assert tag not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_only_a_https_address_becomes_a_link(client: Client, rma: Rma) -> None:
    make_package(rma, "GOOD", tracking_link="https://carrier.example/GOOD")
    for link in ("javascript:alert(1)", "http://carrier.example/x", "https://a@b.example/y", "//z"):
        make_package(rma, tracking_link=link)

    page = page_of(client, rma)

    assert 'href="https://carrier.example/GOOD" rel="noopener noreferrer"' in page
    for link in ("javascript:", "http://carrier", "a@b.example", 'href="//z'):
        assert link not in page


def test_nothing_is_called_refunded_without_a_transaction(
    client: Client, ana: User, rma: Rma
) -> None:
    make_command(rma, by=ana, state=CommandState.ACCEPTED)

    page = page_of(client, rma)

    assert "No transaction yet" in page
    assert "Accepted by Narvar" in page


def test_a_reversal_is_shown_negative_and_in_words(client: Client, rma: Rma) -> None:
    method = "narvar_instant_refund_reversal"
    make_transaction(rma, "-10.00", source="shopify_webhook", refund_method=method)
    make_transaction(rma, "49.99", source="narvar_agent")

    page = page_of(client, rma)

    assert "-10.00 USD" in page
    assert "Shopify, Reversal of the instant refund (taken back)" in page
    assert "Narvar agent, Original payment" in page


def test_the_shops_price_stands_beside_the_customers_when_they_differ(
    client: Client, shop: Shop
) -> None:
    rma = make_rma(shop, currency="CAD", shop_currency="USD")
    prices = {"presentment": {"final": "13.56"}, "shop": {"final": "9.90"}}
    make_item(rma, quantity=2, total_price=Decimal("24"), prices=prices)

    page = page_of(client, rma)

    assert "24.00 CAD" in page
    assert "19.80 USD in the shop’s books" in page


def test_the_refund_and_its_fees_are_told_in_the_shops_currency_too(
    client: Client, shop: Shop
) -> None:
    fees = [{"description": "Return label", "amount": "5", "currency": "CAD"}]
    rma = make_rma(
        shop, currency="CAD", shop_currency="USD", estimated_refund=Decimal("20"), fees=fees
    )
    make_item(rma, prices={"presentment": {"final": "25"}, "shop": {"final": "20"}})

    page = page_of(client, rma)

    told = page.split("In the shop’s books, by the rate of this order:")[1].split("</p>")[0]
    assert "16.00 USD" in told
    assert "Return label" in told
    assert "-4.00 USD" in told


def test_a_return_in_the_shops_own_currency_tells_its_sums_once(client: Client, shop: Shop) -> None:
    rma = make_rma(shop, currency="USD", shop_currency="USD", estimated_refund=Decimal("20"))
    make_item(rma, prices={"presentment": {"final": "25"}, "shop": {"final": "25"}})

    assert "by the rate of this order" not in page_of(client, rma)


def test_an_automation_tells_when_it_runs_out(client: Client, rma: Rma) -> None:
    now = timezone.now()
    rma.policy = [
        {
            "name": "refund",
            "fires_at": "delivered_to_retailer",
            "until": (now + timedelta(days=1, hours=3, minutes=5)).isoformat(),
        },
        {"name": "reserve_inventory", "until": (now - timedelta(days=1)).isoformat()},
        {"name": "restock", "fires_at": "approved", "succeeded_at": now.isoformat()},
        {"name": "mark_as_paid", "until_days": 7},
    ]
    rma.save()

    page = page_of(client, rma)

    assert "at “Arrived”" in page
    assert "in 1 d 3 h" in page
    assert "Expired" in page
    assert "Runs out 7 days after the start" in page


def test_a_role_that_cannot_approve_is_told_who_can(client: Client, shop: Shop, rma: Rma) -> None:
    client.force_login(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    page = page_of(client, rma)

    assert "warehouse, agent and approver" in page
    assert "<button name=" not in page


def test_earlier_events_come_in_pages(client: Client, rma: Rma) -> None:
    for number in range(25):
        make_rma_event(rma, f"Happening {number}.")

    first = client.get(rma.get_absolute_url()).context["page"].timeline
    url = f"{rma.get_absolute_url()}?before={first.before}"
    rest = client.get(url, headers={"HX-Request": "true"})

    assert len(first.entries) == 20
    assert [entry.text for entry in rest.context["page"].timeline.entries][-1] == "Happening 0."
    assert rest.content.decode().lstrip().startswith("<li")


def test_a_page_left_open_hears_that_the_rma_changed(client: Client, rma: Rma) -> None:
    url = f"{rma.get_absolute_url()}changes/"
    assert client.get(url, {"version": rma.version}).status_code == 204

    Rma.objects.filter(pk=rma.pk).update(version=rma.version + 1)

    answer = client.get(url, {"version": rma.version})
    assert answer.content.decode() == "This return has changed since you opened it."


def test_unknown_numbers_are_not_found(client: Client, shop: Shop) -> None:
    assert client.get(f"/rmas/{shop.domain}/NOPE/").status_code == 404
    assert client.get("/rmas/elsewhere.myshopify.com/NOPE/").status_code == 404


def test_the_customers_address_is_masked_until_somebody_who_may_asks_for_it(
    ana: User, rma: Rma, log_in: Callable[[User], Client]
) -> None:
    Rma.objects.filter(pk=rma.pk).update(email="carla@mail.example.com")
    url = f"{rma.get_absolute_url()}reveal/"
    wandas = log_in(make_staff("wilma", rma.shop, Role.WAREHOUSE))
    page = wandas.get(rma.get_absolute_url()).content.decode()
    assert "c•••@m" in page
    assert "carla@mail.example.com" not in page
    assert url not in page
    assert wandas.post(url).status_code == 403
    assert not AuditEntry.objects.filter(action="rma.email_revealed").exists()

    anas = log_in(ana)
    assert "carla@mail.example.com" not in anas.get(rma.get_absolute_url()).content.decode()
    assert "carla@mail.example.com" in anas.post(url).content.decode()
    assert AuditEntry.objects.get(action="rma.email_revealed").actor == ana
