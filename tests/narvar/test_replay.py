"""Events applied once more: by one, by reason, by time; behind what has just arrived."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from returns_ops import failpoints
from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.messaging import inbox, replay
from returns_ops.messaging.models import Event, EventState, ReplayJob
from returns_ops.messaging.replay import CannotReplay, Selection
from returns_ops.narvar import inbound
from returns_ops.returns.models import Rma
from tests.builders import make_event, make_shop
from tests.narvar.lives import document, drain, history, keep, mirror, pauses_are_over

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("invariants_hold"),
]


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return make_shop()


@pytest.fixture
def failed(shop: Shop) -> list[Event]:
    """Three events that a mistake of ours killed; it is mended now."""
    events = [keep(shop, document(f"R{number}")) for number in range(3)]
    with failpoints.armed("drain.after_parse:raise"):
        for _ in range(inbox.ATTEMPTS):
            inbound.drain_batch()
            pauses_are_over()
    assert set(Event.objects.values_list("state", "reason")) == {("dead", "failed_repeatedly")}
    return events


def start(by: User, shop: Shop, **selected: Any) -> ReplayJob:
    return replay.start(Selection(shop=shop, **selected), by=by, why="The reader was mended")


def work() -> int:
    """The two tasks, one after the other, until nothing is left."""
    taken = 0
    for _ in range(20):
        taken += replay.run_slice()
        drain()
    return taken


def test_one_dead_event_is_applied_with_its_original_bytes(
    failed: list[Event], wanda: User, shop: Shop
) -> None:
    job = start(wanda, shop, event=failed[0])

    assert work() == 1

    event, job = Event.objects.get(pk=failed[0].pk), ReplayJob.objects.get(pk=job.pk)
    assert (event.state, event.outcome, event.reason, event.attempts) == ("done", "created", "", 1)
    assert bytes(event.body) == bytes(failed[0].body)
    assert (job.state, job.total, job.done, job.failed) == ("done", 1, 1, 0)
    assert job.finished_at is not None
    assert Rma.objects.get().rma_number == "R0"


def test_all_of_a_reason_are_applied_and_others_are_not(
    failed: list[Event], wanda: User, shop: Shop
) -> None:
    unreadable = keep(shop, b"{not json")
    drain()
    assert replay.reasons([shop]) == [("dead", "failed_repeatedly", 3), ("dead", "not_json", 1)]

    job = start(wanda, shop, reason="failed_repeatedly")
    assert work() == 3

    job.refresh_from_db()
    assert (job.total, job.done, job.failed) == (3, 3, 0)
    unreadable.refresh_from_db()
    assert (unreadable.state, unreadable.attempts) == (EventState.DEAD, 1)
    assert replay.reasons([shop]) == [("dead", "not_json", 1)]


def test_one_that_fails_again_is_counted_and_not_taken_twice(wanda: User, shop: Shop) -> None:
    for number in range(3):
        keep(shop, b"{not json %d" % number)
    drain()

    job = start(wanda, shop, reason="not_json")
    assert work() == 3

    job.refresh_from_db()
    assert (job.state, job.done, job.failed) == ("done", 0, 3)
    assert set(Event.objects.values_list("state", "attempts")) == {("dead", 1)}


def test_twice_changes_nothing(failed: list[Event], wanda: User, shop: Shop) -> None:
    start(wanda, shop, reason="failed_repeatedly")
    work()
    before = mirror(), history(), Rma.objects.values_list("version", flat=True)[0]

    start(wanda, shop, since=timezone.now() - timedelta(hours=1))
    assert work() == 3

    assert (mirror(), history(), Rma.objects.values_list("version", flat=True)[0]) == before
    assert set(Event.objects.values_list("state", "outcome")) == {("done", "same")}


def test_old_news_that_were_history_stay_one_line_of_history(wanda: User, shop: Shop) -> None:
    for step in (2, 0, 1):
        keep(shop, document("R1", step))
        drain()
    before = mirror(), history()

    start(wanda, shop, since=timezone.now() - timedelta(hours=1))
    work()

    assert (mirror(), history()) == before
    assert not Rma.objects.get().needs_refetch


def test_a_time_takes_only_what_came_in_it(wanda: User, shop: Shop) -> None:
    now = timezone.now()
    for hours in (5, 3, 1):
        at = now - timedelta(hours=hours)
        make_event(shop, b"{", state=EventState.DEAD, reason="not_json", received_at=at)

    job = start(wanda, shop, since=now - timedelta(hours=4), until=now - timedelta(hours=2))
    assert (job.total, work()) == (1, 1)


def test_what_was_set_aside_is_applied_too(wanda: User, shop: Shop) -> None:
    Shop.objects.filter(pk=shop.pk).update(active=False)
    keep(shop, b'{"rma_number":"R1"}')
    Shop.objects.filter(pk=shop.pk).update(active=True)
    drain()
    assert not Rma.objects.exists()

    start(wanda, shop, reason="shop_inactive")
    assert work() == 1

    assert Event.objects.get().state != EventState.PARKED


def test_what_arrives_goes_first(failed: list[Event], wanda: User, shop: Shop) -> None:
    start(wanda, shop, reason="failed_repeatedly")
    live = keep(shop, document("R9"))
    ago = timezone.now() - timedelta(seconds=5)
    Event.objects.filter(pk=live.pk).update(next_attempt_at=ago)

    assert replay.run_slice() == 0
    drain()
    assert replay.run_slice() == 3


def test_a_replayed_event_stands_behind_live_ones(
    failed: list[Event], wanda: User, shop: Shop
) -> None:
    live = keep(shop, document("R9"))
    start(wanda, shop, reason="failed_repeatedly")
    replay.run_slice()

    assert [event.pk for event in inbox.claim(1)] == [live.pk]


def test_a_slice_is_bounded_and_the_next_goes_on(
    failed: list[Event], wanda: User, shop: Shop
) -> None:
    job = start(wanda, shop, reason="failed_repeatedly")

    assert replay.run_slice(2) == 2
    job.refresh_from_db()
    assert (job.state, len(job.in_flight), job.done) == ("running", 2, 0)
    drain()
    assert replay.run_slice(2) == 1
    job.refresh_from_db()
    assert (job.state, len(job.in_flight), job.done) == ("running", 1, 2)
    drain()
    assert replay.run_slice(2) == 0
    job.refresh_from_db()
    assert (job.state, job.in_flight, job.done) == ("done", [], 3)


def test_stopped_it_takes_no_more(failed: list[Event], wanda: User, shop: Shop) -> None:
    job = start(wanda, shop, reason="failed_repeatedly")
    replay.run_slice(1)

    replay.stop(job.pk, by=wanda)

    assert work() == 0
    assert Event.objects.filter(state=EventState.DEAD).count() == 2


def test_who_started_it_and_why_is_on_record(failed: list[Event], wanda: User, shop: Shop) -> None:
    job = start(wanda, shop, event=failed[0])
    replay.stop(job.pk, by=wanda)

    begun, ended = AuditEntry.objects.order_by("id")
    assert (begun.action, begun.actor, begun.shop) == ("replay.start", wanda, shop)
    assert begun.data == {
        "job": job.pk,
        "why": "The reader was mended",
        "reason": "",
        "event": failed[0].pk,
        "total": 1,
    }
    assert ended.action == "replay.stop"


def test_nothing_starts_without_a_reason_a_selection_or_an_event(
    failed: list[Event], wanda: User, shop: Shop
) -> None:
    with pytest.raises(CannotReplay, match="Say why"):
        replay.start(Selection(shop=shop, event=failed[0]), by=wanda, why="  ")
    with pytest.raises(CannotReplay, match="Say which"):
        start(wanda, shop)
    with pytest.raises(CannotReplay, match="no such event"):
        start(wanda, shop, reason="too_deep")
    assert not ReplayJob.objects.exists()
    assert not AuditEntry.objects.exists()


def test_events_of_another_shop_are_out_of_reach(failed: list[Event], wanda: User) -> None:
    other = make_shop()

    with pytest.raises(CannotReplay):
        start(wanda, other, event=failed[0])
    with pytest.raises(CannotReplay):
        start(wanda, other, reason="failed_repeatedly")


def test_the_database_refuses_a_job_without_a_reason(shop: Shop, wanda: User) -> None:
    with pytest.raises(IntegrityError, match="replay_says_why"), transaction.atomic():
        ReplayJob.objects.create(shop=shop, reason="x", why="", started_by=wanda, last_id=1)
