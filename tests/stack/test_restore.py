"""Restored from a backup that is too old: what is clicked again is not paid again."""

from collections import Counter
from collections.abc import Iterator

import pytest

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import controls
from returns_ops.returns.models import Rma
from tests.circle import DOMAIN, Circle
from tests.stack.backup import Backup

REFUNDS = 20


@pytest.fixture
def backup(circle: Circle) -> Iterator[Backup]:
    made = Backup()
    yield made
    made.forget()


def click(circle: Circle, rma_numbers: list[str]) -> dict[str, str]:
    """Approve them all; returns under which reference each is sent."""
    commands = [circle.approve(circle.rma(number)) for number in rma_numbers]
    return {command.subject: str(command.call_reference_id) for command in commands}


def send_all(circle: Circle) -> None:
    circle.send(tries=REFUNDS + 1)


def states() -> Counter[str]:
    return Counter(Command.objects.values_list("state", flat=True))


def paid(circle: Circle) -> list[str]:
    """The references in Narvar's ledger."""
    return sorted(str(row.call_reference_id) for row in circle.narvar.ledger())


def calls(circle: Circle) -> int:
    return len(circle.narvar.requests())


def test_twenty_refunds_that_the_backup_does_not_know_are_not_paid_again(
    circle: Circle, backup: Backup
) -> None:
    numbers = [circle.arrive().rma_number for _ in range(REFUNDS)]
    backup.take()
    first = click(circle, numbers)
    send_all(circle)
    assert len(circle.narvar.ledger()) == REFUNDS

    backup.restore()
    assert (Rma.objects.count(), Command.objects.count()) == (REFUNDS, 0)
    controls.pause(circle.shop, by=circle.wanda, reason="Restored from a backup")
    before = calls(circle)
    again = click(circle, numbers)
    send_all(circle)
    assert (again, states()) == (first, {CommandState.QUEUED: REFUNDS})
    assert calls(circle) == before, "nothing goes out until somebody has looked"

    controls.resume(circle.shop, by=circle.wanda)
    send_all(circle)

    assert states() == {CommandState.CONFIRMED: REFUNDS}, "the look before money saw them paid"
    assert len(circle.narvar.requests(operation="approval")) == REFUNDS
    assert paid(circle) == sorted(first.values())


def test_nor_are_those_of_which_narvar_shows_nothing_yet(circle: Circle, backup: Backup) -> None:
    """Where no look can stop the second call, it carries the reference of the first."""
    numbers = [circle.arrive().rma_number for _ in range(REFUNDS)]
    past = {number: circle.narvar.body(DOMAIN, number) for number in numbers}
    backup.take()
    first = click(circle, numbers)
    send_all(circle)

    backup.restore()
    for number in numbers:
        circle.narvar.patch_rma(DOMAIN, **past[number])
    again = click(circle, numbers)
    send_all(circle)

    assert (again, states()) == (first, {CommandState.ACCEPTED: REFUNDS})
    sent = Counter(request.body for request in circle.narvar.requests(operation="approval"))
    assert list(sent.values()) == [2] * REFUNDS
    assert paid(circle) == sorted(first.values())
