"""How each promise about messages, money and cases is broken, past the guards."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Attempt, Command, CommandState, Event, EventState
from returns_ops.returns.models import (
    BulkJob,
    BulkRow,
    Case,
    CaseCount,
    CaseEvent,
    LocationImport,
    ReceiptLine,
    ReturnLocation,
    Rma,
)
from returns_ops.returns.states import CaseState, Money, Work
from tests.builders import (
    make_attempt,
    make_case,
    make_command,
    make_event,
    make_item,
    make_receipt_line,
    make_rma,
    make_shop,
    make_staff,
    make_transaction,
)

LONG_AGO = timedelta(hours=1)


@dataclass(frozen=True)
class Story:
    """One return that was told of, approved, sent and paid: all promises hold."""

    shop: Shop
    clerk: User
    rma: Rma
    event: Event
    command: Command
    attempt: Attempt


def promised(rma: Rma, by: User, **fields: Any) -> Command:
    command = make_command(rma, by=by, **fields)
    action = ACTIONS[command.kind]
    audit.record(action, command.subject, shop=rma.shop, actor=by, command=command.pk)
    return command


ACTIONS = {
    "approval": "rma.approve",
    "shipment_status": "rma.status_told",
    "shipment_note": "rma.status_told",
    "create_return": "return.created",
    "create_location": "location.saved",
    "update_location": "location.saved",
    "delete_location": "location.removed",
}
# What a command that moves no money is.
FREE: dict[str, Any] = {"moves_money": False, "amount": None, "cap": None, "currency": ""}


def unguarded(statement: str, *values: Any) -> None:
    """As somebody would who has the rights of the database's owner."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def change_the_stored_bytes(story: Story) -> None:
    unguarded("UPDATE messaging_event SET body = 'other' WHERE id = %s", story.event.pk)


def leave_an_event_waiting(story: Story) -> None:
    make_event(story.shop, state=EventState.PENDING, next_attempt_at=timezone.now() - LONG_AGO)


def apply_an_event_without_a_trace(story: Story) -> None:
    make_event(story.shop, outcome="applied")


def misstate_what_was_refunded(story: Story) -> None:
    Rma.objects.filter(pk=story.rma.pk).update(refunded=Decimal("50.00"))


def leave_a_command_waiting(story: Story) -> None:
    due = timezone.now() - LONG_AGO
    promised(make_rma(story.shop), story.clerk, next_attempt_at=due)


def send_a_second_id(story: Story) -> None:
    other = "00000000-0000-0000-0000-000000000001"
    make_attempt(story.command, call_reference_id=other, started_at=timezone.now())


def send_another_body_than_was_frozen(story: Story) -> None:
    command = promised(make_rma(story.shop), story.clerk, state=CommandState.ACCEPTED)
    make_attempt(command, body_sha256=b"\x00" * 32)


def change_the_frozen_body(story: Story) -> None:
    unguarded("UPDATE messaging_command SET body = 'other' WHERE id = %s", story.command.pk)


def send_while_another_try_is_open(story: Story) -> None:
    make_attempt(story.command, started_at=story.attempt.started_at + timedelta(seconds=1))


def call_again_what_may_be_done_once(story: Story) -> None:
    state = CommandState.ACCEPTED
    note = promised(make_rma(story.shop), story.clerk, kind="shipment_note", state=state, **FREE)
    long_ago = timezone.now() - LONG_AGO
    make_attempt(note, outcome="unknown", http_status=None, started_at=long_ago)
    make_attempt(note, started_at=timezone.now())


def ask_for_more_than_the_cap(story: Story) -> None:
    unguarded("ALTER TABLE messaging_command DROP CONSTRAINT command_money_has_amount_within_cap")
    rich = make_rma(story.shop, first_cap=Decimal("100.00"))
    promised(rich, story.clerk, state=CommandState.ACCEPTED, amount=Decimal("60.00"))


def ask_for_more_than_the_first_cap_in_all(story: Story) -> None:
    promised(story.rma, story.clerk, state=CommandState.ACCEPTED, amount=Decimal("0.01"))


def tell_of_more_units_than_there_are(story: Story) -> None:
    line = make_receipt_line(story.rma, make_item(story.rma), by=story.clerk)
    ReceiptLine.objects.filter(pk=line.pk).update(command=story.command)
    unguarded("UPDATE returns_receiptline SET quantity = 2 WHERE id = %s", line.pk)


def tell_of_units_by_a_command_about_another_return(story: Story) -> None:
    other = make_rma(story.shop)
    line = make_receipt_line(other, make_item(other), by=story.clerk)
    ReceiptLine.objects.filter(pk=line.pk).update(command=story.command)


def ask_twice_at_once(story: Story) -> None:
    unguarded("DROP INDEX command_one_open_money_per_subject")
    rma = make_rma(story.shop)
    for _ in range(2):
        promised(rma, story.clerk, state=CommandState.ACCEPTED, amount=Decimal("1.00"))


def confirm_without_a_transaction(story: Story) -> None:
    promised(make_rma(story.shop), story.clerk, state=CommandState.CONFIRMED)


def call_a_return_confirmed_without_evidence(story: Story) -> None:
    make_rma(story.shop, money=Money.CONFIRMED)


def book_a_transaction_at_another_shop(story: Story) -> None:
    # In another currency, so that the sum of the refunds stays true.
    make_transaction(story.rma, shop=make_shop(), currency="EUR")


def owe_a_call_about_a_return_nobody_knows(story: Story) -> None:
    ghost = Rma(shop=story.shop, rma_number="GHOST")
    promised(ghost, story.clerk, state=CommandState.ACCEPTED)


def owe_a_call_about_a_location_of_another_shop(story: Story) -> None:
    theirs = ReturnLocation.objects.create(shop=make_shop(), name="Dock")
    fields = {"kind": "update_location", "state": CommandState.ACCEPTED, **FREE}
    promised(Rma(shop=story.shop, rma_number=theirs.subject), story.clerk, **fields)


def location_of(story: Story, **fields: Any) -> ReturnLocation:
    return ReturnLocation.objects.create(shop=story.shop, name="Dock", **fields)


def file_of(story: Story, **fields: Any) -> LocationImport:
    return LocationImport.objects.create(
        shop=story.shop, started_by=story.clerk, submission_token=uuid.uuid4(), **fields
    )


def row_of(job: LocationImport, **fields: Any) -> None:
    job.rows.create(line=2, values={}, verdict="new", **fields)


def import_into_a_location_of_another_shop(story: Story) -> None:
    row_of(file_of(story), location=ReturnLocation.objects.create(shop=make_shop(), name="Dock"))


def change_a_location_without_its_history(story: Story) -> None:
    fields = {"kind": "update_location", "state": CommandState.ACCEPTED, **FREE}
    ghost = Rma(shop=story.shop, rma_number=location_of(story).subject)
    promised(ghost, story.clerk, summary={"was": None}, **fields)


def agree_on_something_else(story: Story) -> None:
    location_of(story, narvar_id="YXWN", shown={"city": "Newark"}, agreed={"city": "Camden"})


def save_a_location_by_no_command(story: Story) -> None:
    location_of(story, sync="sending")


def end_a_file_before_its_rows(story: Story) -> None:
    row_of(file_of(story, state="stopped", finished_at=timezone.now()))


def confirm_a_return_that_nobody_knows(story: Story) -> None:
    fields = {"kind": "create_return", "state": CommandState.CONFIRMED, **FREE}
    ghost = Rma(shop=story.shop, rma_number="order 1001")
    promised(ghost, story.clerk, result={"rma_number": "GHOST"}, **fields)


def owe_a_call_without_an_audit_row(story: Story) -> None:
    make_command(make_rma(story.shop), by=story.clerk, state=CommandState.ACCEPTED)


def approve_ones_own_request(story: Story) -> None:
    unguarded("ALTER TABLE messaging_command DROP CONSTRAINT command_nobody_approves_their_own")
    unguarded("UPDATE messaging_command SET approved_by_id = requested_by_id")


def send_without_a_second_person(story: Story) -> None:
    unguarded("ALTER TABLE messaging_command DROP CONSTRAINT command_waits_for_its_second_person")
    rma = make_rma(story.shop)
    promised(rma, story.clerk, second_person=True, state=CommandState.ACCEPTED)


def approve_for_another_without_an_audit_row(story: Story) -> None:
    rma, second = make_rma(story.shop), make_staff(shop=story.shop)
    approved = {"second_person": True, "approved_by": second}
    promised(rma, story.clerk, state=CommandState.ACCEPTED, **approved)


def miscount_a_queue(story: Story) -> None:
    unguarded(
        "INSERT INTO returns_workcount (shop_id, work, delta) VALUES (%s, 'done', 1)",
        story.shop.pk,
    )


FROZE = "I5 attempts sent what the command froze"
ANSWERED = "I11 every approval by a second person has its audit row"


# How each is broken, and what else is then broken too: nothing, but for two.
def leave_an_exception_without_a_case(story: Story) -> None:
    make_rma(story.shop, work=Work.EXCEPTION)


def opened(story: Story, **fields: Any) -> Case:
    case = make_case(story.rma, **fields)
    CaseEvent.objects.create(case=case, shop=story.shop, cause=case.cause, verb="opened", text="")
    return case


def give_a_case_to_another_shop(story: Story) -> None:
    Case.objects.filter(pk=opened(story).pk).update(shop=make_shop())


def open_a_case_without_a_trace(story: Story) -> None:
    make_case(story.rma)


def resolve_a_case_without_a_trace(story: Story) -> None:
    opened(story, state=CaseState.RESOLVED, closed_at=timezone.now(), closed_by=story.clerk)


def leave_a_case_resolved_by_what_was_undone(story: Story) -> None:
    now, clerk = timezone.now(), story.clerk
    undone = promised(story.rma, clerk, state=CommandState.CANCELLED, settled_at=now + LONG_AGO)
    case = opened(story, state=CaseState.RESOLVED, closed_at=now, closed_by=clerk)
    for verb, data in (("acted", {"command": undone.pk}), ("resolved", {})):
        told = {"shop": story.shop, "cause": case.cause, "actor": clerk, "data": data}
        CaseEvent.objects.create(case=case, verb=verb, text="", **told)


def job_of(story: Story, total: int) -> BulkJob:
    return BulkJob.objects.create(
        shop=story.shop,
        action="assign",
        started_by=story.clerk,
        submission_token=story.command.submission_token,
        total=total,
    )


def take_a_case_of_another_shop(story: Story) -> None:
    unguarded("ALTER TABLE returns_bulkrow DISABLE TRIGGER bulk_row_stays_in_its_shop")
    case = make_case(make_rma(make_shop()))
    told = {"shop": case.shop, "cause": case.cause, "verb": "opened", "text": ""}
    CaseEvent.objects.create(case=case, **told)
    BulkRow.objects.create(
        job=job_of(story, 1), case=case, case_version=1, submission_token=uuid.uuid4()
    )


def miscount_a_job(story: Story) -> None:
    job_of(story, 1)


def miscount_cases(story: Story) -> None:
    CaseCount.objects.create(shop=story.shop, cause="refused", state="open", delta=1)


BREAKS: dict[str, tuple[Callable[[Story], None], set[str]]] = {
    "I1 stored bytes match their hash": (change_the_stored_bytes, set()),
    "I1 no event waits unseen for ten minutes": (leave_an_event_waiting, set()),
    "I1 every applied event left its trace or said nothing new": (
        apply_an_event_without_a_trace,
        set(),
    ),
    "I3 refunds seen are the sum of the transactions": (misstate_what_was_refunded, set()),
    "I4 no due command waits for ten minutes": (leave_a_command_waiting, set()),
    "I5 all attempts of a command sent one id and one body": (send_a_second_id, {FROZE}),
    FROZE: (send_another_body_than_was_frozen, set()),
    "I5 the frozen body matches its hash": (change_the_frozen_body, set()),
    "I5 attempts of a command do not overlap": (send_while_another_try_is_open, set()),
    "I5 what may be done once was not called again after an unclear try": (
        call_again_what_may_be_done_once,
        set(),
    ),
    "I6 no command asks for more than its cap": (ask_for_more_than_the_cap, set()),
    "I6 what was asked for in all stays within the refund calculated": (
        ask_for_more_than_the_first_cap_in_all,
        set(),
    ),
    "I6 units told do not exceed the return": (tell_of_more_units_than_there_are, set()),
    "I7 one open money command per RMA": (ask_twice_at_once, set()),
    "I9 confirmed money has a transaction of that amount": (
        confirm_without_a_transaction,
        set(),
    ),
    "I9 an RMA says confirmed only with evidence": (
        call_a_return_confirmed_without_evidence,
        set(),
    ),
    "I10 what belongs together belongs to one shop": (book_a_transaction_at_another_shop, set()),
    "I10 a command is about an RMA of its shop": (owe_a_call_about_a_return_nobody_knows, set()),
    "I10 a command is about a location of its shop": (
        owe_a_call_about_a_location_of_another_shop,
        set(),
    ),
    "I10 a row of a file is about a location of its shop": (
        import_into_a_location_of_another_shop,
        set(),
    ),
    "I11 every command about a location is in its history": (
        change_a_location_without_its_history,
        set(),
    ),
    "I11 a location in sync is what both sides agreed on": (agree_on_something_else, set()),
    "I4 a location that is being saved has a command for it": (
        save_a_location_by_no_command,
        set(),
    ),
    "I11 no row of a file waits when the file is done": (end_a_file_before_its_rows, set()),
    "I10 a created return is one of its shop": (confirm_a_return_that_nobody_knows, set()),
    "I10 a told line's command is about its return": (
        tell_of_units_by_a_command_about_another_return,
        set(),
    ),
    "I11 every command has its audit row": (owe_a_call_without_an_audit_row, set()),
    "I11 nobody approved their own request": (approve_ones_own_request, {ANSWERED}),
    "I11 what needs a second person was approved by one": (send_without_a_second_person, set()),
    ANSWERED: (approve_for_another_without_an_audit_row, set()),
    "an RMA that needs a person has a case that says why": (
        leave_an_exception_without_a_case,
        set(),
    ),
    "a case belongs to the shop of what it is about": (give_a_case_to_another_shop, set()),
    "a case was opened as often as its history tells": (open_a_case_without_a_trace, set()),
    "what a person resolved has their line in its history": (
        resolve_a_case_without_a_trace,
        set(),
    ),
    "no case rests on what was taken back": (leave_a_case_resolved_by_what_was_undone, set()),
    "a row of a job is about a case of its shop": (take_a_case_of_another_shop, set()),
    "a job for many counts its rows": (miscount_a_job, set()),
    "counters of cases equal what they count": (miscount_cases, set()),
    "counters equal what they count": (miscount_a_queue, set()),
}
