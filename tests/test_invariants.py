"""Each promise is broken once on purpose, past the guards of the database, and is seen."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import CommandState
from returns_ops.returns.invariants import INVARIANTS, broken
from returns_ops.returns.models import (
    ReturnLocation,
    Rma,
    RmaEvent,
)
from returns_ops.returns.states import Money
from tests.breaking import (
    ACTIONS,
    BREAKS,
    FREE,
    LONG_AGO,
    Story,
    apply_an_event_without_a_trace,
    leave_a_command_waiting,
    promised,
    tell_of_more_units_than_there_are,
)
from tests.builders import (
    make_attempt,
    make_command,
    make_event,
    make_rma,
    make_rma_event,
    make_staff,
    make_transaction,
)


@pytest.fixture
def story(shop: Shop) -> Story:
    clerk = make_staff("clara", shop=shop)
    rma = make_rma(shop, money=Money.CONFIRMED, refunded=Decimal("49.99"))
    event = make_event(shop, outcome="applied", subject=rma.rma_number)
    make_rma_event(rma, event=event)
    command = promised(rma, clerk, state=CommandState.CONFIRMED)
    attempt = make_attempt(command, started_at=timezone.now() - LONG_AGO)
    make_transaction(rma, confirms=command)
    return Story(shop, clerk, rma, event, command, attempt)


def verify() -> tuple[int, str]:
    """The command as an operator runs it: its exit code and what it prints."""
    out = StringIO()
    try:
        call_command("verify_invariants", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_every_promise_is_broken_here_once() -> None:
    assert set(BREAKS) == set(INVARIANTS)


def test_an_empty_database_keeps_every_promise(db: None) -> None:
    assert broken() == []


def test_a_return_that_went_well_keeps_every_promise(story: Story) -> None:
    assert broken() == []
    assert verify() == (0, f"All {len(INVARIANTS)} invariants hold.\n")


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_is_reported_by_name(story: Story, name: str) -> None:
    breaks, as_well = BREAKS[name]

    breaks(story)

    assert {one.name for one in broken()} == {name} | as_well
    code, printed = verify()
    assert code == 1
    assert f"BROKEN {name}\n" in printed


def test_at_most_twenty_rows_are_shown_of_each(story: Story) -> None:
    for _ in range(25):
        apply_an_event_without_a_trace(story)

    assert [len(one.rows) for one in broken()] == [20]


@pytest.mark.parametrize("paused", [True, False])
def test_a_command_of_a_paused_shop_may_wait(story: Story, paused: bool) -> None:
    story.shop.connection.paused = paused
    story.shop.connection.save()

    leave_a_command_waiting(story)

    assert len(broken()) == (0 if paused else 1)


@pytest.mark.parametrize(
    ("source", "field", "number"),
    [
        (RmaEvent.Source.WEBHOOK, "items_text", 0),
        (RmaEvent.Source.API, "item_count", 0),
        (RmaEvent.Source.WEBHOOK, "narvar_status", 1),
        (RmaEvent.Source.PERSON, "items_text", 1),
    ],
)
def test_narvar_may_lower_a_quantity_of_what_was_told(
    story: Story, source: str, field: str, number: int
) -> None:
    tell_of_more_units_than_there_are(story)

    make_rma_event(story.rma, source=source, changes={field: ["2 × JACKET-M", "1 × JACKET-M"]})

    assert len(broken()) == number


def test_a_request_that_was_approved_keeps_every_promise(story: Story) -> None:
    rma, second = make_rma(story.shop), make_staff(shop=story.shop)
    command = promised(
        rma,
        story.clerk,
        state=CommandState.ACCEPTED,
        second_person=True,
        approved_by=second,
    )
    audit.record(
        "rma.approve_request", rma.rma_number, shop=rma.shop, actor=second, command=command.pk
    )
    promised(make_rma(story.shop), story.clerk, state="needs_approval", second_person=True)
    promised(make_rma(story.shop), story.clerk, state="cancelled", second_person=True)

    assert broken() == []


@pytest.mark.parametrize("kind", [kind for kind in ACTIONS if kind != "approval"])
def test_the_audit_row_of_a_command_names_what_it_does(story: Story, kind: str) -> None:
    location = ReturnLocation.objects.create(shop=story.shop, name="Dock")
    subject = location.subject if kind.endswith("_location") else story.rma.rma_number
    ghost = Rma(shop=story.shop, rma_number=subject)
    command = make_command(ghost, by=story.clerk, kind=kind, state=CommandState.ACCEPTED, **FREE)
    audit.record("rma.approve", subject, shop=story.shop, actor=story.clerk, command=command.pk)
    assert [one.name for one in broken()] == ["I11 every command has its audit row"]

    action = ACTIONS[kind]
    audit.record(action, subject, shop=story.shop, actor=story.clerk, command=command.pk)
    assert broken() == []
