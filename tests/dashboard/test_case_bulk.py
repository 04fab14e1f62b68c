"""What is done about many cases at once, from the desk."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import bulk, macros
from returns_ops.returns.models import BulkJob, BulkRow, Case, Rma
from returns_ops.returns.states import CaseState, Cause, Work
from tests.builders import lift_limits, make_command, make_shop, make_staff
from tests.dashboard.desk_cases import fresh, make_case

LogIn = Callable[[User], Client]


def bulk_post(client: Client, **fields: Any) -> Any:
    """Confirmed is what was shown just before, unless the test keeps an older list."""
    known = {"query": "tab=all", "submission_token": str(uuid.uuid4()), **fields}
    if "confirm" in known and "reviewed" not in known:
        shown = client.post("/exceptions/bulk/", {**known, "confirm": []})
        known["reviewed"] = shown.context["review"].reviewed if shown.context else ""
    return client.post("/exceptions/bulk/", known)


def test_a_yes_takes_what_was_looked_at_and_nothing_else(client: Client, shop: Shop) -> None:
    same, changed = make_case(shop, "RM-1"), make_case(shop, "RM-2")
    said = {"action": "resolve", "all": "1", "because": "Known fault"}
    reviewed = bulk_post(client, **said).context["review"].reviewed
    later = make_case(shop, "RM-3")
    Case.objects.filter(pk=changed.pk).update(version=9)
    forged = bulk_post(client, **said, confirm="1", reviewed=reviewed[:-2] + "xx")
    assert forged.status_code == 422
    assert not BulkJob.objects.exists()

    again = bulk_post(client, **said, reviewed=reviewed).context["review"]
    assert (again.count, again.blocked) == (2, 1)
    bulk_post(client, **said, confirm="1", reviewed=reviewed)
    while bulk.run_slice():
        pass

    states = [fresh(one).state for one in (same, changed, later)]
    assert states == [CaseState.RESOLVED, CaseState.OPEN, CaseState.OPEN]
    assert BulkJob.objects.get().total == 2


def test_a_bulk_action_is_previewed_begun_and_answered_row_by_row(
    client: Client, shop: Shop
) -> None:
    lift_limits(shop)
    cases = [make_case(shop, f"RM-{number}") for number in range(4)]
    blocked = make_case(shop, "RM-DONE")
    assert blocked.rma is not None
    blocked.rma.narvar_status, blocked.rma.work = "approved", Work.DONE
    blocked.rma.save()
    picked = {"action": "no_refund", "case": [one.pk for one in (*cases, blocked)]}

    review = bulk_post(client, **picked)
    assert review.status_code == 200
    assert review.context["review"].blocked == 1
    assert not BulkJob.objects.exists()

    token = str(uuid.uuid4())
    for _ in range(2):  # a double click begins one job
        begun = bulk_post(client, confirm="1", **picked, submission_token=token)
    job = BulkJob.objects.get()
    assert begun["Location"] == f"/exceptions/jobs/{job.pk}/"
    Case.objects.filter(pk=cases[0].pk).update(version=9)
    while bulk.run_slice():
        pass

    page = client.get(f"/exceptions/jobs/{job.pk}/").context["page"]
    assert (page.job.done, page.job.refused, page.running) == (3, 2, False)
    refused = client.get(f"/exceptions/jobs/{job.pk}/?only=refused").context["page"].rows
    assert {row.number for row in refused} == {"RM-0", "RM-DONE"}
    assert Command.objects.count() == 3


def test_all_that_match_is_not_only_what_is_on_the_page(client: Client, shop: Shop) -> None:
    for _ in range(55):
        make_case(shop, cause=Cause.BENCH)
    make_case(shop, cause=Cause.REFUSED)
    matching = {"action": "resolve", "all": "1", "query": "tab=all&cause=bench"}

    review = bulk_post(client, **matching).context["review"]
    assert (review.count, len(review.rows), review.left) == (55, 25, 30)
    last = bulk_post(client, **matching, **{"from": "50"}).context["review"]
    assert (len(last.rows), last.left) == (5, 0)
    assert bulk_post(client, **matching, confirm="1", because=" ").status_code == 422
    bulk_post(client, **matching, confirm="1", because="Known fault")

    assert BulkJob.objects.get().total == 55


def test_a_job_is_stopped_and_its_other_rows_are_left(client: Client, shop: Shop) -> None:
    for _ in range(3):
        make_case(shop)
    bulk_post(client, action="resolve", all="1", confirm="1", because="Known fault")
    job = BulkJob.objects.get()
    bulk.run_slice(limit=1)

    client.post(f"/exceptions/jobs/{job.pk}/stop/")

    job.refresh_from_db()
    assert (job.state, job.done) == ("stopped", 1)
    assert BulkRow.objects.filter(state="left").count() == 2


def test_what_is_not_said_is_not_done_for_many(client: Client, ana: User, case: Case) -> None:
    Case.objects.update(owner=ana)
    stranger = make_staff("eve", make_shop())
    for to in ("", "999", "x", str(stranger.pk)):
        asked = {"action": "assign", "case": [case.pk], "to": to, "confirm": "1"}
        assert bulk_post(client, **asked).status_code == 422, to
    assert not BulkJob.objects.exists()

    bulk_post(client, action="assign", case=[case.pk], to="nobody", confirm="1")
    bulk.run_slice()
    assert fresh(case).owner is None


def test_more_than_can_be_picked_is_said_and_nothing_is_left_out(
    client: Client, case: Case
) -> None:
    many = [case.pk, *range(10**6, 10**6 + 500)]
    answer = client.post("/exceptions/bulk/", {"action": "resolve", "case": many}, follow=True)
    assert "At most 500 cases can be picked" in answer.content.decode()


def test_a_macro_for_many_runs_as_it_was_read(
    client: Client, ana: User, shop: Shop, case: Case
) -> None:
    macro = macros.save(shop, "Mine", [{"do": "assign_me"}], by=ana)
    asked = {"action": "macro", "case": [case.pk], "macro": f"{macro.pk}.{macro.version}"}
    assert bulk_post(client, **asked, confirm="1").status_code == 302
    free = [{"do": "unassign"}]
    macros.save(shop, "Mine", free, by=ana, macro_id=macro.pk, version=macro.version)
    bulk.run_slice()

    assert "changed since you looked at it" in BulkRow.objects.get().said
    assert bulk_post(client, **asked, confirm="1").status_code == 422
    assert BulkJob.objects.count() == 1


@pytest.mark.parametrize("action", ["refund", "retry"])
def test_a_review_costs_the_same_for_one_case_and_for_a_page(
    action: str, client: Client, ana: User, shop: Shop
) -> None:
    def queries() -> int:
        for rma in Rma.objects.filter(cases__marker=""):
            command = make_command(rma, by=ana, state=CommandState.REFUSED, settled_at=Now())
            Case.objects.filter(rma=rma).update(marker=f"command {command.pk}")
        with CaptureQueriesContext(connection) as asked:
            review = bulk_post(client, action=action, all="1").context["review"]
        assert {bool(row.effect or row.blocked) for row in review.rows} == {True}
        return len(asked)

    make_case(shop, cause=Cause.REFUSED)
    one = queries()
    for _ in range(24):
        make_case(shop, cause=Cause.REFUSED)
    assert queries() == one <= 32


def test_a_job_says_no_more_than_is_known_of_its_calls(
    client: Client, shop: Shop, case: Case
) -> None:
    make_case(shop, "RM-2")
    bulk_post(client, action="no_refund", all="1", confirm="1")
    bulk.run_slice()
    for state in (CommandState.SENDING, CommandState.ACCEPTED):
        Command.objects.filter(subject="RM-2").update(state=state, accepted_at=Now())
    url = f"/exceptions/jobs/{BulkJob.objects.get().pk}/"

    page = client.get(url).content.decode()
    assert "2 decided" in page
    assert "1 queued · 1 accepted by Narvar" in page
    assert ">Done<" not in page
    assert "0 of 0" not in client.get("/exceptions/jobs/").content.decode()


def test_nothing_chosen_begins_nothing(client: Client, case: Case) -> None:
    for fields in ({}, {"action": "resolve"}, {"action": "evil", "case": [case.pk]}):
        assert bulk_post(client, confirm="1", **fields).status_code == 302
    assert not BulkJob.objects.exists()


def test_cases_and_jobs_of_another_shop_are_nobodys_here(
    client: Client, ana: User, shop: Shop, log_in: LogIn
) -> None:
    foreign = make_case(make_shop())
    picked = {"action": "resolve", "case": [foreign.pk], "because": "x", "confirm": "1"}

    assert bulk_post(client, **picked).status_code == 422
    assert fresh(foreign).state == CaseState.OPEN
    make_case(shop)
    bulk_post(client, action="resolve", all="1", confirm="1", because="Known fault")
    job = BulkJob.objects.get()
    stranger = log_in(make_staff("eve", make_shop()))
    assert stranger.get(f"/exceptions/jobs/{job.pk}/").status_code == 404
    assert stranger.post(f"/exceptions/jobs/{job.pk}/stop/").status_code == 404
    assert BulkJob.objects.get().state == "running"
