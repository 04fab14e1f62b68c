"""A status or a note told to Narvar from the page of a return, and what it may set off."""

import uuid

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import Rma
from tests.builders import make_rma, make_shop, make_staff

HTMX = {"HX-Request": "true"}
RECEIVED = "received_by_retailer"


@pytest.fixture(autouse=True)
def _held(settings: LazySettings) -> None:
    settings.HOLD_SECONDS = 60


@pytest.fixture
def pays_at_receipt(rma: Rma) -> Rma:
    """Narvar refunds by itself once it hears that the goods are there."""
    rma.policy = [{"name": "refund", "fires_at": RECEIVED, "succeeded_at": None}]
    rma.save(update_fields=["policy"])
    return rma


def url_of(rma: Rma) -> str:
    return reverse("rma_tell", args=[rma.shop.domain, rma.rma_number])


def form_of(rma: Rma, **more: object) -> dict[str, object]:
    return {"version": rma.version, "submission_token": uuid.uuid4(), **more}


def told() -> list[tuple[str, object, object]]:
    return [
        (one.kind, one.summary["status"], one.summary["note"])
        for one in Command.objects.order_by("id")
    ]


def test_a_status_is_told_and_can_be_undone(client: Client, rma: Rma) -> None:
    page = client.post(url_of(rma), form_of(rma, status=RECEIVED), follow=True).content.decode()

    assert told() == [(Kind.SHIPMENT_STATUS, RECEIVED, None)]
    assert "Saved. Narvar is told by itself." in page
    assert "Held, sent in" in page
    command = Command.objects.get()
    client.post(reverse("command_undo", args=[command.pk]))
    command.refresh_from_db()
    assert command.state == "cancelled"
    assert (
        "What Narvar was to be told: undone" in client.get(rma.get_absolute_url()).content.decode()
    )


def test_who_may_not_say_it_may_not_take_it_back(
    client: Client, ana: User, wandas_client: Client, rma: Rma
) -> None:
    command = decisions.tell_status(
        rma.pk,
        by=ana,
        status="rejected",
        note=None,
        version=rma.version,
        submission_token=uuid.uuid4(),
    )

    assert "Undo" not in wandas_client.get(rma.get_absolute_url()).content.decode()
    wandas_client.post(reverse("command_undo", args=[command.pk]))
    command.refresh_from_db()
    assert command.state == CommandState.QUEUED

    client.post(reverse("command_undo", args=[command.pk]))
    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED


def test_a_part_is_enough_and_refreshes_what_the_version_guards(client: Client, rma: Rma) -> None:
    answer = client.post(url_of(rma), form_of(rma, note="Box was wet"), headers=HTMX)

    part = answer.content.decode()
    assert told() == [(Kind.SHIPMENT_NOTE, None, "Box was wet")]
    assert part.startswith('<section id="telling"')
    rma.refresh_from_db()
    assert part.count(f'name="version" value="{rma.version}"') >= 3
    assert f'name="version" value="{rma.version - 1}"' not in part
    how_far = client.get(url_of(rma), headers=HTMX).content.decode()
    assert "Box was wet" in how_far
    assert 'hx-trigger="tick:mid from:body"' in how_far


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_may_set_off_a_refund_is_read_back_first(
    headers: dict[str, str], client: Client, pays_at_receipt: Rma
) -> None:
    rma = pays_at_receipt
    given = form_of(rma, status=RECEIVED, note="All there")
    assert (
        "its automation may refund the customer"
        in client.get(rma.get_absolute_url()).content.decode()
    )

    review = client.post(url_of(rma), given, headers=headers)

    page = review.content.decode()
    assert (review.status_code, told()) == (200, [])
    assert "Narvar is told that the return is: received, with a note." in page
    assert "its automation may refund the customer" in page
    back = client.post(url_of(rma), {**given, "back": "1"}, headers=headers).content.decode()
    assert "All there</textarea>" in back
    assert told() == []
    client.post(url_of(rma), {**given, "confirmed": "1"}, headers=headers)
    client.post(url_of(rma), {**given, "confirmed": "1"}, headers=headers)
    assert told() == [(Kind.SHIPMENT_NOTE, RECEIVED, "All there")]


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({}, 422, "Choose a status, write a note, or do both."),
        ({"status": "approved"}, 422, "Choose one of the statuses on the screen."),
        ({"note": "x" * 501}, 422, "Use at most 500 characters for the note."),
        ({"status": RECEIVED, "submission_token": "x"}, 422, "This form did not arrive whole."),
        ({"status": "delivered_to_retailer"}, 409, "Narvar shows this return as"),
        ({"note": "Wet", "version": 999}, 409, "changed while you looked at it"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_cannot_be_told_is_said_and_kept(
    headers: dict[str, str],
    wrong: dict[str, object],
    status: int,
    said: str,
    client: Client,
    rma: Rma,
) -> None:
    Rma.objects.filter(pk=rma.pk).update(narvar_status="delivered_to_retailer")

    answer = client.post(url_of(rma), {**form_of(rma), **wrong}, headers=headers)

    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page
    assert str(wrong.get("note", "")) in page
    assert told() == []


def test_no_status_while_money_is_under_way(client: Client, rma: Rma) -> None:
    decide = {**form_of(rma), "refund": "1"}
    client.post(f"{rma.get_absolute_url()}approve/", decide)
    rma.refresh_from_db()

    answer = client.post(url_of(rma), form_of(rma, status=RECEIVED))

    assert answer.status_code == 409
    assert "A decision about money is under way" in answer.content.decode()
    assert Command.objects.get().kind == Kind.APPROVAL


def test_only_the_bench_of_this_shop_tells(shop: Shop, rma: Rma) -> None:
    elsewhere = make_rma(make_shop(), "RM-7")
    client = Client()
    client.force_login(make_staff("loc", shop, Role.LOCATION_ADMIN))

    assert client.post(url_of(rma), form_of(rma, status=RECEIVED)).status_code == 403
    assert "Tell Narvar…" not in client.get(rma.get_absolute_url()).content.decode()
    client.force_login(make_staff("wanda", shop, Role.WAREHOUSE))
    assert client.post(url_of(elsewhere), form_of(elsewhere, note="x")).status_code == 404
    assert told() == []
