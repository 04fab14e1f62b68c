"""What is old goes, in batches, by and by; what may still be needed stays."""

import io
import re
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import replay
from returns_ops.messaging import retention as walking
from returns_ops.messaging.models import (
    Command,
    CommandState,
    Event,
    EventState,
    Heartbeat,
    ReplayJob,
)
from returns_ops.narvar import retention, silence, tasks
from returns_ops.returns.models import Notice, Rma, Scan
from tests.builders import (
    make_attempt,
    make_command,
    make_event,
    make_rma,
    make_rma_event,
    make_shop,
    make_staff,
)
from tests.circle import Circle
from tests.dashboard.desk_cases import make_case
from tests.narvar.lives import document, drain, keep, mirror
from tests.narvar.test_metrics import number

DAY = timedelta(days=1)


@pytest.fixture
def agent(shop: Shop) -> User:
    return make_staff("ana", shop, Role.AGENT)


@pytest.fixture
def stranger(shop: Shop) -> User:
    """Of another shop."""
    return make_staff("otto", make_shop(), Role.AGENT)


def ago(days: float) -> dict[str, Any]:
    at = timezone.now() - days * DAY
    return {"received_at": at, "last_seen_at": at, "done_at": at}


def old_event(shop: Shop, days: float = 31, **fields: Any) -> Event:
    return make_event(shop, **{**ago(days), "outcome": "same", **fields})


def a_young_one(shop: Shop) -> Event:
    """The shop's newest, which stays at any age."""
    return make_event(shop, **ago(0), outcome="same")


def grow_old(days: float) -> None:
    """All that was received so far was received that long ago."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE messaging_event SET received_at = received_at - %(by)s::interval,"
            " last_seen_at = last_seen_at - %(by)s::interval, done_at = done_at - %(by)s::interval",
            {"by": f"{days} days"},
        )
        cursor.execute("SET session_replication_role = origin")


def retire(seconds: float = 60) -> dict[str, tuple[int, int, bool]]:
    told = retention.retire(until=time.monotonic() + seconds)
    return {one.name: (one.gone, one.failed, one.through) for one in told}


def gone(seconds: float = 60) -> int:
    return retire(seconds)["events"][0]


def test_applied_events_go_after_their_days_and_all_others_stay(shop: Shop) -> None:
    old_event(shop)
    stay = [
        old_event(shop, days=29),
        old_event(shop, last_seen_at=timezone.now() - DAY),
        old_event(shop, done_at=timezone.now() - DAY),  # replayed yesterday
        old_event(shop, state=EventState.PENDING, done_at=None, attempts=1),
        old_event(shop, state=EventState.PARKED, reason="shop_inactive"),
        old_event(shop, state=EventState.DEAD, reason="not_json"),
        old_event(shop),  # the newest
    ]

    assert retire()["events"] == (1, 0, True)
    assert list(Event.objects.order_by("pk")) == stay
    assert gone() == 0


def test_scans_and_read_notices_go_after_their_days(shop: Shop, agent: User) -> None:
    rma, at = make_rma(shop), timezone.now() - 91 * DAY
    for name in ("old", "young"):
        Scan.objects.create(scan_id=uuid.uuid4(), raw=name, result="opened", rma=rma, by=agent)
    Scan.objects.filter(raw="old").update(at=at)
    case = make_case(shop)
    for name, read_at in (("read", at), ("read lately", timezone.now() - DAY), ("unread", None)):
        notice = {"user": agent, "case": case, "kind": "watched", "text": name, "key": name}
        Notice.objects.create(**notice, at=at, read_at=read_at)

    told = retire()

    assert (told["scans"], told["notices"]) == ((1, 0, True), (1, 0, True))
    assert list(Scan.objects.values_list("raw", flat=True)) == ["young"]
    assert set(Notice.objects.values_list("text", flat=True)) == {"read lately", "unread"}


def test_a_silent_shop_is_still_known_to_be_silent(shop: Shop) -> None:
    for _ in range(3):
        old_event(shop, days=60)

    assert gone() == 2
    assert silence.silence(shop).words == "last event 60 d ago"


@pytest.mark.parametrize("count", [3, 4, 6, 7])
def test_batches_miss_none_and_take_none_too_many(
    shop: Shop, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 3)
    for _ in range(count):
        old_event(shop)
        dead = old_event(shop, state=EventState.DEAD, reason="not_json")
    young = a_young_one(shop)

    assert gone() == count
    left = Event.objects.order_by("pk")
    assert left.filter(state=EventState.DEAD).count() == count
    assert list(left)[-2:] == [dead, young]


def test_a_run_without_time_leaves_the_rest_to_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_event(shop)
    a_young_one(shop)

    assert retire(seconds=0)["events"] == (0, 0, False)
    assert retire()["events"] == (1, 0, True)


def test_a_batch_that_fails_is_seen_and_holds_up_no_other(
    transactional_db: None, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH", 2)
    events = [old_event(shop) for _ in range(6)]
    a_young_one(shop)
    with connection.cursor() as cursor:  # the database holds on to one, for a reason of its own
        cursor.execute("CREATE TABLE holds (event bigint REFERENCES messaging_event)")
        cursor.execute("INSERT INTO holds VALUES (%s)", [events[2].pk])

    tasks.retire_old()

    assert list(Event.objects.order_by("pk"))[:-1] == events[2:4]
    assert number("retention_overdue_seconds", kind="events") == pytest.approx(86_400, abs=60)
    assert not Heartbeat.objects.filter(name="retirement").exists()
    with pytest.raises(CommandError, match="Batches failed; the log says why: events"):
        call_command("retire", stdout=io.StringIO())


def test_what_is_overdue_is_told_by_kind_until_it_is_gone(
    transactional_db: None, shop: Shop
) -> None:
    old_event(shop, days=33)
    a_young_one(shop)
    AccessLog.objects.create(username="wanda")
    AccessLog.objects.update(attempt_time=timezone.now() - 91 * DAY)
    overdue = "retention_overdue_seconds"
    assert number(overdue, kind="events") == pytest.approx(3 * 86_400, abs=60)
    assert number(overdue, kind="logins") == pytest.approx(86_400, abs=60)
    assert number(overdue, kind="answers") == 0

    tasks.retire_old()

    assert number(overdue, kind="events") == number(overdue, kind="logins") == 0
    assert number("heartbeat_age_seconds", name="retirement") == pytest.approx(0, abs=5)


def test_the_same_news_after_its_event_went_changes_nothing(
    shop: Shop, invariants_hold: None
) -> None:
    news = [document("RM-1", step) for step in (0, 1, 2)]
    for step, body in enumerate(news):
        keep(shop, body, webhook_id=f"w{step}")
    drain()
    held = mirror()
    grow_old(31)
    keep(shop, document("RM-2"))
    drain()
    assert gone() == 3

    again = [keep(shop, body, webhook_id=f"w{step}") for step, body in enumerate(news)]
    drain()

    assert [event.deliveries for event in again] == [1, 1, 1]
    outcomes = Event.objects.filter(subject="RM-1").order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["older", "older", "same"]
    assert mirror()[:1] == held


def test_within_its_days_an_event_is_known_again(shop: Shop) -> None:
    first = keep(shop, document("RM-1"), webhook_id="w")
    drain()
    grow_old(29)
    a_young_one(shop)
    assert gone() == 0

    assert keep(shop, document("RM-1"), webhook_id="w") == first


def test_a_refund_is_not_made_twice_by_news_whose_event_went(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.send()
    circle.refund_arrives(rma)
    grow_old(31)
    circle.arrive()
    assert gone() >= 2

    circle.tell(rma.rma_number)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert Command.objects.count() == 1
    assert circle.rma(rma.rma_number).transactions.count() == 1


@pytest.fixture
def rma(shop: Shop) -> Rma:
    return make_rma(shop, "RM-2001")


@pytest.fixture
def retired(shop: Shop, rma: Rma) -> int:
    """The key of an event of which only the history is left."""
    event = old_event(shop, subject=rma.rma_number, outcome="applied")
    make_rma_event(rma, "Narvar says: arrived", event=event, changes={"receipt": ["a", "b"]})
    kept = a_young_one(shop)
    make_rma_event(rma, "Narvar says: approved", event=kept)
    assert gone() == 1
    return event.pk


def test_history_says_that_a_message_is_no_longer_kept(
    client: Client, agent: User, rma: Rma, retired: int
) -> None:
    client.force_login(agent)
    page = client.get(f"/rmas/{rma.shop.domain}/{rma.rma_number}/").content.decode()

    assert "Narvar says: arrived" in page
    assert page.count("the message is no longer kept (30 days)") == 1
    assert f"/messages/in/{retired}/" not in page
    assert f"/messages/in/{Event.objects.get().pk}/" in page


@pytest.mark.parametrize("part", ["", "reveal/"])
def test_the_page_of_an_event_that_went_says_what_it_did(
    client: Client, shop: Shop, rma: Rma, retired: int, part: str, agent: User
) -> None:
    client.force_login(agent)
    url = f"/messages/in/{retired}/{part}"
    answer = client.post(url) if part else client.get(url)

    page = answer.content.decode()
    assert answer.status_code == 410
    assert "The message is no longer kept (30 days). What it changed is kept." in page
    assert "Narvar says: arrived" in page
    assert "RM-2001" in page
    assert client.get(f"/messages/in/{retired + 10**6}/").status_code == 404


def test_an_event_that_went_is_nobodys_business_in_another_shop(
    client: Client, retired: int, stranger: User
) -> None:
    client.force_login(stranger)

    assert client.get(f"/messages/in/{retired}/").status_code == 404


def test_what_went_cannot_be_replayed(
    client: Client, shop: Shop, retired: int, agent: User
) -> None:
    client.force_login(agent)
    asked = {"shop": shop.domain, "event": str(retired), "why": "To see"}

    for answer in (
        client.get("/messages/in/replay/", asked),
        client.post("/messages/in/replay/", asked),
    ):
        assert answer.status_code == 410
        assert "no longer kept (30 days)" in answer.content.decode()


def test_a_replay_outlives_its_events(client: Client, shop: Shop, agent: User) -> None:
    event = old_event(shop, outcome="applied")
    a_young_one(shop)
    job = replay.start(replay.Selection(shop=shop, event=event), by=agent, why="To see")
    assert gone() == 1

    replay.run_slice()

    job.refresh_from_db()
    assert job.state == ReplayJob.State.DONE
    client.force_login(agent)
    for url in (reverse("replay_job", args=[job.pk]), reverse("replay")):
        assert f"Event {event.pk}" in client.get(url).content.decode()


def test_old_answers_are_forgotten_and_their_tries_kept(
    client: Client, rma: Rma, agent: User
) -> None:
    settled = make_command(rma, by=agent, state=CommandState.CONFIRMED)
    other = {"moves_money": False, "amount": None, "cap": None, "currency": ""}
    unsettled = make_command(rma, by=agent, state=CommandState.ATTENTION, **other)
    long_ago = timezone.now() - 401 * DAY
    old = {"finished_at": long_ago, "started_at": long_ago}
    forgotten = make_attempt(settled, answer='{"told": 1}', **old)
    stay = [make_attempt(settled, answer="young"), make_attempt(unsettled, answer="open", **old)]

    assert retire()["answers"] == (1, 0, True)

    forgotten.refresh_from_db()
    assert (forgotten.answer, forgotten.http_status) == ("", 201)
    for one, answer in zip(stay, ["young", "open"], strict=True):
        one.refresh_from_db()
        assert one.answer == answer
    client.force_login(agent)
    page = client.get(reverse("command", args=[settled.pk])).content.decode()
    assert page.count("answers are kept for 400 days") == 1


def test_ended_sessions_and_old_logins_go(shop: Shop, wandas_client: Client) -> None:
    ended = Session.objects.create(session_key="ended", expire_date=timezone.now() - DAY)
    for model, extra in ((AccessLog, {}), (AccessAttempt, {"failures_since_start": 1})):
        for name in ("old", "new"):
            model.objects.create(username=name, **extra)
        model.objects.filter(username="old").update(attempt_time=timezone.now() - 91 * DAY)

    told = retire()

    assert [told[name][0] for name in ("sessions", "logins", "wrong_passwords")] == [1, 1, 1]
    assert not Session.objects.filter(pk=ended.pk).exists()
    assert wandas_client.get("/").status_code == 200
    for model in (AccessLog, AccessAttempt):
        assert set(model.objects.values_list("username", flat=True)) <= {"new", "wanda"}


def test_by_hand_it_says_what_would_go_and_what_went(shop: Shop) -> None:
    old_event(shop)
    a_young_one(shop)
    said = io.StringIO()

    call_command("retire", "--dry-run", stdout=said)
    assert re.search("^events: 1 would go$", said.getvalue(), re.MULTILINE)
    assert Event.objects.count() == 2

    call_command("retire", stdout=said)
    assert re.search("^events: 1 gone$", said.getvalue(), re.MULTILINE)
    assert Event.objects.count() == 1
