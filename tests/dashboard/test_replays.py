from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import replay
from returns_ops.messaging.models import Event, EventState, ReplayJob
from tests.builders import give_role, make_event, make_shop, make_staff

URL = "/messages/in/replay/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def failed(shop: Shop) -> list[Event]:
    return [make_event(shop, state=EventState.DEAD, reason="no_status") for _ in range(3)]


def test_one_event_is_replayed_after_a_review(
    client: Client, ana: User, shop: Shop, failed: list[Event]
) -> None:
    detail = client.get(reverse("event", args=[failed[0].pk]))
    review = client.get(detail.context["page"].replay)
    assert "Replay 1 event" in review.content.decode()
    assert not ReplayJob.objects.exists()
    form = dict(review.context["review"].hidden)

    answer = client.post(URL, {**form, "why": "The reader was mended"}, follow=True)

    job = ReplayJob.objects.get()
    assert answer.redirect_chain == [(reverse("replay_job", args=[job.pk]), 302)]
    assert (job.event_id, job.started_by, job.why) == (failed[0].pk, ana, "The reader was mended")
    assert AuditEntry.objects.filter(action="replay.start", actor=ana, shop=shop).exists()


def test_all_of_a_reason_are_offered_with_their_number(
    client: Client, shop: Shop, failed: list[Event]
) -> None:
    groups = client.get(URL).context["choice"].groups
    assert [(group.name, group.number) for group in groups] == [("No return status", 3)]

    review = client.get(groups[0].url)
    client.post(URL, {**dict(review.context["review"].hidden), "why": "mended"})

    assert (ReplayJob.objects.get().reason, ReplayJob.objects.get().total) == ("no_status", 3)


def test_a_time_is_of_the_shops_own_clock(client: Client, shop: Shop) -> None:
    Shop.objects.update(timezone="America/New_York")
    asked = {"shop": shop.domain, "since": "2026-11-20T08:00", "until": "2026-11-20T10:00"}
    for hour in (12, 13, 14, 15):
        make_event(shop, received_at=f"2026-11-20T{hour}:30:00Z")

    review = client.get(URL, asked)
    client.post(URL, {**dict(review.context["review"].hidden), "why": "mended"})

    job = ReplayJob.objects.get()
    assert job.total == 2
    assert f"{job.since:%H:%M}" == "13:00"
    assert "from 20 Nov, 08:00 to 20 Nov, 10:00" in review.content.decode()


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"why": " "}, "Say why these events"),
        ({"reason": "empty"}, "already waiting"),
        ({"reason": "", "since": "yesterday"}, "cannot be read"),
        ({"reason": "", "since": "0001-01-01T00:00"}, "no event in that year"),
        ({"reason": "", "until": "2026-01-01T00:00"}, "Say when the time begins"),
        (
            {"since": "2026-01-02T00:00", "until": "2026-01-01T00:00"},
            "not after its beginning",
        ),
        ({"shop": "elsewhere.myshopify.com"}, "cannot be read"),
    ],
)
def test_half_a_form_starts_nothing(
    spoilt: dict[str, str], words: str, client: Client, shop: Shop, failed: list[Event]
) -> None:
    form = {"shop": shop.domain, "reason": "no_status", "why": "mended", **spoilt}

    answer = client.post(URL, form)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ReplayJob.objects.exists()


def test_who_may_only_look_starts_nothing(client: Client, shop: Shop, failed: list[Event]) -> None:
    client.force_login(make_staff(shop=shop, role=Role.SECURITY_ADMIN))

    answer = client.post(URL, {"shop": shop.domain, "reason": "no_status", "why": "mended"})

    assert answer.status_code == 403
    assert not ReplayJob.objects.exists()


def test_an_event_of_another_shop_cannot_be_named(client: Client, ana: User, shop: Shop) -> None:
    foreign = make_event(make_shop(), state=EventState.DEAD, reason="empty")

    answer = client.get(URL, {"shop": shop.domain, "event": str(foreign.pk)})
    posted = client.post(URL, {"shop": shop.domain, "event": str(foreign.pk), "why": "mended"})

    assert (answer.status_code, posted.status_code) == (404, 404)
    assert not ReplayJob.objects.exists()


def test_the_progress_is_followed_to_its_end(
    client: Client, ana: User, shop: Shop, failed: list[Event]
) -> None:
    job = replay.start(replay.Selection(shop=shop, reason="no_status"), by=ana, why="mended")
    url = reverse("replay_job", args=[job.pk])
    assert "hx-trigger" in client.get(url, headers=HTMX).content.decode()

    replay.run_slice()
    Event.objects.filter(pk=failed[0].pk).update(state=EventState.DEAD, reason="no_status")
    Event.objects.filter(pk__in=[one.pk for one in failed[1:]]).update(state=EventState.DONE)
    replay.run_slice()

    answer = client.get(url, headers=HTMX)
    part = answer.content.decode()
    assert answer.status_code == 286
    assert "hx-trigger" not in part
    assert "3 of 3</strong> through: 2 applied" in part
    assert "1 failed again" in part


def test_a_replay_can_be_stopped(
    client: Client, ana: User, shop: Shop, failed: list[Event]
) -> None:
    job = replay.start(replay.Selection(shop=shop, reason="no_status"), by=ana, why="mended")

    client.post(reverse("replay_stop", args=[job.pk]))

    job.refresh_from_db()
    assert job.state == ReplayJob.State.STOPPED


def test_with_two_shops_one_is_chosen_first(client: Client, ana: User, shop: Shop) -> None:
    other = make_shop("other.myshopify.com")
    give_role(ana, other, Role.AGENT)
    make_event(other, received_at=timezone.now() - timedelta(days=1))

    choice = client.get(URL).context["choice"]
    chosen = client.get(choice.shops[0][1]).context["choice"]

    assert choice.shop is None
    assert chosen.shop == other
