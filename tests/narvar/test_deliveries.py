"""What the webhook endpoint keeps: every delivery once, to the byte, or not at all."""

import hashlib
import threading
import uuid
from io import BytesIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Door, issue_webhook_credential
from returns_ops.narvar.inbound import REUSED, drain_batch
from returns_ops.returns.models import Rma, RmaEvent
from tests.builders import make_shop
from tests.narvar.knocking import BODY, basic, knock

MIB = 1024 * 1024


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop("larkspur.myshopify.com", aliases=["larkspur.example.com"])


@pytest.fixture
def door(shop: Shop) -> Door:
    return issue_webhook_credential(shop)


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


@pytest.mark.parametrize("at_once", [True, False])
def test_an_id_that_comes_with_another_body_is_flagged(door: Door, at_once: bool) -> None:
    knock(door)
    if not at_once:
        drain_batch()
    knock(door, BODY.replace(b"initiated", b"approved"))
    knock(door, BODY + b" ", without="X-Narvar-Webhook-Id")
    drain_batch()

    flagged = [REUSED in event.flags for event in Event.objects.order_by("id")]
    assert flagged == [False, True, False]


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
