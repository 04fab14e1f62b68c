"""The webhook endpoint: what is let in, what is kept, and what Narvar is told."""

import base64
import hashlib
import json
import threading
import uuid
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Door, issue_webhook_credential
from returns_ops.narvar.inbound import drain_batch
from returns_ops.narvar.models import WebhookCredential
from returns_ops.returns.models import Rma, RmaEvent
from tests.builders import make_shop

BODY = json.dumps(
    {
        "rma_number": "LKR4T9QH2A",
        "return_status": "initiated",
        "order_number": "10482",
        "return_creation_date": "2026-10-18T16:32:32Z",
        "items": [{"sku": "FLEECE-M", "item_id": "13882204520534", "quantity": 1}],
    }
).encode()
HEADERS = {
    "X-Narvar-Topic": "initiated",
    "X-Narvar-Timestamp": "1792341155",
    "X-Narvar-API-Version": "1.07",
    "X-Narvar-Webhook-Id": "1f0c7a52-53a4-4c0d-9a55-0b8c4a6d1001",
}
MIB = 1024 * 1024


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop("larkspur.myshopify.com", aliases=["larkspur.example.com"])


@pytest.fixture
def door(shop: Shop) -> Door:
    return issue_webhook_credential(shop)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def knock(
    door: Door,
    body: bytes = BODY,
    *,
    authorization: str | None = None,
    method: str = "post",
    without: str = "",
    **changed: str,
) -> HttpResponse:
    """One delivery as Narvar makes it; `changed` are headers, with _ for -; empty: left out."""
    headers = {**HEADERS, "X-Narvar-Shop-Domain": "larkspur.myshopify.com"}
    headers["Authorization"] = basic(door.webhook_username, door.webhook_password)
    if authorization is not None:
        headers["Authorization"] = authorization
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    headers = {name: value for name, value in headers.items() if value and name != without}
    send = getattr(Client(), method)
    path = door.webhook_url[door.webhook_url.index("/webhooks/") :]
    answer: HttpResponse = send(path, body, content_type="application/json", headers=headers)
    return answer


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


def test_a_retry_is_counted_and_stored_once(door: Door) -> None:
    for _ in range(3):
        assert knock(door).status_code == 200

    assert Event.objects.get().deliveries == 3


def test_a_retry_with_a_fresh_timestamp_is_still_the_same_delivery(door: Door) -> None:
    knock(door)
    knock(door, X_Narvar_Timestamp="1792349999")

    assert Event.objects.get().deliveries == 2


def test_the_same_id_with_another_body_is_another_event(door: Door) -> None:
    knock(door)
    knock(door, BODY.replace(b"initiated", b"approved"))

    assert [event.deliveries for event in Event.objects.all()] == [1, 1]


def test_the_same_body_with_another_id_is_another_event(door: Door) -> None:
    knock(door)
    knock(door, X_Narvar_Webhook_Id="another")

    assert [event.deliveries for event in Event.objects.all()] == [1, 1]


def test_two_bodies_without_an_id_are_two_events(door: Door) -> None:
    for body in (BODY, BODY + b" ", BODY):
        knock(door, body, without="X-Narvar-Webhook-Id")

    deliveries = Event.objects.order_by("id").values_list("webhook_id", "deliveries")
    assert list(deliveries) == [("", 2), ("", 1)]


def test_the_same_delivery_at_two_shops_is_stored_for_each(door: Door) -> None:
    other = make_shop("other.myshopify.com")
    knock(door)
    knock(issue_webhook_credential(other), X_Narvar_Shop_Domain="other.myshopify.com")

    assert Event.objects.count() == 2
    assert other.events.get().deliveries == 1


@pytest.mark.parametrize(("size", "status", "stored"), [(2 * MIB, 200, 1), (2 * MIB + 1, 413, 0)])
def test_a_body_is_kept_up_to_two_mebibytes(
    door: Door, size: int, status: int, stored: int
) -> None:
    assert knock(door, b"x" * size).status_code == status
    assert Event.objects.count() == stored


def test_a_body_of_three_mebibytes_is_refused(door: Door) -> None:
    assert knock(door, b"x" * 3 * MIB).status_code == 413
    assert not Event.objects.exists()


@pytest.mark.parametrize("came", [0, 1, len(BODY) - 1])
def test_a_body_shorter_than_it_said_is_not_kept(door: Door, came: int) -> None:
    """The sender hung up in the middle: half a message must not pass for a whole one."""
    path = door.webhook_url[door.webhook_url.index("/webhooks/") :]
    shown = basic(door.webhook_username, door.webhook_password)
    half: dict[str, Any] = {"wsgi.input": BytesIO(BODY[:came])}

    answer = Client().post(path, BODY, "text/plain", headers={"Authorization": shown}, **half)

    assert answer.status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_no_number_is_refused(door: Door, length: str) -> None:
    assert knock(door, Content_Length=length).status_code == 411
    assert not Event.objects.exists()


def test_a_body_of_unsaid_length_is_refused_rather_than_kept_as_empty(door: Door) -> None:
    assert knock(door, Transfer_Encoding="chunked").status_code == 411
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_only_post_is_answered(door: Door, method: str) -> None:
    answer = knock(door, method=method)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_the_door_is_not_posting(door: Door, method: str) -> None:
    path = door.webhook_url[door.webhook_url.index("/webhooks/") :]

    assert getattr(Client(), method)(path).status_code == 405
    assert not Event.objects.exists()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "?"])
def test_the_content_type_is_not_believed(door: Door, content_type: str) -> None:
    assert knock(door, Content_Type=content_type).status_code == 200
    assert bytes(Event.objects.get().body) == BODY


@pytest.mark.parametrize("body", [b"{not json", b"", b"\xff\xfe", b"[]", b"{}", b"\x00"])
def test_a_body_nobody_can_read_is_kept_and_ends_as_dead_with_a_reason(
    door: Door, body: bytes
) -> None:
    assert knock(door, body).status_code == 200

    assert drain_batch() == 1

    event = Event.objects.get()
    assert bytes(event.body) == body
    assert event.state == EventState.DEAD
    assert event.reason
    assert event.problem
    assert not Rma.objects.exists()


def test_a_session_is_neither_needed_nor_given(door: Door) -> None:
    answer = knock(door)

    assert answer.cookies == {}


@pytest.mark.parametrize("failing", ["SELECT", "INSERT"])
def test_when_the_database_fails_narvar_is_asked_to_try_again(door: Door, failing: str) -> None:
    def fail(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.lstrip().startswith(failing):
            raise OperationalError("the server closed the connection")
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail):
        answer = knock(door)

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert not Event.objects.exists()
    assert knock(door).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_ten_copies_at_once_are_one_event_applied_once() -> None:
    door = issue_webhook_credential(make_shop("larkspur.myshopify.com"))
    together = threading.Barrier(10)
    answers: list[int] = []

    def deliver() -> None:
        together.wait()
        try:
            answers.append(knock(door).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [200] * 10
    assert Event.objects.get().deliveries == 10
    assert drain_batch() == 1
    assert (Rma.objects.count(), RmaEvent.objects.filter(verb="snapshot").count()) == (1, 1)
    call_command("verify_invariants")


@effort(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=3000))
def test_any_bytes_are_stored_exactly(door: Door, body: bytes) -> None:
    webhook_id = str(uuid.uuid4())

    assert knock(door, body, X_Narvar_Webhook_Id=webhook_id).status_code == 200

    event = Event.objects.get(webhook_id=webhook_id)
    assert bytes(event.body) == body
    assert bytes(event.body_sha256) == hashlib.sha256(body).digest()
