"""One action for many cases: previewed, frozen, done row by row, resumed, stopped."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.narvar import bulk, operations
from returns_ops.narvar.budget import Priority
from returns_ops.returns import desk, transitions
from returns_ops.returns.case_actions import Action
from returns_ops.returns.models import BulkJob, BulkRow, Case, CaseEvent, RefundLimit, Rma
from returns_ops.returns.states import CaseState
from tests.builders import make_case, make_item, make_rma, make_shop, make_staff

STATE = BulkRow.State


@pytest.fixture
def anton(shop: Shop) -> User:
    return make_staff("anton", shop, Role.AGENT)


def some_cases(shop: Shop, number: int) -> list[Case]:
    made = []
    for _ in range(number):
        rma = make_rma(shop, narvar_status="exception", work="exception")
        made.append(make_case(rma))
    return made


def start(cases: Any, by: User, code: str = "assign", **arguments: Any) -> BulkJob:
    shop = Shop.objects.order_by("id")[0]
    return bulk.start_bulk(
        bulk.Order(
            shop=shop,
            code=code,
            by=by,
            cases=cases,
            submission_token=arguments.pop("token", None) or uuid.uuid4(),
            arguments=arguments,
        )
    )


def finish(job: BulkJob) -> BulkJob:
    while bulk.run_slice():
        # The calls of the rows before have left.
        Command.objects.filter(tries=0).update(tries=1)
    job.refresh_from_db()
    return job


def test_two_hundred_of_which_three_became_stale(shop: Shop, anton: User) -> None:
    cases = some_cases(shop, 200)
    wanted = desk.matching(desk.Wanted(), [shop], anton, timezone.now())
    job = start(wanted, anton, Action.BY_HAND)
    late = some_cases(shop, 1)[0]
    # A colleague takes one, Narvar changes another, a third is resolved.
    transitions.claim(cases[10].pk, by=make_staff("berta", shop, Role.AGENT))
    Rma.objects.filter(cases=cases[50]).update(version=7)
    transitions.resolve(cases[199].pk, by=anton, because="Done", version=cases[199].version)

    finish(job)

    assert (job.state, job.total, job.done, job.refused) == ("done", 200, 197, 3)
    refused = {row.case_id: row.said for row in job.rows.filter(state=STATE.REFUSED)}
    assert set(refused) == {cases[10].pk, cases[50].pk, cases[199].pk}
    assert all("changed while you looked at it" in said for said in refused.values())
    commands = Command.objects.all()
    assert len(commands) == 197
    assert {one.summary["status"] for one in commands} == {"resolve_manually_without_automation"}
    assert not commands.filter(subject=late.rma.rma_number if late.rma else "").exists()
    assert set(job.rows.exclude(command=None).values_list("command", flat=True)) == {
        one.pk for one in commands
    }
    assert AuditEntry.objects.filter(action__startswith="bulk.").count() == 2
    assert operations.priority_of(commands[0]) == Priority.BULK > Priority.PERSON


def test_a_worker_that_dies_leaves_nothing_half_done_or_twice(
    shop: Shop, anton: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(some_cases(shop, 5), anton, Action.NOTE, note="Hello")
    mark, calls = bulk._mark, []

    def dies(command: Command, of: BulkJob) -> None:
        calls.append(command.subject)
        if len(calls) == 3:
            raise KeyboardInterrupt
        mark(command, of)

    monkeypatch.setattr(bulk, "_mark", dies)
    with pytest.raises(KeyboardInterrupt):
        bulk.run_slice()
    assert Command.objects.count() == 2  # the third was rolled back with its row

    finish(job)
    assert (job.done, job.refused) == (5, 0)
    assert Command.objects.count() == 5
    assert Command.objects.values("subject").distinct().count() == 5


def test_a_case_that_fails_is_refused_and_holds_up_nobody(shop: Shop, anton: User) -> None:
    job = start(some_cases(shop, 2), anton, "snooze", until="2026-13-01T00:00:00")
    other = start(some_cases(shop, 1), anton, to=anton.pk)

    finish(job)

    other.refresh_from_db()
    assert (job.state, job.refused, other.done) == ("done", 2, 1)
    assert set(job.rows.values_list("said", flat=True)) == {bulk.FAILED}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_broken_off_for_others_is_begun_again(
    shop: Shop, anton: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(some_cases(shop, 1), anton, to=anton.pk)
    assign = transitions.assign
    met: list[Case] = []

    def in_a_deadlock(case_id: int, to: User | None, *, by: User) -> Case:
        case = assign(case_id, to, by=by)
        if not met:
            met.append(case)
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE 'met' USING ERRCODE = '40P01'; END $$")
        return case

    monkeypatch.setattr(transitions, "assign", in_a_deadlock)
    finish(job)

    job.refresh_from_db()
    assert (job.done, job.refused) == (1, 0)
    assert CaseEvent.objects.filter(verb="assigned").count() == 1


def test_what_a_badge_began_has_the_limits_of_a_badge(shop: Shop) -> None:
    approver = make_staff("berta", shop, Role.APPROVER)
    RefundLimit.objects.update_or_create(
        shop=shop, role=Role.AGENT, currency="USD", defaults={"each": 1, "day": 1}
    )
    case = some_cases(shop, 1)[0]
    assert case.rma is not None
    make_item(case.rma)
    approver.by_badge = True

    job = finish(start([case], approver, Action.REFUND))

    assert job.refused == 1
    assert "a second person approves" in job.rows.get().said
    assert not Command.objects.exists()


def test_a_case_that_is_resolved_is_not_refunded(shop: Shop, anton: User) -> None:
    case = some_cases(shop, 1)[0]
    assert case.rma is not None
    make_item(case.rma)
    transitions.resolve(case.pk, by=anton, because="Done", version=case.version)

    job = finish(start([case], anton, Action.REFUND))

    assert (job.done, job.refused) == (0, 1)
    assert "Open it again first" in job.rows.get().said
    assert not Command.objects.exists()


def test_a_stopped_job_begins_no_further_row(shop: Shop, anton: User) -> None:
    job = start(some_cases(shop, 4), anton, "snooze", until_change=True)
    bulk.run_slice(limit=2)

    bulk.stop_bulk(job.pk, by=anton)
    finish(job)

    states = list(job.rows.values_list("state", flat=True))
    assert states == [STATE.DONE, STATE.DONE, STATE.LEFT, STATE.LEFT]
    assert (job.state, job.left) == (BulkJob.State.STOPPED, 2)
    assert Case.objects.filter(state=CaseState.SNOOZED).count() == 2


def test_a_job_waits_while_many_of_its_calls_have_not_left(
    shop: Shop, anton: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_WAITING", 2)
    job = start(some_cases(shop, 3), anton, Action.NOTE, note="Hello")
    assert bulk.run_slice(limit=2) == 2
    assert bulk.run_slice() == 0

    Command.objects.update(tries=1)
    assert bulk.run_slice() == 1
    job.refresh_from_db()
    assert job.state == BulkJob.State.DONE


def test_the_same_form_twice_is_one_job(shop: Shop, anton: User) -> None:
    cases, token = some_cases(shop, 2), uuid.uuid4()

    first = start(cases, anton, to=anton.pk, token=token)
    second = start(cases, anton, to=anton.pk, token=token)

    assert first == second
    finish(first)
    assert set(Case.objects.values_list("owner", flat=True)) == {anton.pk}


def test_only_cases_of_the_shop_are_taken_and_only_by_its_desk(
    shop: Shop, anton: User, wanda: User
) -> None:
    here, there = some_cases(shop, 1)[0], make_case(make_rma(make_shop()))

    job = start([here, there], anton, to=anton.pk)
    assert [row.case for row in job.rows.all()] == [here]

    with pytest.raises(transitions.Refused, match="may not"):
        start([here], wanda, to=anton.pk)
    with pytest.raises(transitions.Refused, match="at least one"):
        start([there], anton, to=anton.pk)
    with pytest.raises(transitions.Refused, match="Choose who"):
        start([here], anton)
    with pytest.raises(IntegrityError, match="another shop"), transaction.atomic():
        BulkRow.objects.update(case=there)
    with pytest.raises(transitions.Refused, match="cannot be done for many"):
        start([here], anton, Action.PART, amount="1")
    assert BulkJob.objects.count() == 1


def test_a_preview_says_of_each_what_would_happen_and_changes_nothing(
    shop: Shop, anton: User
) -> None:
    fine, cancelled, done = some_cases(shop, 3)
    assert fine.rma is not None
    make_item(fine.rma)
    Rma.objects.filter(cases=cancelled).update(narvar_status="cancelled_by_user")
    transitions.resolve(done.pk, by=anton, because="Done", version=done.version)
    rows = list(Case.objects.select_related("rma", "parcel", "shop").order_by("id"))

    found = bulk.preview(rows, Action.REFUND, anton)

    assert "49.99 USD" in found[0].effect
    assert found[0].blocked == ()
    assert any("cancelled" in why for why in found[1].blocked)
    assert found[2].blocked == ("It is resolved already.",)
    assert not Command.objects.exists()


def test_all_that_match_is_frozen_when_the_job_is_started(shop: Shop, anton: User) -> None:
    some_cases(shop, 2)
    late = desk.Wanted(tab=desk.Tab.LATE)
    Case.objects.update(due_at=timezone.now() - timedelta(hours=1))

    job = start(desk.matching(late, [shop], anton, timezone.now()), anton, to=anton.pk)
    some_cases(shop, 1)
    Case.objects.update(due_at=timezone.now() + timedelta(hours=1))
    finish(job)

    assert (job.total, job.done) == (2, 2)
