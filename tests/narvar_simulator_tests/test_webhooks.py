from __future__ import annotations

import base64
import hashlib
import time

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import HOOK, SHOP, Receiver


def test_a_change_is_told_with_five_headers(narvar: Simulator, receiver: Receiver) -> None:
    rma = narvar.create_rma(SHOP)
    narvar.wait_idle()

    (hook,) = receiver.hooks
    assert hook.json == rma
    assert hook.headers["Content-Type"] == "application/json"
    assert hook.headers["X-Narvar-Topic"] == "initiated"
    assert hook.headers["X-Narvar-Shop-Domain"] == SHOP
    assert hook.headers["X-Narvar-API-Version"] == "1.07"
    assert abs(int(hook.headers["X-Narvar-Timestamp"]) - time.time()) < 5
    assert len(hook.headers["X-Narvar-Webhook-Id"]) == 36
    token = base64.b64encode(b"hook-user:hook-word").decode()
    assert hook.headers["Authorization"] == f"Basic {token}"


def test_a_blank_can_stand_inside_the_token(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(space_in_token=True)
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    token = receiver.hooks[0].headers["Authorization"].removeprefix("Basic ")
    assert " " in token
    assert base64.b64decode(token.replace(" ", "")) == b"hook-user:hook-word"


def test_a_refused_webhook_is_retried_with_the_same_bytes(
    narvar: Simulator, receiver: Receiver
) -> None:
    receiver.answers = [500, 302, 404]
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    assert len(receiver.hooks) == 4
    assert len({hook.body for hook in receiver.hooks}) == 1
    assert len({hook.headers["X-Narvar-Webhook-Id"] for hook in receiver.hooks}) == 1
    (delivery,) = narvar.deliveries()
    assert delivery.statuses == [500, 302, 404, 200]
    assert delivery.state == "delivered"
    assert delivery.sha256 == hashlib.sha256(receiver.hooks[0].body).hexdigest()
    assert delivery.url == receiver.url


def test_after_nine_retries_it_is_given_up(narvar: Simulator, receiver: Receiver) -> None:
    receiver.answers = [503] * 20
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    assert len(receiver.hooks) == 10
    assert narvar.deliveries()[0].state == "given_up"


def test_nobody_there_is_an_attempt_too(narvar: Simulator) -> None:
    narvar.set_webhook(SHOP, url="http://127.0.0.1:9/", **HOOK)
    narvar.change_settings(retries=1)
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    (delivery,) = narvar.deliveries()
    assert delivery.statuses == [None, None]
    assert "Refused" in (delivery.attempts[0].error or "")


def test_a_204_ends_the_retries_but_is_remarked_on(narvar: Simulator, receiver: Receiver) -> None:
    receiver.answers = [204]
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    (delivery,) = narvar.deliveries()
    assert (delivery.state, delivery.odd_answers) == ("delivered", [204])


def test_every_second_webhook_can_come_twice(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(duplicate_every=1)
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    assert len(receiver.hooks) == 2
    assert len({hook.headers["X-Narvar-Webhook-Id"] for hook in receiver.hooks}) == 1
    assert narvar.deliveries()[1].copy_of == narvar.deliveries()[0].number


def test_webhooks_can_be_dropped_and_switched_off(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(drop_next=1)
    narvar.create_rma(SHOP)
    narvar.change_settings(webhooks_on=False)
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    assert receiver.hooks == []
    assert [delivery.state for delivery in narvar.deliveries()] == ["dropped"]


def test_a_held_webhook_arrives_after_a_newer_one(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(hold=True)
    number = narvar.create_rma(SHOP)["rma_number"]
    narvar.change_settings(hold=False)
    narvar.advance(SHOP, number, "on_its_way_to_retailer")
    narvar.wait_idle()

    assert narvar.release_held() == 1
    narvar.wait_idle()

    topics = [hook.headers["X-Narvar-Topic"] for hook in receiver.hooks]
    assert topics == ["on_its_way_to_retailer", "initiated"]


def test_an_earlier_webhook_can_be_sent_again(narvar: Simulator, receiver: Receiver) -> None:
    number = narvar.create_rma(SHOP)["rma_number"]
    narvar.advance(SHOP, number, "on_its_way_to_retailer")
    narvar.wait_idle()

    narvar.redeliver(number, which=0)
    narvar.wait_idle()

    assert receiver.hooks[2].body == receiver.hooks[0].body
    ids = [hook.headers["X-Narvar-Webhook-Id"] for hook in receiver.hooks]
    assert ids[2] == ids[0] != ids[1]


def test_shuffled_webhooks_all_arrive(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(shuffle_seconds=0.1)
    number = narvar.create_rma(SHOP)["rma_number"]
    for _ in range(15):
        narvar.send(SHOP, number)
    narvar.wait_idle()

    sent = [delivery.webhook_id for delivery in narvar.deliveries()]
    got = [hook.headers["X-Narvar-Webhook-Id"] for hook in receiver.hooks]
    assert sorted(sent) == sorted(got)
    assert sent != got


def test_the_timestamp_and_the_id_can_be_forged(narvar: Simulator, receiver: Receiver) -> None:
    narvar.change_settings(timestamp_header="12", fixed_webhook_id="always-me")
    narvar.create_rma(SHOP)
    narvar.wait_idle()

    assert receiver.hooks[0].headers["X-Narvar-Timestamp"] == "12"
    assert receiver.hooks[0].headers["X-Narvar-Webhook-Id"] == "always-me"


def test_what_would_be_sent_can_be_had_without_sending(narvar: Simulator) -> None:
    narvar.set_webhook(SHOP, url="http://127.0.0.1:9/", **HOOK)
    number = narvar.create_rma(SHOP, send=False)["rma_number"]

    headers, body = narvar.webhook(SHOP, number)

    assert headers["Authorization"].startswith("Basic ")
    assert number.encode() in body
    assert narvar.deliveries() == []


def test_first_attempts_of_one_rma_keep_their_order(narvar: Simulator, receiver: Receiver) -> None:
    number = narvar.create_rma(SHOP)["rma_number"]
    for status in ("on_its_way_to_retailer", "delivered_to_retailer", "approved"):
        narvar.advance(SHOP, number, status)
    narvar.wait_idle()

    assert [hook.json["return_status"] for hook in receiver.hooks] == [
        "initiated",
        "on_its_way_to_retailer",
        "delivered_to_retailer",
        "approved",
    ]
