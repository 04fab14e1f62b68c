import uuid
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.returns.models import Rma
from tests.builders import make_attempt, make_command, make_staff

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _held(settings: LazySettings) -> None:
    settings.HOLD_SECONDS = 60


def form_of(rma: Rma, *, refund: bool = True, token: uuid.UUID | None = None) -> dict[str, object]:
    return {
        "refund": "1" if refund else "0",
        "version": rma.version,
        "submission_token": token or uuid.uuid4(),
    }


def approve_url(rma: Rma) -> str:
    return f"{rma.get_absolute_url()}approve/"


def test_a_plain_form_approves_and_comes_back_to_the_page(client: Client, rma: Rma) -> None:
    answer = client.post(approve_url(rma), form_of(rma), follow=True)

    assert answer.redirect_chain == [(rma.get_absolute_url(), 302)]
    page = answer.content.decode()
    assert "Saved. It goes to Narvar by itself." in page
    assert "Held, sent in" in page
    command = Command.objects.get()
    assert (command.moves_money, f"{command.amount:.2f}") == (True, "49.99")


def test_the_swapped_parts_say_the_same(client: Client, rma: Rma) -> None:
    answer = client.post(approve_url(rma), form_of(rma, refund=False), headers=HTMX)

    part = answer.content.decode()
    assert answer.status_code == 200
    assert part.startswith('<section id="decision"')
    assert "<html" not in part
    for name in ("head", "sent", "money", "timeline", "toasts"):
        assert f'id="{name}"' in part
    assert Command.objects.get().moves_money is False


def test_a_double_click_decides_once(client: Client, rma: Rma) -> None:
    form = form_of(rma)

    answers = [client.post(approve_url(rma), form, headers=HTMX) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert Command.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stale_page_gets_the_fresh_one_and_the_reason(
    headers: dict[str, str], client: Client, rma: Rma
) -> None:
    Rma.objects.filter(pk=rma.pk).update(version=rma.version + 1)

    answer = client.post(approve_url(rma), form_of(rma), headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This return changed while you worked on it" in page
    assert f'name="version" value="{rma.version + 1}"' in page
    assert not Command.objects.exists()


@pytest.mark.parametrize("spoilt", ["version", "submission_token", "refund"])
def test_half_a_form_decides_nothing(spoilt: str, client: Client, rma: Rma) -> None:
    answer = client.post(approve_url(rma), {**form_of(rma), spoilt: "x"}, headers=HTMX)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Command.objects.exists()


def test_a_held_decision_can_be_undone(client: Client, rma: Rma) -> None:
    client.post(approve_url(rma), form_of(rma))
    command = Command.objects.get()

    answer = client.post(reverse("command_undo", args=[command.pk]), follow=True)

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    assert "Undone. Nothing was sent." in answer.content.decode()
    assert "Approve and refund 49.99 USD" in answer.content.decode()


def test_undoing_too_late_is_refused_in_words(client: Client, ana: User, rma: Rma) -> None:
    command = make_command(rma, by=ana, state=CommandState.ACCEPTED, tries=1)

    answer = client.post(reverse("command_undo", args=[command.pk]), headers=HTMX)

    assert answer.status_code == 409
    assert "Too late" in answer.content.decode()


def test_who_may_not_approve_cannot_by_hand_either(client: Client, shop: Shop, rma: Rma) -> None:
    client.force_login(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    assert client.post(approve_url(rma), form_of(rma)).status_code == 403
    assert not Command.objects.exists()


def test_looking_does_not_decide(client: Client, rma: Rma) -> None:
    assert client.get(approve_url(rma)).status_code == 405


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"held_until": timezone.now() + timedelta(hours=1)}, "Held, sent in"),
        ({"state": CommandState.QUEUED}, "Queued"),
        (
            {
                "state": CommandState.SENDING,
                "tries": 2,
                "next_attempt_at": timezone.now() + timedelta(hours=2),
            },
            "Sending (try 2, next in",
        ),
        ({"state": CommandState.OUTCOME_UNKNOWN}, "Outcome unknown, checking"),
        ({"state": CommandState.ACCEPTED}, "Accepted by Narvar"),
    ],
)
def test_the_tracker_tells_how_far_it_is_and_goes_on_asking(
    fields: dict[str, object], words: str, client: Client, ana: User, rma: Rma
) -> None:
    make_command(rma, by=ana, **fields)

    answer = client.get(f"{rma.get_absolute_url()}tracker/", headers=HTMX)

    part = answer.content.decode()
    assert answer.status_code == 200
    assert words in part
    assert "hx-trigger" in part
    assert "<button" not in part


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CommandState.CONFIRMED, "Confirmed"),
        (CommandState.REFUSED, "Nothing moved."),
        (CommandState.CANCELLED, "Undone"),
        (CommandState.ATTENTION, "Needs attention"),
    ],
)
def test_a_settled_decision_ends_the_asking(
    state: str, words: str, client: Client, ana: User, rma: Rma
) -> None:
    command = make_command(rma, by=ana, state=state, problem="Narvar’s words")
    make_attempt(command, outcome=AttemptOutcome.REFUSED)

    answer = client.get(f"{rma.get_absolute_url()}tracker/", headers=HTMX)

    tracker = answer.content.decode().split('id="undo"')[0]
    assert answer.status_code == 286
    assert words in tracker
    assert "hx-trigger" not in tracker


def test_a_refusal_after_a_doubtful_try_promises_nothing(
    client: Client, ana: User, rma: Rma
) -> None:
    make_command(rma, by=ana, state=CommandState.REFUSED, was_ambiguous=True)

    page = client.get(rma.get_absolute_url()).content.decode()

    assert "this refusal proves nothing" in page
    assert "Nothing moved." not in page
