"""The webhook endpoint: who is let in, and what Narvar is told."""

import hashlib
import uuid

import pytest
from django.conf import LazySettings
from django.test import Client

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Door, issue_webhook_credential
from returns_ops.narvar.inbound import drain_batch
from returns_ops.narvar.models import WebhookCredential
from returns_ops.returns.models import Rma
from tests.builders import make_shop
from tests.narvar.knocking import BODY, HEADERS, basic, knock


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop("larkspur.myshopify.com", aliases=["larkspur.example.com"])


@pytest.fixture
def door(shop: Shop) -> Door:
    return issue_webhook_credential(shop)


def test_a_delivery_is_stored_as_it_came_and_answered_200(door: Door, shop: Shop) -> None:
    answer = knock(door)

    assert (answer.status_code, answer.content) == (200, b"{}")
    event = Event.objects.get()
    assert event.shop == shop
    assert bytes(event.body) == BODY
    assert bytes(event.body_sha256) == hashlib.sha256(BODY).digest()
    assert (event.webhook_id, event.topic) == (HEADERS["X-Narvar-Webhook-Id"], "initiated")
    assert (event.api_version, event.sender_timestamp) == ("1.07", "1792341155")
    assert (event.state, event.deliveries, event.flags) == (EventState.PENDING, 1, [])


def test_the_door_as_a_process_of_its_own_takes_the_same_delivery(
    door: Door, settings: LazySettings
) -> None:
    settings.ROOT_URLCONF = "returns_ops.ingress_urls"
    settings.MIDDLEWARE = []

    assert knock(door).status_code == 200
    assert Event.objects.count() == 1


def test_credentials_are_not_among_the_headers_that_are_kept(door: Door) -> None:
    knock(door, Cookie="sessionid=stolen")

    assert Event.objects.get().headers == {
        **HEADERS,
        "Content-Type": "application/json",
        "X-Narvar-Shop-Domain": "larkspur.myshopify.com",
    }


def test_header_names_may_be_written_in_lower_case(door: Door) -> None:
    shown = basic(door.webhook_username, door.webhook_password)
    small = {name.lower(): value for name, value in HEADERS.items()} | {"authorization": shown}
    path = door.webhook_url[door.webhook_url.index("/webhooks/") :]

    assert Client().post(path, BODY, "application/json", headers=small).status_code == 200
    assert Event.objects.get().topic == "initiated"


def test_nothing_is_read_before_the_answer(door: Door) -> None:
    knock(door)

    assert not Rma.objects.exists()


def test_an_unknown_shop_is_404_and_nothing_is_stored(door: Door) -> None:
    elsewhere = Door(
        webhook_url=f"/webhooks/narvar/{uuid.uuid4()}/",
        webhook_username=door.webhook_username,
        webhook_password=door.webhook_password,
    )

    assert knock(elsewhere).status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!not-base64!!!",
        "Basic //79/A==",
        "Bearer abc",
        basic("", ""),
        basic("narvar", "wrong"),
    ],
)
def test_whoever_does_not_know_the_password_is_challenged(door: Door, authorization: str) -> None:
    answer = knock(door, authorization=authorization)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Basic realm="Returns Ops"'
    assert not Event.objects.exists()


def test_the_right_name_with_the_wrong_password_is_refused(door: Door) -> None:
    wrong = basic(door.webhook_username, door.webhook_password + "x")

    assert knock(door, authorization=wrong).status_code == 401
    assert not Event.objects.exists()


def test_the_name_of_one_pair_does_not_go_with_the_password_of_the_other(
    door: Door, shop: Shop
) -> None:
    other = issue_webhook_credential(shop)
    crossed = basic(door.webhook_username, other.webhook_password)

    assert knock(door, authorization=crossed).status_code == 401
    assert not Event.objects.exists()


def test_the_password_of_another_shop_opens_nothing(door: Door) -> None:
    theirs = issue_webhook_credential(make_shop("other.myshopify.com"))
    shown = basic(theirs.webhook_username, theirs.webhook_password)

    assert knock(door, authorization=shown).status_code == 401
    assert not Event.objects.exists()


@pytest.mark.parametrize("space", ["\n", "\r\n", " ", "\t", "\n "])
@pytest.mark.parametrize("where", ["end", "middle", "start"])
def test_white_space_in_the_token_means_nothing(door: Door, space: str, where: str) -> None:
    token = basic(door.webhook_username, door.webhook_password).removeprefix("Basic ")
    at = {"end": len(token), "middle": 20, "start": 0}[where]

    answer = knock(door, authorization=f"Basic {token[:at]}{space}{token[at:]}")

    assert answer.status_code == 200
    assert Event.objects.count() == 1


def test_the_scheme_may_be_written_in_any_case(door: Door) -> None:
    token = basic(door.webhook_username, door.webhook_password).removeprefix("Basic ")

    assert knock(door, authorization=f"BASIC {token}").status_code == 200


def test_the_old_pair_stays_valid_beside_the_new_one_and_the_third_retires_it(shop: Shop) -> None:
    first, second = issue_webhook_credential(shop), issue_webhook_credential(shop)
    assert [knock(pair, X_Narvar_Webhook_Id="a").status_code for pair in (first, second)] == [
        200,
        200,
    ]

    third = issue_webhook_credential(shop)

    answers = [knock(pair, X_Narvar_Webhook_Id="b").status_code for pair in (first, second, third)]
    assert answers == [401, 200, 200]
    assert WebhookCredential.objects.filter(shop=shop, retired_at=None).count() == 2
    assert sorted(Event.objects.values_list("webhook_id", "deliveries")) == [("a", 2), ("b", 2)]


@pytest.mark.parametrize(
    "domain", ["larkspur.myshopify.com", "LARKSPUR.myshopify.com", "larkspur.example.com"]
)
def test_the_header_may_name_the_shop_in_any_case_or_by_an_alias(door: Door, domain: str) -> None:
    assert knock(door, X_Narvar_Shop_Domain=domain).status_code == 200
    assert Event.objects.get().flags == []


def test_a_header_that_names_another_shop_is_refused(door: Door) -> None:
    make_shop("other.myshopify.com")

    assert knock(door, X_Narvar_Shop_Domain="other.myshopify.com").status_code == 403
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        "X-Narvar-Shop-Domain",
        "X-Narvar-Webhook-Id",
        "X-Narvar-Topic",
        "X-Narvar-Timestamp",
        "X-Narvar-API-Version",
    ],
)
def test_a_missing_header_is_odd_not_wrong(door: Door, header: str) -> None:
    assert knock(door, without=header).status_code == 200
    assert Event.objects.get().flags == [f"No {header} header"]


def test_an_unknown_api_version_is_stored(door: Door) -> None:
    assert knock(door, X_Narvar_API_Version="2.0").status_code == 200
    assert Event.objects.get().api_version == "2.0"


def test_a_webhook_for_a_shop_that_is_switched_off_is_set_aside(door: Door, shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(active=False)

    assert knock(door).status_code == 200
    event = Event.objects.get()
    assert (event.state, event.reason) == (EventState.PARKED, "shop_inactive")
    assert drain_batch() == 0
