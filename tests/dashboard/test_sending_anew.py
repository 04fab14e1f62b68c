"""Send as new and Cancel on the screen of a command: who is offered them, and what they say."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns.models import Rma
from tests.builders import make_command, make_staff
from tests.returns.asking import Team, decide, everything, make_return, make_team

LogIn = Callable[[User], Client]


@pytest.fixture
def team(rma: Rma) -> Team:
    return make_team(rma.shop)


@pytest.fixture
def ana(team: Team) -> User:
    return team.ana


@pytest.fixture
def refused(team: Team) -> Command:
    """29.00 USD of Ana, refused by Narvar."""
    command = decide(make_return(team.shop, estimate="29.00"), team.ana)
    for state in (CommandState.SENDING, CommandState.REFUSED):
        Command.objects.filter(pk=command.pk).update(state=state, tries=1)
    command.receipt_lines.all().update(command=None)
    return Command.objects.get(pk=command.pk)


def url(command: Command, name: str = "send_as_new") -> str:
    return reverse(name, args=[command.pk])


def form(**fields: str) -> dict[str, str]:
    known = {"reason": "Mended at Narvar", "amount": "29.00", "submission_token": str(uuid.uuid4())}
    return {**known, **fields}


def test_an_approver_reads_the_warning_and_sends_it_by_a_plain_form(
    team: Team, refused: Command, log_in: LogIn
) -> None:
    paulas = log_in(team.paula)
    assert url(refused) in paulas.get(url(refused, "command")).content.decode()
    review = paulas.get(url(refused)).content.decode()
    assert "This can refund twice." in review
    assert "29.00 USD to the original payment" in review
    assert Command.objects.count() == 1

    answer = paulas.post(url(refused), form(), follow=True)

    made = Command.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == url(made, "command")
    assert "under a new reference" in answer.content.decode()
    assert (made.state, made.approved_by, made.amount) == (
        CommandState.QUEUED,
        team.paula,
        refused.amount,
    )
    old = paulas.get(url(refused, "command")).content.decode()
    assert url(made, "command") in old


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "2.90"}, "not the amount of the decision"),
        ({"amount": ""}, "Type the amount"),
        ({"reason": " "}, "Say why"),
        ({"submission_token": "x"}, ""),
    ],
)
def test_what_is_typed_wrong_is_said_and_kept(
    team: Team, refused: Command, log_in: LogIn, fields: dict[str, str], words: str
) -> None:
    before = everything()

    answer = log_in(team.paula).post(url(refused), form(**fields))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert everything() == before


def test_who_asked_and_who_is_no_approver_are_not_offered_it(
    team: Team, refused: Command, client: Client, log_in: LogIn
) -> None:
    before = everything()
    page = client.get(url(refused, "command")).content.decode()
    assert url(refused) not in page
    assert "Once more" in page
    assert client.post(url(refused), form()).status_code == 403
    make_staff("ines", team.shop, Role.APPROVER)
    own = User.objects.get(pk=team.ana.pk)
    own.memberships.filter(shop=team.shop).update(role=Role.APPROVER)
    assert "somebody else has to send it" in client.get(url(refused, "command")).content.decode()
    answer = client.post(url(refused), form())
    assert answer.status_code == 409
    assert "You asked for this decision yourself" in answer.content.decode()
    assert everything() == before


def test_what_cannot_be_sent_as_new_says_why_and_has_no_form(
    team: Team, refused: Command, log_in: LogIn
) -> None:
    Rma.objects.filter(rma_number=refused.subject).update(estimated_refund="1.00")

    page = log_in(team.paula).get(url(refused))

    assert "not as it was" in page.content.decode()
    assert b"<textarea" not in page.content


@pytest.mark.parametrize("kind", ["approval", "create_return"])
def test_what_was_tried_and_not_taken_is_cancelled_on_its_page(
    client: Client, ana: User, rma: Rma, kind: str
) -> None:
    money = {} if kind == "approval" else {"moves_money": False, "amount": None, "cap": None}
    command = make_command(rma, by=ana, kind=kind, tries=1, **money)
    assert url(command, "command_cancel") in client.get(url(command, "command")).content.decode()

    answer = client.post(url(command, "command_cancel"), follow=True)

    assert "Cancelled. Narvar never took it." in answer.content.decode()
    assert Command.objects.get().state == CommandState.CANCELLED


@pytest.mark.parametrize(
    "fields",
    [{"state": CommandState.OUTCOME_UNKNOWN}, {"was_ambiguous": True}, {"state": "sending"}],
)
def test_what_may_have_acted_is_not_cancelled(
    client: Client, ana: User, rma: Rma, fields: dict[str, object]
) -> None:
    command = make_command(rma, by=ana, tries=1, **fields)
    before = everything()
    assert (
        url(command, "command_cancel") not in client.get(url(command, "command")).content.decode()
    )

    answer = client.post(url(command, "command_cancel"), follow=True)

    assert "Too late" in answer.content.decode()
    assert everything() == before


def test_a_waiting_request_of_a_colleague_has_no_undo(
    team: Team, client: Client, log_in: LogIn
) -> None:
    asked = decide(make_return(team.shop, "RM-7"), team.ana, ask=True)
    undo = reverse("command_undo", args=[asked.pk])
    page = reverse("rma", args=[team.shop.domain, "RM-7"])
    other = log_in(make_staff("otto", team.shop, Role.AGENT))

    assert undo in client.get(page).content.decode()
    assert undo not in other.get(page).content.decode()
    assert other.post(undo).status_code == 409
    assert decisions.undo(asked.pk, by=team.paula).state == CommandState.CANCELLED
