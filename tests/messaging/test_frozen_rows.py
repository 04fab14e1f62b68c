"""What the database itself refuses, whoever asks: the last net under every bug of ours."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Attempt, Command, CommandState, Event, EventState
from returns_ops.returns.models import Rma, RmaEvent, Transaction
from tests.builders import (
    make_attempt,
    make_command,
    make_event,
    make_rma,
    make_rma_event,
    make_staff,
    make_transaction,
)

# Every way a command may go; whatever is not here is refused.
MOVES: dict[str, set[str]] = {
    "needs_approval": {"queued", "cancelled"},
    "queued": {"sending", "cancelled", "attention"},
    "sending": {"queued", "outcome_unknown", "accepted", "confirmed", "refused", "attention"},
    "outcome_unknown": {"sending", "accepted", "confirmed", "attention"},
    "accepted": {"confirmed", "attention"},
    "attention": {"queued", "outcome_unknown", "confirmed", "refused", "cancelled"},
    "confirmed": set(),
    "refused": set(),
    "cancelled": set(),
}
PAIRS = [(was, to) for was in CommandState.values for to in CommandState.values if was != to]


@pytest.fixture
def clerk(shop: Shop) -> User:
    return make_staff("clara", shop=shop, role=Role.AGENT)


@pytest.fixture
def rma(shop: Shop) -> Rma:
    return make_rma(shop)


@pytest.fixture
def command(rma: Rma, clerk: User) -> Command:
    return make_command(rma, by=clerk)


def sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def row(model: type[models.Model], pk: Any) -> dict[str, Any]:
    """Everything the table says, to compare before and after."""
    found = model._default_manager.filter(pk=pk).values().get()
    return {
        name: bytes(value) if isinstance(value, memoryview) else value
        for name, value in found.items()
    }


@contextmanager
def refused(thing: models.Model, words: str) -> Iterator[None]:
    """The database says no, in these words, and the row is as it was."""
    before = row(type(thing), thing.pk)
    with pytest.raises(DatabaseError, match=words):
        yield
    assert row(type(thing), thing.pk) == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("method", "DELETE"),
        ("target", "/merchant/returns/shipment_status"),
        ("content_type", ""),
        ("body", b"{}"),
        ("body_sha256", b"\x00" * 32),
        ("call_reference_id", uuid.uuid4()),
        ("submission_token", uuid.uuid4()),
        ("amount", Decimal("1.00")),
        ("cap", Decimal("999.00")),
        ("currency", "EUR"),
        ("moves_money", False),
        ("subject", "ANOTHER"),
        ("kind", "refund"),
        ("ordinal", 999),
        ("created_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_a_command_froze_cannot_be_changed(
    command: Command, column: str, value: object
) -> None:
    with refused(command, "is frozen: a change is a new command"):
        sql(f"UPDATE messaging_command SET {column} = %s WHERE id = %s", value, command.pk)


def test_a_command_cannot_be_given_to_another_person(command: Command) -> None:
    other = make_staff("otto")

    with refused(command, "is frozen"):
        sql("UPDATE messaging_command SET requested_by_id = %s", other.pk)


@pytest.mark.parametrize(("was", "to"), PAIRS)
def test_a_command_moves_only_as_it_may(rma: Rma, clerk: User, was: str, to: str) -> None:
    command = make_command(rma, by=clerk, state=was)
    move = "UPDATE messaging_command SET state = %s WHERE id = %s"

    if to in MOVES[was]:
        sql(move, to, command.pk)
        assert row(Command, command.pk)["state"] == to
    else:
        with refused(command, f"is {was}, so it cannot become {to}"):
            sql(move, to, command.pk)


def test_every_state_of_a_command_has_its_moves() -> None:
    assert set(MOVES) == set(CommandState.values)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", b"other"),
        ("body_sha256", b"\x00" * 32),
        ("dedup_key", b"\x00" * 32),
        ("received_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_was_received_cannot_be_changed(shop: Shop, column: str, value: object) -> None:
    event = make_event(shop)

    with refused(event, "was received as it is"):
        sql(f"UPDATE messaging_event SET {column} = %s WHERE id = %s", value, event.pk)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("call_reference_id", uuid.uuid4()),
        ("body_sha256", b"\x00" * 32),
        ("number", 9),
        ("started_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_an_attempt_sent_cannot_be_changed(
    command: Command, column: str, value: object
) -> None:
    attempt = make_attempt(command, finished_at=None, outcome="started")

    with refused(attempt, "is finished"):
        sql(f"UPDATE messaging_attempt SET {column} = %s WHERE id = %s", value, attempt.pk)


def test_an_attempt_is_finished_once(command: Command) -> None:
    attempt = make_attempt(command, finished_at=None, outcome="started")
    finish = "UPDATE messaging_attempt SET finished_at = now(), outcome = %s WHERE id = %s"

    sql(finish, "accepted", attempt.pk)

    assert row(Attempt, attempt.pk)["outcome"] == "accepted"
    with refused(attempt, "is finished"):
        sql(finish, "refused", attempt.pk)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", Decimal("1.00")),
        ("currency", "EUR"),
        ("narvar_id", "another"),
    ],
)
def test_a_transaction_is_a_fact(rma: Rma, column: str, value: object) -> None:
    paid = make_transaction(rma)

    with refused(paid, "is a fact"):
        sql(f"UPDATE returns_transaction SET {column} = %s WHERE id = %s", value, paid.pk)


def test_what_a_transaction_confirms_is_said_once(rma: Rma, command: Command, clerk: User) -> None:
    paid = make_transaction(rma, confirms=command)
    other = make_command(rma, by=clerk, state=CommandState.REFUSED)

    with refused(paid, "is a fact"):
        sql("UPDATE returns_transaction SET confirms_id = %s", other.pk)
    with refused(paid, "is a fact"):
        sql("UPDATE returns_transaction SET confirms_id = NULL")


@pytest.mark.parametrize("change", ["UPDATE {} SET {} = 'other'", "DELETE FROM {}"])
def test_audit_and_history_are_only_ever_added_to(shop: Shop, rma: Rma, change: str) -> None:
    entry = audit.record("shop.connected", shop.domain, shop=shop, actor=None)
    line = make_rma_event(rma)

    with refused(entry, "accounts_auditentry is only ever added to"):
        sql(change.format("accounts_auditentry", "subject"))
    with refused(line, "returns_rmaevent is only ever added to"):
        sql(change.format("returns_rmaevent", "text"))


@pytest.mark.parametrize(
    "model", [Command, Attempt, AuditEntry, Transaction, RmaEvent], ids=lambda m: m.__name__
)
def test_records_are_never_deleted(
    model: type[models.Model], shop: Shop, rma: Rma, command: Command
) -> None:
    made: dict[type[models.Model], models.Model] = {
        Command: command,
        Attempt: make_attempt(command),
        AuditEntry: audit.record("shop.connected", shop.domain, shop=shop, actor=None),
        Transaction: make_transaction(rma),
        RmaEvent: make_rma_event(rma),
    }

    with refused(made[model], "is only ever added to"):
        sql(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize(
    ("state", "days"), [("pending", 99), ("dead", 99), ("parked", 99), ("done", 0.9)]
)
def test_an_event_that_may_be_needed_is_never_deleted(shop: Shop, state: str, days: float) -> None:
    at = timezone.now() - timedelta(days=days)
    event = make_event(shop, state=state, reason="not_json", done_at=at, last_seen_at=at)

    with refused(event, "is still needed"):
        sql("DELETE FROM messaging_event")


def test_what_was_answered_is_forgotten_late_and_alone(command: Command) -> None:
    fresh = make_attempt(command, answer="{}", finished_at=timezone.now() - timedelta(days=29))
    old = make_attempt(command, answer="{}", finished_at=timezone.now() - timedelta(days=31))

    with refused(fresh, "is finished"):
        sql("UPDATE messaging_attempt SET answer = ''")
    with refused(old, "is finished"):
        sql("UPDATE messaging_attempt SET answer = 'other' WHERE id = %s", old.pk)
    with refused(old, "is finished"):
        sql("UPDATE messaging_attempt SET answer = '', http_status = 1 WHERE id = %s", old.pk)


def broken_constraint(name: str) -> Any:
    return pytest.raises(IntegrityError, match=name)


def test_a_return_has_one_open_money_command_at_most(rma: Rma, clerk: User) -> None:
    for state in ("needs_approval", "queued", "sending", "outcome_unknown", "accepted"):
        open_one = make_command(rma, by=clerk, state=state)
        with broken_constraint("command_one_open_money_per_subject"), transaction.atomic():
            make_command(rma, by=clerk)
        for step in {"needs_approval": ["cancelled"], "queued": ["cancelled"]}.get(
            state, ["attention", "refused"]
        ):
            with broken_constraint("command_one_open_money_per_subject"), transaction.atomic():
                make_command(rma, by=clerk)
            Command.objects.filter(pk=open_one.pk).update(state=step)

    make_command(rma, by=clerk)
    make_command(rma, by=clerk, moves_money=False, amount=None, cap=None, currency="")

    assert Command.objects.open().filter(moves_money=True).count() == 1
    assert Command.objects.count() == 7


def test_the_same_rma_number_at_another_shop_has_a_command_of_its_own(
    command: Command, clerk: User
) -> None:
    namesake = make_rma(rma_number=command.subject)

    make_command(namesake, by=clerk)

    assert Command.objects.open().count() == 2


@pytest.mark.parametrize(
    "money",
    [
        {"amount": Decimal("50.00"), "cap": Decimal("49.99")},
        {"amount": Decimal(0)},
        {"amount": Decimal("-1.00")},
        {"amount": None},
        {"cap": None},
        {"currency": ""},
        {"currency": "usd"},
    ],
    ids=str,
)
def test_money_has_an_amount_within_its_cap(rma: Rma, clerk: User, money: dict[str, Any]) -> None:
    with broken_constraint("command_money_has_amount_within_cap"), transaction.atomic():
        make_command(rma, by=clerk, **money)

    assert not Command.objects.exists()


def test_nobody_approves_what_they_asked_for(rma: Rma, clerk: User) -> None:
    with broken_constraint("command_nobody_approves_their_own"), transaction.atomic():
        make_command(rma, by=clerk, approved_by=clerk)

    assert not Command.objects.exists()


def test_own_approval_cannot_be_written_later_either(command: Command, clerk: User) -> None:
    with refused(command, "was approved as it is"):
        sql("UPDATE messaging_command SET approved_by_id = %s", clerk.pk)


def test_a_dead_event_has_a_reason(shop: Shop) -> None:
    with broken_constraint("event_dead_has_a_reason"), transaction.atomic():
        make_event(shop, state=EventState.DEAD, reason="")

    assert not Event.objects.exists()


def test_an_event_is_stored_once_per_shop(shop: Shop) -> None:
    event = make_event(shop)

    with broken_constraint("event_is_stored_once"), transaction.atomic():
        make_event(shop, dedup_key=event.dedup_key)

    assert Event.objects.get() == event


@pytest.mark.parametrize(
    ("table", "column", "constraint"),
    [
        ("messaging_event", "state", "event_state_is_known"),
        ("returns_rma", "work", "rma_work_is_known"),
        ("returns_rma", "money", "rma_money_is_known"),
        ("returns_rma", "receipt", "rma_receipt_is_known"),
    ],
)
def test_unknown_states_are_refused(
    shop: Shop, rma: Rma, table: str, column: str, constraint: str
) -> None:
    event = make_event(shop)

    with refused(event if table == "messaging_event" else rma, constraint):
        sql(f"UPDATE {table} SET {column} = 'odd'")


def test_a_command_of_an_unknown_state_is_refused(rma: Rma, clerk: User) -> None:
    with broken_constraint("command_state_is_known"), transaction.atomic():
        make_command(rma, by=clerk, state="odd")

    assert not Command.objects.exists()


@pytest.mark.parametrize("twice", ["call_reference_id", "submission_token"])
def test_an_id_and_a_form_are_used_once(rma: Rma, clerk: User, twice: str) -> None:
    first = make_command(rma, by=clerk, state=CommandState.CANCELLED)

    with broken_constraint(twice), transaction.atomic():
        make_command(rma, by=clerk, **{twice: getattr(first, twice)})

    assert Command.objects.get() == first


def test_two_transactions_cannot_confirm_one_command(rma: Rma, command: Command) -> None:
    make_transaction(rma, confirms=command)

    with broken_constraint("confirms_id"), transaction.atomic():
        make_transaction(rma, confirms=command)

    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-49.99"])
def test_nothing_is_confirmed_by_no_money(rma: Rma, command: Command, amount: str) -> None:
    with broken_constraint("transaction_confirms_with_an_amount"), transaction.atomic():
        make_transaction(rma, amount, confirms=command)

    assert not Transaction.objects.exists()


def test_a_transaction_is_known_once_per_return(rma: Rma) -> None:
    paid = make_transaction(rma)

    with broken_constraint("transaction_is_unique"), transaction.atomic():
        make_transaction(rma, narvar_id=paid.narvar_id)

    assert Transaction.objects.get() == paid
