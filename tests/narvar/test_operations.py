"""What holds for every kind of call: frozen, asked for once, switched off, taken back."""

import json
import uuid
from typing import Any
from urllib.parse import parse_qsl

import pytest

from returns_ops.messaging import outbox
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import controls, decisions
from returns_ops.narvar.models import Connection
from returns_ops.narvar.operations import RETRY
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import Refused, Stale
from tests.circle import Circle
from tests.narvar.asking import create, look, remove, save, tell

RECEIVED = "received_by_retailer"


def test_a_worker_whose_lease_ran_out_before_the_call_does_not_make_it(circle: Circle) -> None:
    rma = circle.arrive()
    tell(circle, rma, note="Box was wet")
    claimed = outbox.claim()
    assert claimed is not None
    circle.lease_runs_out()
    command, _ = claimed

    assert not outbox.holds_lease(command)


def test_a_form_sent_twice_asks_once_and_a_stale_one_never(circle: Circle) -> None:
    rma, token = circle.arrive(), uuid.uuid4()

    first = tell(circle, rma, RECEIVED, submission_token=token)
    again = tell(circle, rma, RECEIVED, submission_token=token)
    with pytest.raises(Stale):
        tell(circle, rma, note="Box was wet", version=rma.version)
    with pytest.raises(Refused, match="This form belongs to something else"):
        create(circle, submission_token=token)

    assert first == again
    assert Command.objects.count() == 1


@pytest.mark.parametrize("place", ["query", "form", "json"])
def test_the_parameters_go_where_the_shop_wants_them(circle: Circle, place: str) -> None:
    rma = circle.arrive()
    Connection.objects.update(status_place=place)

    command = tell(circle, rma, RECEIVED, note="a & b")

    target, _, query = command.target.partition("?")
    body = bytes(command.body).decode()
    read: dict[str, Any] = {
        "query": dict(parse_qsl(query)),
        "form": dict(parse_qsl(body)),
        "json": json.loads(body) if place == "json" else {},
    }
    types = {
        "query": "",
        "form": "application/x-www-form-urlencoded",
        "json": "application/json",
    }
    assert target == "/merchant/returns/shipment_status"
    assert command.content_type == types[place]
    asked = {"rma_number": rma.rma_number, "shipment_status": RECEIVED, "note": "a & b"}
    assert read == {**{name: {} for name in read}, place: asked}


def test_every_kind_is_sent_as_it_was_frozen(circle: Circle) -> None:
    told, approved = circle.arrive(), circle.arrive()
    circle.approve(approved)
    tell(circle, told, RECEIVED)
    tell(circle, circle.arrive(), note="naïve & 50 % of “it” / 1+1=2?\n#end")
    create(circle)
    save(circle)
    circle.send(tries=5)
    look()
    save(circle, ReturnLocation.objects.get(), name="Gate")
    circle.send()
    look()
    remove(circle, ReturnLocation.objects.get())
    circle.send()

    commands = {command.kind: command for command in Command.objects.all()}
    assert set(commands) == set(RETRY)
    for request in circle.narvar.requests():
        if request.method == "GET":
            continue
        kind = request.operation
        if kind == "shipment_status" and "note" in request.query:
            kind = "shipment_note"
        command = commands.pop(kind)
        path, _, query = command.target.partition("?")
        assert (request.method, request.path) == (command.method, path)
        assert request.query == dict(parse_qsl(query))
        assert request.body.encode() == bytes(command.body)
        assert request.headers.get("content-type", "") == command.content_type
    assert commands == {}


def test_every_kind_has_a_class_and_a_switch() -> None:
    assert set(RETRY) == set(Kind) == set(controls.KINDS)


def test_one_kind_is_switched_off_and_the_others_go_on(circle: Circle) -> None:
    rma = circle.arrive()
    noted = tell(circle, rma, note="Box was wet")
    told = tell(circle, rma, RECEIVED)
    Connection.objects.update(paused_kinds=["shipment_note"])

    circle.send(tries=3)

    noted.refresh_from_db()
    told.refresh_from_db()
    assert (noted.state, told.state) == (CommandState.QUEUED, CommandState.ACCEPTED)


def test_what_is_told_of_a_return_can_be_undone_and_the_rest_cannot(circle: Circle) -> None:
    told = tell(circle, circle.arrive(), RECEIVED)

    decisions.undo(told.pk, by=circle.wanda)
    with pytest.raises(Refused, match="it cannot be undone"):
        decisions.undo(create(circle).pk, by=circle.wanda)

    told.refresh_from_db()
    assert told.state == CommandState.CANCELLED
