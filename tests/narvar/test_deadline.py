"""Every call ends: an answer that never does is cut off, wherever in it the end is missing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.narvar import answers, client
from returns_ops.narvar.models import Connection
from tests.builders import make_connection, make_shop
from tests.narvar.raw_server import Garbage, Speech, drip, flood, raw_server, self_signed

STATUS = b"HTTP/1.1 201 Created\r\n"
WHOLE = STATUS + b"Content-Length: 2\r\n\r\n{}"
LONG = STATUS + b"Content-Length: 99999999999\r\n\r\n"
CHUNKED = STATUS + b"Transfer-Encoding: chunked\r\n\r\n"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 99999999999\r\n\r\n"
APPROVAL = client.Call(method="POST", path="/merchant/returns/approval", body=b"{}")
LONG_TIME = 3600.0


@pytest.fixture
def _soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.3)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is vouched for, in this test."""
    made = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(made))
    return made


def link_to(url: str) -> Connection:
    return make_connection(make_shop(connected=False), narvar_url=url)


@pytest.mark.usefixtures("transactional_db", "_soon_over")
@pytest.mark.parametrize(
    "speech",
    [
        pytest.param(lambda: drip(b"", b" "), id="before the status"),
        pytest.param(lambda: drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="status to come"),
        pytest.param(lambda: flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="flood of those"),
        pytest.param(lambda: drip(STATUS + b"X-Padding: ", b"x"), id="in a header line"),
        pytest.param(lambda: drip(STATUS, b"X-Padding: x\r\n"), id="in many header lines"),
        pytest.param(lambda: drip(CHUNKED, b"0"), id="in the length of a chunk"),
        pytest.param(lambda: drip(CHUNKED, b"1\r\nx\r\n"), id="in many chunks"),
        pytest.param(lambda: drip(LONG, b" "), id="in the body"),
        pytest.param(lambda: drip(REDIRECT, b" "), id="in the body of a redirect"),
    ],
)
def test_an_answer_without_an_end_is_cut_off_and_leaves_the_outcome_open(speech: Speech) -> None:
    with raw_server(speech) as url, pytest.raises(client.OutcomeUnknown) as failure:
        client.call(link_to(url), APPROVAL)

    assert answers.judge_failure(failure.value).outcome == AttemptOutcome.UNKNOWN
    assert str(failure.value) == "Narvar did not answer in time"


@pytest.mark.usefixtures("transactional_db", "_soon_over")
@pytest.mark.parametrize("head", [STATUS + b"X-Padding: ", LONG])
def test_so_is_one_that_is_encrypted(head: bytes, certificate: Path) -> None:
    with (
        raw_server(lambda: drip(head, b"x"), certificate=certificate) as url,
        pytest.raises(client.OutcomeUnknown, match="did not answer in time"),
    ):
        client.call(link_to(url), APPROVAL)


@pytest.mark.usefixtures("transactional_db")
def test_silence_ends_before_the_deadline_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", LONG_TIME)
    monkeypatch.setattr(client, "READ_SECONDS", 0.1)

    def silence() -> Iterator[bytes]:
        yield STATUS
        while True:
            time.sleep(0.02)
            yield b""

    with (
        raw_server(silence) as url,
        pytest.raises(client.OutcomeUnknown, match="did not answer in time"),
    ):
        client.call(link_to(url), APPROVAL)


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("head", [LONG, REDIRECT])
def test_of_an_answer_without_measure_the_beginning_is_read(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", LONG_TIME)

    with raw_server(lambda: flood(head, b" " * 65536)) as url:
        reply = client.call(link_to(url), APPROVAL)

    assert reply.status == int(head.split()[1])
    assert len(reply.body) == client.LONGEST_ANSWER


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("encrypted", [False, True])
def test_an_answer_in_small_pieces_that_ends_is_whole(encrypted: bool, certificate: Path) -> None:
    def in_pieces() -> Iterator[bytes]:
        return (bytes([byte]) for byte in WHOLE)

    with raw_server(in_pieces, certificate=certificate if encrypted else None) as url:
        reply = client.call(link_to(url), APPROVAL)

    assert (reply.status, reply.body) == (201, b"{}")


@pytest.mark.usefixtures("transactional_db")
def test_a_connection_that_is_cut_after_the_question_leaves_the_outcome_open() -> None:
    with raw_server(list) as url, pytest.raises(client.OutcomeUnknown, match="broke"):
        client.call(link_to(url), APPROVAL)


@pytest.mark.usefixtures("transactional_db")
def test_so_does_an_encryption_that_fails_after_the_question(certificate: Path) -> None:
    """Until then its failure means that nothing was sent; from then on Narvar may have acted."""
    with (
        raw_server(lambda: [Garbage(b"no record of TLS")], certificate=certificate) as url,
        pytest.raises(client.OutcomeUnknown, match="broke"),
    ):
        client.call(link_to(url), APPROVAL)


@pytest.mark.usefixtures("transactional_db")
def test_what_finds_nobody_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(client.NotSent, match="could not be reached"):
        client.call(link_to(url), APPROVAL)


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("encrypted", [False, True])
def test_what_connects_when_the_time_is_over_is_not_sent(
    encrypted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.0)

    with (
        raw_server(lambda: [WHOLE], certificate=certificate if encrypted else None) as url,
        pytest.raises(client.NotSent, match="could not be reached"),
    ):
        client.call(link_to(url), APPROVAL)
