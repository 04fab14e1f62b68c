"""What the database refuses of a request for a second person, whoever asks it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from tests.returns.asking import Team, ask, everything, make_return


@pytest.fixture
def asked(team: Team) -> Command:
    return ask(make_return(team.shop, "RM-1"), team.ana)


def update(command: Command, **fields: Any) -> None:
    with transaction.atomic():
        Command.objects.filter(pk=command.pk).update(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b'{"total_refund_override_amount": 530}'},
        {"body_sha256": b"\x00" * 32},
        {"amount": Decimal("52.99")},
        {"cap": Decimal("530.00")},
        {"currency": "EUR"},
        {"call_reference_id": "00000000-0000-0000-0000-000000000001"},
        {"subject": "RM-2"},
        {"second_person": False},
        {"expires_at": timezone.now() + timedelta(days=9)},
        {"expires_at": None},
    ],
    ids=lambda fields: ",".join(fields),
)
def test_a_request_cannot_become_another_one(asked: Command, fields: dict[str, Any]) -> None:
    before = everything()

    with pytest.raises(IntegrityError, match=r"frozen|as it is"):
        update(asked, **fields)

    assert everything() == before


def test_the_requester_cannot_be_written_as_the_approver(asked: Command) -> None:
    with pytest.raises(IntegrityError, match="command_nobody_approves_their_own"):
        update(asked, approved_by=asked.requested_by, state=CommandState.QUEUED)


def test_the_requester_cannot_be_changed_to_make_room(asked: Command, team: Team) -> None:
    with pytest.raises(IntegrityError, match="frozen"):
        update(asked, requested_by=team.peter, approved_by=team.ana)


@pytest.mark.parametrize("state", [CommandState.QUEUED, CommandState.SENDING])
def test_without_an_approver_it_cannot_move_on(asked: Command, state: str) -> None:
    with pytest.raises(IntegrityError):
        update(asked, state=state)


def test_who_approved_stays_who_approved(asked: Command, team: Team) -> None:
    decisions.approve_request(asked.pk, by=team.paula)

    for other in (None, team.peter, team.ana):
        with pytest.raises(IntegrityError, match=r"as it is|their_own"):
            update(asked, approved_by=other)
