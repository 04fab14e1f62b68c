"""Killed at any step, in a real process: nothing acknowledged is lost, and the end is the same."""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from returns_ops import failpoints
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event, EventState
from returns_ops.narvar.connections import Door, issue_webhook_credential
from returns_ops.narvar.inbound import drain_batch
from returns_ops.returns.invariants import broken
from tests.builders import make_shop
from tests.children import Delivered, failpoints_in_source, run
from tests.narvar.lives import (
    document,
    drain,
    forget_everything,
    history,
    mirror,
    pauses_are_over,
)

PLACED = failpoints_in_source()
AT_THE_DOOR = [name for name in PLACED if name.startswith("ingress.")]
IN_THE_DRAIN = [name for name in PLACED if name.startswith("drain.")]


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Shop]:
    yield make_shop("larkspur.myshopify.com")
    assert broken() == []


@pytest.fixture
def deliveries(shop: Shop) -> list[Delivered]:
    """Two returns: one told in order with a retry, the other backwards and by something odd."""
    door = issue_webhook_credential(shop)
    bodies = [
        *[json.dumps(document("R1", step)) for step in (0, 1, 1, 2, 3)],
        *[json.dumps(document("R2", step)) for step in (2, 1)],
        "{not json",
    ]
    return [_delivery(door, body, number) for number, body in enumerate(bodies)]


@pytest.fixture
def unharmed(deliveries: list[Delivered]) -> Any:
    """How it ends when nothing happens."""
    assert [knock(one) for one in deliveries] == [200] * len(deliveries)
    drain()
    end = state()
    forget_everything()
    return end


def _delivery(door: Door, body: str, number: int) -> Delivered:
    pair = f"{door.webhook_username}:{door.webhook_password}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair).decode()}",
        "X-Narvar-Webhook-Id": hashlib.sha256(body.encode()).hexdigest(),
        "X-Narvar-Timestamp": str(1_792_341_155 + number),
    }
    return door.webhook_url[door.webhook_url.index("/webhooks/") :], headers, body


def knock(delivery: Delivered) -> int:
    path, headers, body = delivery
    answer = Client().post(path, body.encode(), "application/json", headers=headers)
    return answer.status_code


def state() -> Any:
    events = Event.objects.order_by("webhook_id").values_list("webhook_id", "state", "outcome")
    return mirror(), history(), list(events)


def kept(delivery: Delivered) -> bool:
    _, headers, body = delivery
    event = Event.objects.filter(webhook_id=headers["X-Narvar-Webhook-Id"]).first()
    return event is not None and bytes(event.body_sha256) == hashlib.sha256(body.encode()).digest()


def test_every_step_has_a_failpoint_and_no_name_is_used_twice() -> None:
    steps = ["after_auth", "before_insert", "after_commit"]
    assert set(AT_THE_DOOR) == {f"ingress.{step}" for step in [*steps, "before_answer"]}
    steps = ["after_claim", "after_parse", "after_lock", "after_apply", "before_settle"]
    assert set(IN_THE_DRAIN) == {
        f"drain.{step}" for step in [*steps, "before_commit", "after_commit"]
    }
    assert len(PLACED) == len(set(PLACED))


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_the_door_is_killed(name: str, deliveries: list[Delivered], unharmed: Any) -> None:
    before, hit = deliveries[:3], deliveries[3]
    acknowledged = [one for one in before if knock(one) == 200]

    code, answers = run("knock", failpoints=f"{name}:exit", deliveries=[hit])

    assert (code, answers) == (failpoints.KILLED, [])
    assert all(map(kept, acknowledged))
    stored = name.removeprefix("ingress.") in ("after_commit", "before_answer")
    assert Event.objects.count() == 2 + stored  # the third delivery was a retry
    assert [knock(one) for one in deliveries[3:]] == [200] * 5
    assert Event.objects.get(webhook_id=hit[1]["X-Narvar-Webhook-Id"]).deliveries == 1 + stored
    drain()
    assert state() == unharmed


@pytest.mark.parametrize("name", IN_THE_DRAIN)
def test_the_drain_is_killed(name: str, deliveries: list[Delivered], unharmed: Any) -> None:
    assert [knock(one) for one in deliveries] == [200] * len(deliveries)

    code, _ = run("drain", failpoints=f"{name}:exit")

    assert code == failpoints.KILLED
    assert all(map(kept, deliveries))
    assert drain_batch() == 0, "what a dead worker holds is not touched before its lease ends"
    pauses_are_over()
    drain()
    assert state() == unharmed


@pytest.mark.parametrize("name", IN_THE_DRAIN)
def test_the_drain_fails_and_tries_again(
    name: str, deliveries: list[Delivered], unharmed: Any
) -> None:
    assert [knock(one) for one in deliveries] == [200] * len(deliveries)

    with failpoints.armed(f"{name}:raise"), contextlib.suppress(failpoints.FailpointReached):
        drain_batch()

    assert not Event.objects.filter(state=EventState.DEAD).exclude(reason="not_json").exists()
    pauses_are_over()
    drain()
    assert state() == unharmed


def test_production_has_no_failpoints(settings: LazySettings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(ImproperlyConfigured), failpoints.armed("drain.after_apply:exit"):
        pass


@pytest.mark.parametrize("text", ["drain.after_apply", "drain.after_apply:explode"])
def test_a_failpoint_without_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured), failpoints.armed(text):
        pass
