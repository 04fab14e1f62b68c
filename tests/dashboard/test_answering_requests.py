"""The two answers of a second person, approve or send back, and who may give them."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from returns_ops.accounts.badges import issue_badge
from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.badges import BADGE, BY_BADGE, SEEN_AT, mark_of
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.models import ReceiptLine, Rma, RmaEvent
from tests.builders import make_rma, make_shop, make_staff
from tests.dashboard.requests_read import LIST, page, text, url_of
from tests.returns.asking import Team, ask, decide, everything, make_return, make_team

HTMX = {"HX-Request": "true"}
LogIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _held(settings: LazySettings) -> None:
    settings.HOLD_SECONDS = 60


@pytest.fixture
def team(shop: Shop) -> Team:
    return make_team(shop)


@pytest.fixture
def ana(team: Team) -> User:
    return team.ana


@pytest.fixture
def asked(team: Team) -> Command:
    """41.25 of 53.00 USD, asked for by Ana."""
    return ask(
        make_return(team.shop, "RM-1"),
        team.ana,
        partial_amount=Decimal("41.25"),
        reason="Worn or used",
        note="See <b>chat</b>",
    )


@pytest.fixture
def paulas(team: Team, log_in: LogIn) -> Client:
    return log_in(team.paula)


# Approving


def test_first_it_is_read_back_and_nothing_happens(paulas: Client, asked: Command) -> None:
    before = everything()

    shown = page(paulas, url_of(asked, "approve"))

    assert (
        "You approve 41.25 of 53.00 USD to the original payment for RMA RM-1, "
        "asked for by Ana Ruiz."
    ) in shown
    assert "Approve 41.25 USD" in shown
    assert everything() == before


def test_a_plain_form_approves_and_comes_back_with_the_next(
    paulas: Client, team: Team, asked: Command
) -> None:
    following = ask(make_return(team.shop), team.peter)
    ask(make_return(team.shop), team.paula)

    answer = paulas.post(url_of(asked, "approve"), follow=True)

    asked.refresh_from_db()
    assert (asked.state, asked.approved_by) == (CommandState.QUEUED, team.paula)
    assert answer.redirect_chain == [(url_of(asked), 302)]
    html = answer.content.decode()
    assert "Approved. It goes to Narvar by itself." in html
    assert "Held, sent in" in html
    assert f'href="{url_of(following)}"' in html
    assert "Undo before it is sent" in html


def test_the_swapped_parts_say_the_same(paulas: Client, asked: Command) -> None:
    review = paulas.get(url_of(asked, "approve"), headers=HTMX)
    answer = paulas.post(url_of(asked, "approve"), headers=HTMX)

    for part in (review.content.decode(), answer.content.decode()):
        assert part.startswith('<section id="answer"')
        assert "<html" not in part
    for name in ("head", "timeline", "toasts"):
        assert f'id="{name}"' in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_settled_meanwhile_gets_the_fresh_state_and_the_reason(
    paulas: Client, team: Team, asked: Command, act: str, headers: dict[str, str]
) -> None:
    decisions.send_back(asked.pk, by=team.peter, why="No photo")
    before = everything()

    answer = paulas.post(url_of(asked, act), {"reason": "Too much"}, headers=headers)

    assert answer.status_code == 409
    assert "This request is settled already: it is sent back. Nothing was sent." in text(answer)
    assert "Sent back by peter: No photo" in text(answer)
    assert everything() == before


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_void_meanwhile_gets_the_fresh_state_and_the_reason(
    paulas: Client, asked: Command, headers: dict[str, str]
) -> None:
    Rma.objects.update(estimated_refund=Decimal("50.00"))

    answer = paulas.post(url_of(asked, "approve"), headers=headers)

    asked.refresh_from_db()
    assert answer.status_code == 409
    assert "The return changed after this was asked for." in text(answer)
    assert "Ended by itself" in text(answer)
    assert (asked.state, asked.approved_by) == (CommandState.CANCELLED, None)
    assert not ReceiptLine.objects.exists()


def test_expired_meanwhile_is_not_approved(paulas: Client, asked: Command) -> None:
    with time_machine.travel((asked.expires_at or timezone.now()) + timedelta(seconds=1)):
        paulas.force_login(User.objects.get(username="paula"))
        answer = paulas.post(url_of(asked, "approve"))

    assert answer.status_code == 409
    assert "Nobody approved it in time." in text(answer)
    assert not Command.objects.due().exists()


def test_pressing_twice_approves_once(paulas: Client, asked: Command) -> None:
    answers = [paulas.post(url_of(asked, "approve")).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert RmaEvent.objects.filter(verb="approve_request").count() == 1


@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_nobody_answers_their_own_by_hand_either(paulas: Client, team: Team, act: str) -> None:
    own = ask(make_return(team.shop), team.paula)
    before = everything()

    answer = paulas.post(url_of(own, act), {"reason": "Fine"})

    assert answer.status_code == 409
    assert "You asked for this yourself" in text(answer)
    assert everything() == before


# Sending back


def test_sent_back_with_the_reason(paulas: Client, team: Team, asked: Command) -> None:
    answer = paulas.post(url_of(asked, "send_back"), {"reason": " No photo "}, follow=True)

    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (CommandState.CANCELLED, "No photo")
    assert "Sent back. Nothing was sent to Narvar." in text(answer)
    assert AuditEntry.objects.filter(action="rma.send_back", actor=team.paula).count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Say why: it is kept with your name."),
        (" \n ", "Say why"),
        ("x" * 501, "at most 500 characters"),
        ("a\x00b", "Null characters are not allowed"),
    ],
)
def test_a_bad_reason_is_said_by_its_field_and_kept(
    paulas: Client, asked: Command, reason: str, words: str, headers: dict[str, str]
) -> None:
    before = everything()

    answer = paulas.post(url_of(asked, "send_back"), {"reason": reason}, headers=headers)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert 'aria-invalid="true"' in html
    assert "x" * 501 not in reason or "x" * 501 in html
    assert everything() == before


# Who


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("act", ["approve", "send_back"])
def test_only_an_approver_reaches_the_answers(
    role: str, act: str, team: Team, asked: Command, log_in: LogIn
) -> None:
    client, before = log_in(make_staff(shop=team.shop, role=role)), everything()

    answer = client.post(url_of(asked, act), {"reason": ""})

    allowed = role == Role.APPROVER
    assert (answer.status_code != 403) == allowed
    assert allowed or everything() == before


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.APPROVER, 200),
        (Role.AGENT, 404),
        (Role.WAREHOUSE, 404),
        (Role.LOCATION_ADMIN, 403),
        (Role.SECURITY_ADMIN, 403),
    ],
)
def test_a_request_is_for_who_answers_and_for_who_asked(
    role: str, status: int, team: Team, asked: Command, log_in: LogIn
) -> None:
    client = log_in(make_staff(shop=team.shop, role=role))

    assert client.get(url_of(asked)).status_code == status
    assert log_in(team.ana).get(url_of(asked)).status_code == 200


def test_for_an_approver_of_another_shop_it_does_not_exist(asked: Command, log_in: LogIn) -> None:
    stranger = log_in(make_staff(shop=make_shop(), role=Role.APPROVER))
    before = everything()

    answers = [
        stranger.get(url_of(asked)),
        stranger.get(url_of(asked, "approve")),
        stranger.post(url_of(asked, "approve")),
        stranger.post(url_of(asked, "send_back"), {"reason": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "RM-1" not in page(stranger, LIST)
    assert everything() == before


def test_who_scanned_a_badge_may_not_answer(paulas: Client, team: Team, asked: Command) -> None:
    issue_badge(team.paula, by=team.paula)
    session = paulas.session
    seen_at = timezone.now().timestamp()
    session.update({BY_BADGE: True, BADGE: mark_of(team.paula), SEEN_AT: seen_at})
    session.save()
    before = everything()

    for act in ("approve", "send_back"):
        answer = paulas.post(url_of(asked, act), {"reason": "x"})
        assert answer.status_code == 403
        assert "Password needed" in text(answer)
    assert paulas.get(url_of(asked)).status_code == 404
    assert "Look and answer" not in page(paulas, LIST)
    assert everything() == before


def test_what_is_no_request_is_not_shown_as_one(paulas: Client, team: Team, asked: Command) -> None:
    plain = decide(make_return(team.shop, estimate="20.00"), team.ana)

    assert paulas.get(url_of(plain)).status_code == 404
    assert paulas.post(url_of(plain, "approve")).status_code == 404


def test_looking_sends_nothing_back(paulas: Client, asked: Command) -> None:
    assert paulas.get(url_of(asked, "send_back")).status_code == 405


def test_no_page_carries_script_or_style_of_its_own(paulas: Client, asked: Command) -> None:
    make_rma(asked.shop)
    for url in (LIST, f"{LIST}?tab=mine", url_of(asked), url_of(asked, "approve")):
        html = paulas.get(url).content.decode()
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)", html) == []
