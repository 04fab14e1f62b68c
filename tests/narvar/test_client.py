"""What leaves this machine, and what we let in: hosts, certificates, time, size, secrets."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import transaction

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import answers, client, secrets
from returns_ops.narvar.models import Connection
from tests.builders import make_connection, make_shop
from tests.circle import DOMAIN, PASSWORD, Circle, connect_second
from tests.narvar.raw_server import self_signed

HARMLESS = client.Call(method="GET", path="/api/return_locations")


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        ("malformed_json", {}),
        ("html", {}),
        ("empty", {}),
        ("big", {"megabytes": 2}),
        ("gzip_bomb", {"megabytes": 20}),
        ("status_after", {"status": 200}),
        ("status_after", {"status": 202}),
        ("status_after", {"status": 204}),
    ],
)
def test_an_odd_answer_to_an_approval_is_accepted_and_still_needs_evidence(
    circle: Circle, answer: str, options: dict[str, Any]
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", answer, **options)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED
    assert len(command.attempts.get().answer) <= answers.EXCERPT

    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_who_acts_and_never_answers_has_paid_once(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.5)
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "act_then_hang", seconds=3)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.OUTCOME_UNKNOWN
    assert command.attempts.get().problem == "Narvar did not answer in time"
    monkeypatch.setattr(client, "READ_SECONDS", 10.0)
    circle.send()

    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def test_an_answer_that_drips_is_cut_off_at_the_deadline(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.5)
    command = circle.approve(circle.arrive())
    circle.narvar.fail_next("approval", "slow", bytes_per_second=4, length=100_000)

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.OUTCOME_UNKNOWN
    assert command.problem.endswith("Narvar did not answer in time")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "http://szero.narvar.com",
        "https://szero.narvar.com.evil.example",
        "https://evil.example/szero.narvar.com",
        "https://szero.narvar.com@evil.example",
        "ftp://szero.narvar.com",
    ],
)
def test_only_narvars_hosts_are_called(db: None, url: str) -> None:
    link = make_connection(make_shop(connected=False), narvar_url=url)

    with pytest.raises(client.NotSent, match="NARVAR_HOSTS"):
        client.allowed(link.narvar_url)


def test_in_production_not_even_this_machine_is_called(settings: LazySettings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(client.NotSent):
        client.allowed("http://127.0.0.1:9400")
    assert client.allowed("https://szero.narvar.com/") == "https://szero.narvar.com"


def test_no_call_is_made_inside_a_transaction(circle: Circle) -> None:
    link = Connection.objects.get(shop=circle.shop)

    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        client.call(link, HARMLESS)

    assert circle.narvar.requests() == []


def test_a_lost_key_stops_the_calls_and_loses_nothing(
    circle: Circle, settings: LazySettings
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    keys, settings.FIELD_KEYS = settings.FIELD_KEYS, [Fernet.generate_key().decode()]

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.QUEUED
    assert "cannot be decrypted" in command.problem

    settings.FIELD_KEYS = keys
    circle.send()
    assert len(circle.refunds(rma)) == 1


def test_keys_can_be_rotated_and_the_old_one_dropped(
    circle: Circle, settings: LazySettings
) -> None:
    old, fresh = settings.FIELD_KEYS, Fernet.generate_key().decode()
    settings.FIELD_KEYS = [fresh, *old]
    call_command("rotate_keys")
    settings.FIELD_KEYS = [fresh]
    command = circle.approve(circle.arrive())

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED


def test_a_rotation_with_a_lost_key_changes_nothing(db: None, settings: LazySettings) -> None:
    links = [make_connection(make_shop(connected=False)) for _ in range(2)]
    before = {link.pk: link.narvar_password_encrypted for link in links}
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_keys")

    assert dict(Connection.objects.values_list("pk", "narvar_password_encrypted")) == before


def test_the_password_stands_nowhere_in_what_we_keep(circle: Circle) -> None:
    command = circle.approve(circle.arrive())
    circle.send()

    attempt = command.attempts.get()
    kept = [str(vars(command)), str(vars(attempt)), bytes(command.body).decode()]
    kept += [str(row) for row in Connection.objects.values()]
    assert not any(PASSWORD in text for text in kept)
    assert secrets.decrypt(circle.shop.connection.narvar_password_encrypted) == PASSWORD
    assert circle.narvar.requests()[0].method == "GET"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ('{"error": "ana.ruiz@example.com is unknown"}', '{"error": "[e-mail] is unknown"}'),
        ('{"firstName": "Ana \\"Annie\\"", "sku": "A"}', '{"firstName": "[masked]", "sku": "A"}'),
        ('{"phone":"+1 555", "address1" : "1 Main', '{"phone":"[masked]", "address1" : "[masked]"'),
        ("got Authorization: Basic bmFydmFyOnNlY3JldA==", "got Authorization: Basic [masked]"),
        ('{"city": null, "status": "FAILURE"}', '{"city": null, "status": "FAILURE"}'),
    ],
)
def test_of_an_answer_neither_secrets_nor_persons_are_kept(
    circle: Circle, answer: str, kept: str
) -> None:
    command = circle.approve(circle.arrive())
    circle.narvar.fail_next("approval", "status", status=422, text=answer)

    circle.send()

    attempt = command.attempts.get()
    assert kept in attempt.answer
    assert "ana" not in (attempt.answer + attempt.problem).lower()
    assert "bmFydmFyOnNlY3JldA" not in attempt.answer + attempt.problem


def test_one_shop_that_must_wait_does_not_hold_up_another(circle: Circle) -> None:
    waiting = circle.approve(circle.arrive())
    other = _second_shop(circle)
    circle.narvar.fail_next("get_returns", "rate_limited", shop=DOMAIN, reset=60)

    circle.send(tries=3)

    waiting.refresh_from_db()
    other.refresh_from_db()
    assert waiting.state == CommandState.QUEUED
    assert other.state == CommandState.ACCEPTED


def _second_shop(circle: Circle) -> Command:
    second = connect_second(circle, "second-shop.myshopify.com")
    return second.approve(second.arrive())


@pytest.fixture
def unvouched(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody vouches for; it must hear nothing."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_certificate_nobody_vouches_for_is_refused(
    transactional_db: None, unvouched: str
) -> None:
    link = make_connection(make_shop(connected=False), narvar_url=unvouched)

    with pytest.raises(client.NotSent, match="certificate could not be verified"):
        client.call(link, HARMLESS)
