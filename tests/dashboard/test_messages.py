import json

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import CommandState, EventState
from returns_ops.returns.models import Rma
from tests.builders import make_attempt, make_command, make_event


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_body_that_is_not_json_is_shown_with_its_reason(client: Client, shop: Shop) -> None:
    event = make_event(
        shop,
        b"<script>alert(1)</script>\xff\x00",
        state=EventState.DEAD,
        reason="not_json",
        problem="Expecting value",
    )

    page = read(client, reverse("event", args=[event.pk]))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "not JSON" in page
    assert "Expecting value" in page


def test_a_payload_is_shown_indented(client: Client, shop: Shop) -> None:
    event = make_event(shop, json.dumps({"rma_number": "RM-1"}).encode())

    assert "{\n  &quot;rma_number&quot;: &quot;RM-1&quot;\n}" in read(
        client, reverse("event", args=[event.pk])
    )


@pytest.mark.parametrize(
    "body",
    [b'"\\ud800"', b"[" * 100_000, b"", '"a\u202eb"'.encode(), b"1e999", b'{"a":NaN}'],
)
def test_no_body_breaks_the_page(body: bytes, client: Client, shop: Shop) -> None:
    page = read(client, reverse("event", args=[make_event(shop, body).pk]))

    assert "\u202e" not in page


def test_credentials_stay_out_of_sight(client: Client, shop: Shop) -> None:
    headers = {"authorization": "Basic c2VjcmV0", "Cookie": "c2VjcmV0", "X-Narvar-Topic": "seen"}
    event = make_event(shop, headers=headers)

    page = read(client, reverse("event", args=[event.pk]))

    assert "c2VjcmV0" not in page
    assert "X-Narvar-Topic" in page


def test_a_state_narrows_the_list(client: Client, shop: Shop) -> None:
    make_event(shop, subject="GOOD")
    make_event(shop, subject="BAD", state=EventState.DEAD, reason="no_rma_number")

    page = read(client, f"{reverse('messages_in')}?state=dead")

    assert "BAD" in page
    assert "GOOD" not in page


def test_events_are_paged_by_key(
    client: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        make_event(shop, subject=f"RM-{number}")

    with django_assert_max_num_queries(8):
        console = client.get(reverse("messages_in")).context["console"]
    older = client.get(console.older).context["console"]

    assert [row.subject for row in console.rows] == [f"RM-{n}" for n in range(59, 9, -1)]
    assert [row.subject for row in older.rows] == [f"RM-{n}" for n in range(9, -1, -1)]
    assert older.older == ""


def test_commands_name_who_asked_and_how_far_they_are(
    client: Client, ana: User, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    command = make_command(rma, by=ana, state=CommandState.REFUSED, problem="No such item")
    make_attempt(command, http_status=422, answer='{"error": "<b>"}')

    with django_assert_max_num_queries(9):
        page = read(client, reverse("messages_out"))
    detail = read(client, reverse("command", args=[command.pk]))

    assert "Ana Ruiz" in page
    assert "No such item" in page
    assert str(command.call_reference_id) in detail
    assert "HTTP 422" in detail
    assert "&lt;b&gt;" in detail
