"""The second person's screens: the list of requests, one request, and who may see them."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from tests.builders import make_item, make_receipt_line, make_shop, make_staff
from tests.dashboard.requests_read import LIST, page, url_of
from tests.returns.asking import Team, ask, decide, make_return, make_team

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


# The list


def test_the_list_says_what_is_to_be_judged(paulas: Client, asked: Command) -> None:
    shown = page(paulas, LIST)

    for words in (
        "RMA RM-1",
        "41.25 USD of 53.00 USD",
        "77 %",
        "asked by Ana Ruiz just now",
        "in 23 h",
        "Still as asked",
        "41.25 USD to the original payment, 1 item approved.",
        "Reason: Worn or used See &lt;b&gt;chat&lt;/b&gt;",
        "More than Ana Ruiz may refund alone: 30.00 USD at a time.",
    ):
        assert words in shown


def test_the_oldest_comes_first_and_own_ones_have_no_button(
    paulas: Client, team: Team, asked: Command
) -> None:
    own = ask(make_return(team.shop, "RM-2"), team.paula)

    html = paulas.get(LIST).content.decode()

    assert html.index("RM-1") < html.index("RM-2")
    assert html.count("Look and answer") == 1
    assert "You asked for this yourself: somebody else has to approve it." in html
    assert url_of(own) in html


def test_what_changed_is_marked_before_it_ends(paulas: Client, asked: Command) -> None:
    Rma.objects.update(estimated_refund=Decimal("50.00"))

    shown = page(paulas, LIST)

    assert "The return has changed" in shown
    assert "Still as asked" not in shown


def test_what_is_late_is_marked_before_it_ends(paulas: Client, asked: Command) -> None:
    with time_machine.travel((asked.expires_at or timezone.now()) + timedelta(seconds=1)):
        paulas.force_login(User.objects.get(username="paula"))
        assert "Too late" in page(paulas, LIST)


def test_a_day_that_is_used_up_is_said_as_the_reason(paulas: Client, team: Team) -> None:
    for _ in range(3):
        decide(make_return(team.shop, estimate="30.00"), team.ana)
    ask(make_return(team.shop, estimate="20.00"), team.ana)

    assert (
        "More than Ana Ruiz may refund alone in a day: 100.00 USD, of which 90.00 USD were used."
    ) in page(paulas, LIST)


def test_empty_lists_say_what_will_come(paulas: Client, team: Team, log_in: LogIn) -> None:
    assert "Nothing waits for a second person" in page(paulas, LIST)
    assert "You have asked for nothing" in page(paulas, f"{LIST}?tab=mine")
    assert "You have asked for nothing" in page(log_in(team.ana), LIST)


def test_who_may_only_ask_sees_what_they_asked_for(
    team: Team, asked: Command, log_in: LogIn
) -> None:
    ask(make_return(team.shop, "RM-2"), team.paula)

    shown = page(log_in(team.ana), LIST)

    assert "RM-1" in shown
    assert "RM-2" not in shown
    assert "Waiting" not in shown


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("none", "Still as asked"),
        ("approve", "Approved by Paula Berg."),
        ("send_back", "Sent back by Paula Berg: No photo"),
        ("void", "The return changed after this was asked for."),
        ("undo", "Taken back by Ana Ruiz, before it was sent."),
    ],
)
def test_who_asked_reads_what_became_of_it(
    act: str, words: str, team: Team, asked: Command, log_in: LogIn
) -> None:
    match act:
        case "approve":
            decisions.approve_request(asked.pk, by=team.paula)
        case "send_back":
            decisions.send_back(asked.pk, by=team.paula, why="No photo")
        case "void":
            Rma.objects.update(estimated_refund=1)
            decisions.approve_request(asked.pk, by=team.paula)
        case "undo":
            decisions.undo(asked.pk, by=team.ana)
    anas = log_in(team.ana)

    assert words in page(anas, f"{LIST}?tab=mine")
    assert words in page(anas, url_of(asked))


def test_pages_of_25_that_go_on_where_the_last_ended(paulas: Client, team: Team) -> None:
    for number in range(26):
        ask(make_return(team.shop, f"RM-{number:02}"), team.ana)

    first = paulas.get(LIST).content.decode()
    more = re.search(r'href="([^"]*after=\d+)"', first)
    assert more is not None
    second = paulas.get(more[1]).content.decode()

    assert (first.count("data-row"), second.count("data-row")) == (25, 1)
    assert "RM-25" in second
    assert "Next 25" not in second
    assert "Oldest" in second


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "1e3", "²"])
def test_an_odd_place_in_the_list_is_as_good_as_none(
    paulas: Client, asked: Command, after: str
) -> None:
    assert "RM-1" in page(paulas, f"{LIST}?after={after}&tab=odd")


@pytest.mark.parametrize("tab", ["", "mine"])
def test_a_longer_list_takes_no_more_queries(paulas: Client, team: Team, tab: str) -> None:
    def opened() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert paulas.get(LIST, {"tab": tab}).status_code == 200
        return len(queries)

    ask(make_return(team.shop), team.ana), ask(make_return(team.shop), team.paula)
    opened()
    few = opened()
    for _ in range(9):
        other = make_staff(shop=team.shop, role=Role.AGENT)
        for by in (team.paula, other):
            ask(make_return(team.shop), by)

    assert opened() == few <= 14


def test_the_navigation_counts_what_waits_without_a_query_of_its_own(
    team: Team, asked: Command, log_in: LogIn
) -> None:
    approver = log_in(team.paula)
    counts = approver.get("/nav/counts/").content.decode()
    assert re.search(r'id="count-approvals" class="count"[^>]*>1</span>', counts)

    asked_for_counts = []
    for client in (approver, log_in(team.ana)):
        with CaptureQueriesContext(connection) as queries:
            client.get("/preferences/")
        asked_for_counts.append(len([q for q in queries if "returns_workcount" in q["sql"]]))
    assert asked_for_counts == [1, 1]
    assert "count-approvals" not in log_in(team.ana).get("/").content.decode()


def test_where_the_count_would_be_of_other_shops_too_there_is_none(
    team: Team, asked: Command, log_in: LogIn
) -> None:
    team.paula.memberships.create(shop=make_shop(), role=Role.AGENT)

    html = log_in(team.paula).get(LIST).content.decode()

    assert re.search(r'id="count-approvals" class="count"></span>', html)
    assert "RM-1" in html


# One request


def test_one_request_shows_all_there_is_to_judge(paulas: Client, team: Team) -> None:
    rma = make_return(team.shop, "RM-1", estimate="83.00", restocking_fee=Decimal("5.00"))
    scarf = make_item(rma, "SCARF", quantity=3, unit_final=Decimal("10"), comment="Torn <i>")
    told: dict[str, Any] = {"grade": "C", "reason": "Worn or used", "note": "Left sleeve"}
    make_receipt_line(rma, scarf, by=team.ana, decision="rejected", **told)
    make_receipt_line(rma, None, by=team.ana, sku="ODD", decision="invalid_item")
    command = ask(rma, team.ana, reason="Goodwill", note="See chat")

    shown = page(paulas, url_of(command))

    for words in (
        "1 × Reject Worn or marked Worn or used Left sleeve entered by Ana Ruiz",
        "1 × Good, restock Nobody scanned it",
        "1 × Not in this return",
        "Torn &lt;i&gt;",
        "1 × SCARF not accepted -10.00 USD",
        "Restocking fee -5.00 USD",
        "Due by this 73.00 USD",
        "Asked for 73.00 USD",
        "The most that can be refunded now 83.00 USD",
        "At a time 30.00 USD",
        "Used today 0.00 USD",
        "&quot;total_refund_override_amount&quot;: 73",
        str(command.call_reference_id),
        bytes(command.body_sha256).hex()[:16],
        "Asked for approval with a refund of 73.00 USD: Goodwill",
    ):
        assert words in shown


def test_what_is_asked_for_names_its_amount_even_when_it_is_all_of_it(
    paulas: Client, team: Team
) -> None:
    whole = ask(make_return(team.shop), team.ana)

    assert b'"total_refund_override_amount"' in bytes(whole.body)
    assert "It names no amount" not in page(paulas, url_of(whole))


def test_a_decision_without_refund_can_be_asked_for_too(paulas: Client, team: Team) -> None:
    command = ask(make_return(team.shop), team.ana, refund=False)

    assert "No refund is asked for. Ana Ruiz wanted a second person." in page(
        paulas, url_of(command)
    )
    assert "You approve a decision without refund for RMA" in page(
        paulas, url_of(command, "approve")
    )


def test_one_request_costs_the_same_however_much_is_in_it(paulas: Client, team: Team) -> None:
    def opened(command: Command) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert paulas.get(url_of(command)).status_code == 200
        return len(queries)

    small = ask(make_return(team.shop), team.ana)
    rma = make_return(team.shop)
    for _ in range(8):
        make_receipt_line(rma, make_item(rma), by=make_staff(shop=team.shop))
    large = ask(rma, team.ana)
    opened(small)

    assert opened(small) == opened(large) <= 30


def test_void_ones_name_what_changed_and_offer_no_approval(paulas: Client, asked: Command) -> None:
    Rma.objects.update(estimated_refund=Decimal("50.00"), refund_method="gift_card")

    html = paulas.get(url_of(asked)).content.decode()

    assert "where the refund goes and Narvar’s estimate" in html
    assert url_of(asked, "approve") not in html


@pytest.mark.parametrize("confirm", ["", "approve"])
def test_own_requests_can_be_taken_back_and_nothing_else(
    paulas: Client, team: Team, confirm: str
) -> None:
    own = ask(make_return(team.shop), team.paula)

    html = paulas.get(url_of(own, confirm)).content.decode()

    assert "You asked for this yourself: somebody else has to approve it." in html
    assert f'action="{url_of(own, "approve")}"' not in html
    assert f'action="{url_of(own, "send_back")}"' not in html
    paulas.post(reverse("command_undo", args=[own.pk]))
    own.refresh_from_db()
    assert own.state == CommandState.CANCELLED
