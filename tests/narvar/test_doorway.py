"""The door as a process of its own: remembered callers, one round trip, a connection that broke."""

import io
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Door, issue_webhook_credential
from returns_ops.narvar.doorway import with_door
from returns_ops.narvar.models import WebhookCredential
from tests.builders import make_shop
from tests.e2e.stack import database_url_of_tests
from tests.narvar.knocking import BODY, basic


def django(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"Django"]


application = with_door(django)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop("larkspur.myshopify.com", aliases=["larkspur.example.com"])


@pytest.fixture
def door(shop: Shop) -> Door:
    return issue_webhook_credential(shop)


def knock(door: Door, body: bytes = BODY, **environ: Any) -> tuple[str, bytes]:
    asked: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": door.webhook_url[door.webhook_url.index("/webhooks/") :],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_AUTHORIZATION": basic(door.webhook_username, door.webhook_password),
        **environ,
    }
    setup_testing_defaults(asked)
    told: list[str] = []
    parts = application(asked, lambda status, headers: told.append(status))
    return told[0], b"".join(parts)


def test_a_delivery_is_kept_and_answered(door: Door, shop: Shop) -> None:
    assert knock(door, CONTENT_TYPE="application/json") == ("200 OK", b"{}")

    event = Event.objects.get()
    assert (event.shop, bytes(event.body)) == (shop, BODY)
    assert event.headers == {"Content-Type": "application/json"}


def test_who_is_remembered_costs_one_round_trip(
    door: Door, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    knock(door)

    with django_assert_num_queries(1):
        assert knock(door, b"{}")[0] == "200 OK"

    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_AUTHORIZATION": basic("narvar", "wrong")}, "401 Unauthorized"),
        ({"HTTP_X_NARVAR_SHOP_DOMAIN": "other.myshopify.com"}, "403 Forbidden"),
        ({"PATH_INFO": f"/webhooks/narvar/{uuid.uuid4()}/"}, "404 Not Found"),
        ({"CONTENT_LENGTH": "many"}, "411 Length Required"),
        ({"CONTENT_LENGTH": "9999999"}, "413 Request Entity Too Large"),
        ({"CONTENT_LENGTH": "999"}, "400 Bad Request"),
    ],
)
def test_what_is_refused_leaves_nothing(door: Door, environ: dict[str, Any], status: str) -> None:
    assert knock(door, **environ)[0] == status
    assert not Event.objects.exists()


def test_a_retired_pair_opens_nothing_although_it_is_remembered(door: Door, shop: Shop) -> None:
    knock(door)

    WebhookCredential.objects.filter(shop=shop).update(retired_at=timezone.now())

    assert knock(door, b"{}")[0] == "401 Unauthorized"
    assert Event.objects.count() == 1


def test_a_new_pair_opens_at_once_although_the_old_one_is_remembered(
    door: Door, shop: Shop
) -> None:
    knock(door)

    assert knock(issue_webhook_credential(shop), b"{}")[0] == "200 OK"
    assert Event.objects.count() == 2


def test_a_name_that_was_taken_away_is_refused_and_a_new_one_is_known(
    door: Door, shop: Shop
) -> None:
    knock(door, HTTP_X_NARVAR_SHOP_DOMAIN="larkspur.example.com")

    shop.aliases = ["rose.example.com"]
    shop.save()

    assert knock(door, b"1", HTTP_X_NARVAR_SHOP_DOMAIN="larkspur.example.com")[0] == "403 Forbidden"
    assert knock(door, b"2", HTTP_X_NARVAR_SHOP_DOMAIN="rose.example.com")[0] == "200 OK"
    assert Event.objects.count() == 2


def test_a_form_that_was_read_before_cannot_turn_the_count_back(door: Door, shop: Shop) -> None:
    read_before = Shop.objects.get(pk=shop.pk)
    WebhookCredential.objects.filter(shop=shop).update(retired_at=timezone.now())
    counted = Shop.objects.get(pk=shop.pk).door_version

    read_before.save()

    assert Shop.objects.get(pk=shop.pk).door_version == counted > read_before.door_version


def test_a_shop_that_is_switched_off_is_known_at_once(door: Door, shop: Shop) -> None:
    knock(door)
    Shop.objects.filter(pk=shop.pk).update(active=False)

    assert knock(door, b"{}")[0] == "200 OK"
    assert list(Event.objects.order_by("pk").values_list("state", flat=True)) == [
        EventState.PENDING,
        EventState.PARKED,
    ]


def test_all_else_goes_on_to_django(door: Door) -> None:
    assert knock(door, REQUEST_METHOD="GET")[1] == b"Django"
    assert knock(door, PATH_INFO="/livez")[1] == b"Django"


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hung_up_is_called_again(transactional_db: None) -> None:
    door = issue_webhook_credential(make_shop("larkspur.myshopify.com"))
    assert knock(door)[0] == "200 OK"
    with psycopg.connect(database_url_of_tests(), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(%s, 9000)", [connection.connection.info.backend_pid]
        )

    assert knock(door, b"{}") == ("200 OK", b"{}")
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_can_be_kept_for_good(transactional_db: None) -> None:
    shop = make_shop("larkspur.myshopify.com")

    with transaction.atomic(), pytest.raises(RuntimeError):
        inbox.store(inbox.Delivery(shop_id=shop.pk, body=b"{}", headers={}))

    assert not Event.objects.exists()
