"""The door is looked at from outside; a gap in which nobody saw it open is noticed afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from returns_ops.messaging.models import Heartbeat
from returns_ops.narvar import outages
from returns_ops.narvar.models import Outage


@pytest.fixture
def door_seen(live_server: Any, settings: Any) -> Any:
    settings.PUBLIC_URL = live_server.url
    return lambda ago: Heartbeat.objects.filter(name="door").update(
        seen_at=timezone.now() - timedelta(seconds=ago)
    )


def test_the_first_look_at_an_open_door_is_no_outage(door_seen: Any) -> None:
    assert outages.watch() is None
    assert Heartbeat.objects.filter(name="door").exists()


@pytest.mark.parametrize(("ago", "found"), [(11, False), (59, False), (70, True), (5000, True)])
def test_a_door_unseen_for_more_than_a_minute_was_shut(
    door_seen: Any, ago: int, found: bool
) -> None:
    outages.watch()
    door_seen(ago)

    outage = outages.watch()

    assert (outage is not None) is found
    if outage:
        assert abs((outage.ended_at - outage.began_at).total_seconds() - ago) < 5
    assert outages.watch() is None


def test_while_the_door_is_shut_nothing_is_noted(door_seen: Any, settings: Any) -> None:
    outages.watch()
    door_seen(300)
    settings.PUBLIC_URL = "http://127.0.0.1:1"

    assert outages.watch() is None

    assert timezone.now() - Heartbeat.objects.get(name="door").seen_at > timedelta(seconds=290)
    assert not Outage.objects.exists()
