from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar.models import Budget
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.states import Money, Work
from tests.builders import (
    give_role,
    make_attempt,
    make_command,
    make_rma,
    make_rma_event,
    make_shop,
    make_staff,
)

HTMX = {"HX-Request": "true"}
LogIn = Callable[[User], Client]


def soon(seconds: float) -> object:
    return timezone.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"held_until": soon(900)}, "Held, sent in"),
        ({}, "Queued"),
        (
            {"state": CommandState.QUEUED, "tries": 1, "next_attempt_at": soon(900)},
            "Sending (try 2",
        ),
        ({"state": CommandState.SENDING, "tries": 2}, "Sending (try 2)"),
        ({"state": CommandState.OUTCOME_UNKNOWN}, "Outcome unknown, checking"),
        ({"state": CommandState.ACCEPTED}, "Accepted by Narvar"),
        ({"state": CommandState.CONFIRMED}, "Confirmed"),
        ({"state": CommandState.REFUSED, "problem": "No such item"}, "No such item"),
        (
            {"state": CommandState.ATTENTION, "cause": "no_clear_answer"},
            "No clear answer after all",
        ),
        ({"state": CommandState.CANCELLED}, "Undone"),
        ({"state": CommandState.CANCELLED, "tries": 2, "cause": "maybe_done"}, "Given up"),
        ({"state": CommandState.CANCELLED, "tries": 1}, "Cancelled"),
        (
            {"state": CommandState.CANCELLED, "second_person": True, "problem": "Too much"},
            "Not approved",
        ),
        ({"state": CommandState.CANCELLED, "second_person": True}, "Taken back"),
    ],
)
def test_a_list_says_how_far_each_is(
    fields: dict[str, object], words: str, client: Client, ana: User, rma: Rma
) -> None:
    make_command(rma, by=ana, **fields)

    assert words in client.get(reverse("messages_out")).content.decode()


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("waiting", ["QUEUED", "AGAIN", "ACCEPTED"]),
        ("retrying", ["AGAIN"]),
        ("refused", ["REFUSED"]),
        ("attention", ["STUCK"]),
        ("done", ["CONFIRMED", "UNDONE"]),
    ],
)
def test_a_filter_keeps_only_what_it_names(
    state: str, found: list[str], client: Client, ana: User, shop: Shop
) -> None:
    cases: dict[str, dict[str, Any]] = {
        "QUEUED": {},
        "AGAIN": {"tries": 1},
        "ACCEPTED": {"state": CommandState.ACCEPTED, "tries": 1},
        "REFUSED": {"state": CommandState.REFUSED},
        "STUCK": {"state": CommandState.ATTENTION},
        "CONFIRMED": {"state": CommandState.CONFIRMED},
        "UNDONE": {"state": CommandState.CANCELLED},
    }
    for number, fields in cases.items():
        make_command(make_rma(shop, number), by=ana, **fields)

    console = client.get(reverse("messages_out"), {"state": state}).context["console"]

    assert [row.subject for row in console.rows] == found[::-1]
    numbers = {one.name: one.number for one in console.filters}
    assert (numbers["Retrying"], numbers["Needs attention"]) == (1, 1)


def test_an_open_list_hears_how_far_its_commands_come(client: Client, ana: User, rma: Rma) -> None:
    command = make_command(rma, by=ana)
    changes = client.get(reverse("messages_out")).context["console"].changes
    Command.objects.filter(pk=command.pk).update(state=CommandState.SENDING, tries=1)
    make_command(make_rma(rma.shop), by=ana)

    news = client.get(changes, headers=HTMX).content.decode()

    assert news.startswith("1 new<")
    assert f'id="command-{command.pk}"' in news
    assert "Sending (try 1)" in news
    assert f'id="calls-{rma.shop_id}"' in news
    assert "<button" not in news
    assert "<a " not in news


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"remaining": 150, "limit": 300, "reset_at": soon(900)}, "150 of 300 calls left"),
        ({"remaining": 0, "limit": 300, "reset_at": soon(-5)}, "300 of 300 calls left"),
        ({"breaker": "open", "probe_at": soon(900)}, "Narvar does not answer; next probe in"),
    ],
)
def test_the_rate_is_a_meter_with_words(
    fields: dict[str, object], words: str, client: Client, shop: Shop
) -> None:
    Budget.objects.create(shop=shop, learned_at=timezone.now(), **fields)

    page = client.get(reverse("messages_out")).content.decode()

    assert words in page
    assert "<meter" in page


def test_a_list_costs_the_same_for_three_shops(
    client: Client, ana: User, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for other in (make_shop(), make_shop()):
        give_role(ana, other, Role.AGENT)
        for _ in range(5):
            make_command(make_rma(other), by=ana)
    changes = client.get(reverse("messages_out")).context["console"].changes

    with django_assert_max_num_queries(9):
        client.get(reverse("messages_out"))
    with django_assert_max_num_queries(7):
        client.get(changes, headers=HTMX)


def test_a_detail_has_request_answers_and_timeline(
    client: Client, ana: User, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    command = make_command(rma, by=ana, state=CommandState.SENDING, tries=3)
    for _ in range(3):
        make_attempt(command, rate_limit=300, rate_remaining=150, rate_reset=45)
        make_rma_event(rma, "Narvar was slow", command=command)

    with django_assert_max_num_queries(9):
        page = client.get(reverse("command", args=[command.pk])).content.decode()

    assert bytes(command.body_sha256).hex() in page
    assert "POST /merchant/returns/approval" in page
    assert "150 of 300 calls left, resets in 45 s" in page
    assert "Narvar was slow" in page


def test_a_waiting_command_is_sent_now_with_the_same_reference(
    client: Client, ana: User, rma: Rma
) -> None:
    command = make_command(rma, by=ana, tries=1, next_attempt_at=soon(900))
    assert "Send now" in client.get(reverse("command", args=[command.pk])).content.decode()

    answer = client.post(reverse("command_send_now", args=[command.pk]), follow=True)

    assert "with the same reference" in answer.content.decode()
    command.refresh_from_db()
    assert command.next_attempt_at <= timezone.now()
    assert AuditEntry.objects.filter(action="command.send_now", actor=ana).count() == 1


def test_one_that_does_not_wait_is_not_hurried(client: Client, ana: User, rma: Rma) -> None:
    command = make_command(rma, by=ana, state=CommandState.CONFIRMED)

    answer = client.post(reverse("command_send_now", args=[command.pk]), follow=True)

    assert "not waiting any more" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_undo_on_the_command_comes_back_to_it(client: Client, ana: User, rma: Rma) -> None:
    command = make_command(rma, by=ana, held_until=soon(900), next_attempt_at=soon(900))

    answer = client.post(reverse("command_undo", args=[command.pk]), {"back": "command"})

    assert answer["Location"] == reverse("command", args=[command.pk])
    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED


def test_an_open_detail_follows_and_ends_with_a_fresh_page(
    client: Client, ana: User, rma: Rma
) -> None:
    command = make_command(rma, by=ana, state=CommandState.SENDING, tries=1)
    url = reverse("command_tracker", args=[command.pk])
    assert "hx-trigger" in client.get(url, headers=HTMX).content.decode()

    Command.objects.filter(pk=command.pk).update(state=CommandState.REFUSED)

    assert client.get(url, headers=HTMX)["HX-Refresh"] == "true"


class TestGivingUp:
    @pytest.fixture
    def stuck(self, rma: Rma, ana: User) -> Command:
        return make_command(
            rma,
            by=ana,
            state=CommandState.ATTENTION,
            cause="no_clear_answer",
            tries=4,
            was_ambiguous=True,
            first_sent_at=timezone.now() - timedelta(hours=7),
        )

    @pytest.fixture
    def alma(self, shop: Shop, log_in: LogIn) -> Client:
        return log_in(make_staff("alma", shop, Role.APPROVER))

    def form(self, **changed: str) -> dict[str, str]:
        return {"reason": "Narvar shows nothing", "amount": "49.99", **changed}

    def test_a_second_person_gives_it_up_and_the_return_is_decided_anew(
        self, alma: Client, rma: Rma, stuck: Command
    ) -> None:
        url = reverse("give_up", args=[stuck.pk])
        assert "this pays a second time" in alma.get(url).content.decode()

        page = alma.post(url, self.form(), follow=True).content.decode()

        stuck.refresh_from_db()
        rma.refresh_from_db()
        assert stuck.state == CommandState.CANCELLED
        assert stuck.settled_at is not None
        assert (rma.money, rma.work) == (Money.NONE, Work.TO_DECIDE)
        assert "Approve and refund 49.99 USD" in page
        assert "If Narvar did act on it, this pays a second time." in page
        told = RmaEvent.objects.get(rma=rma, verb="give_up")
        assert told.text.endswith("Narvar shows nothing")
        entry = AuditEntry.objects.get(action="command.give_up")
        assert (entry.actor, entry.data["amount"]) == (told.actor, "49.9900")

    @pytest.mark.parametrize("typed", ["49.99", "49.99 USD", " 49,.99usd", "49.9900"])
    def test_the_amount_may_be_typed_as_it_is_shown(
        self, typed: str, alma: Client, stuck: Command
    ) -> None:
        answer = alma.post(reverse("give_up", args=[stuck.pk]), self.form(amount=typed))

        assert answer.status_code == 302

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"reason": " "},
            {"amount": ""},
            {"amount": "49.98"},
            {"amount": "49,99"},
            {"amount": "x"},
        ],
    )
    def test_without_reason_or_the_right_amount_nothing_happens(
        self, spoilt: dict[str, str], alma: Client, stuck: Command
    ) -> None:
        answer = alma.post(reverse("give_up", args=[stuck.pk]), self.form(**spoilt))

        assert answer.status_code == 422
        assert 'class="error"' in answer.content.decode()
        self.nothing_changed(stuck)

    def test_nobody_gives_up_what_they_asked_for(
        self, client: Client, ana: User, shop: Shop, stuck: Command
    ) -> None:
        give_role(ana, shop, Role.APPROVER)

        page = client.get(reverse("command", args=[stuck.pk])).content.decode()
        answer = client.post(reverse("give_up", args=[stuck.pk]), self.form())

        assert "somebody else has to settle it" in page
        assert answer.status_code == 409
        assert "somebody else has to settle it" in answer.content.decode()
        self.nothing_changed(stuck)

    def test_an_agent_may_not(self, client: Client, shop: Shop, stuck: Command) -> None:
        client.force_login(make_staff(shop=shop, role=Role.AGENT))

        assert client.post(reverse("give_up", args=[stuck.pk]), self.form()).status_code == 403
        self.nothing_changed(stuck)

    @pytest.mark.parametrize("state", [CommandState.REFUSED, CommandState.OUTCOME_UNKNOWN])
    def test_only_what_needs_attention_is_given_up(
        self, state: str, alma: Client, ana: User, rma: Rma
    ) -> None:
        command = make_command(rma, by=ana, state=state)

        answer = alma.post(reverse("give_up", args=[command.pk]), self.form())

        assert answer.status_code == 409
        command.refresh_from_db()
        assert command.state == state
        assert not AuditEntry.objects.exists()

    def test_a_decision_without_money_asks_for_no_amount(
        self, alma: Client, ana: User, rma: Rma
    ) -> None:
        free = {"moves_money": False, "amount": None, "cap": None, "currency": ""}
        command = make_command(rma, by=ana, state=CommandState.ATTENTION, tries=1, **free)

        answer = alma.post(reverse("give_up", args=[command.pk]), {"reason": "seen nothing"})

        assert answer.status_code == 302

    def nothing_changed(self, stuck: Command) -> None:
        stuck.refresh_from_db()
        assert stuck.state == CommandState.ATTENTION
        assert not AuditEntry.objects.exists()
        assert not RmaEvent.objects.exists()


class TestTheDecisionThatIsShown:
    def test_an_undone_one_hides_no_older_that_holds(
        self, client: Client, ana: User, rma: Rma
    ) -> None:
        make_command(rma, by=ana, state=CommandState.CONFIRMED, amount=Decimal("10"))
        make_command(rma, by=ana, state=CommandState.CANCELLED)

        tracker = client.get(rma.get_absolute_url()).context["page"].tracker

        assert tracker.said == "Confirmed"

    def test_an_undone_one_alone_is_shown_for_a_minute(
        self, client: Client, ana: User, rma: Rma
    ) -> None:
        command = make_command(rma, by=ana, state=CommandState.CANCELLED)
        page = client.get(rma.get_absolute_url()).context["page"]
        assert page.tracker.said == "Undone"

        Command.objects.filter(pk=command.pk).update(settled_at=soon(-61))

        assert client.get(rma.get_absolute_url()).context["page"].tracker is None
        assert client.get(f"{rma.get_absolute_url()}tracker/").status_code == 286
