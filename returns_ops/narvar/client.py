"""HTTP to Narvar: allowed hosts only, no redirects, one deadline, answers cut; no retries here."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from returns_ops.narvar import secrets
from returns_ops.narvar.deadline import Deadline
from returns_ops.narvar.models import Connection

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
DEADLINE_SECONDS = 20.0
LONGEST_ANSWER = 256 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class NotSent(Exception):
    """Certainly not sent: no connection, no name, no handshake, or we refused to call."""


class OutcomeUnknown(Exception):
    """Sent, or perhaps sent, and no complete answer came: Narvar may have acted."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    milliseconds: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"


def call(link: Connection, request: Call) -> Reply:
    """One request with the shop's credentials. Raises NotSent or OutcomeUnknown."""
    if connection.in_atomic_block:
        raise RuntimeError("No HTTP inside a transaction: it would hold locks for its whole life")
    base = allowed(link.narvar_url)
    try:
        password = secrets.decrypt(link.narvar_password_encrypted)
    except secrets.KeyLost as error:
        raise NotSent(str(error)) from error
    deadline = Deadline(DEADLINE_SECONDS)
    with _session(deadline) as session:
        session.auth = (link.narvar_username, password)
        try:
            return _send(session, base, link.shop.domain, request)
        except requests.exceptions.RequestException as error:
            if deadline.was_sent:
                raise OutcomeUnknown(_never_answered(error)) from error
            raise NotSent(_never_sent(error)) from error


def allowed(url: str) -> str:
    """The base URL, if it may be called at all: a typo in admin must not send money elsewhere."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = host in settings.NARVAR_HOSTS
    # In development also a simulator: on this machine, or a container beside us (no dot).
    if not settings.PRODUCTION and (host in LOOPBACK or (known and "." not in host)):
        return url.rstrip("/")
    if parts.scheme != "https" or not known:
        raise NotSent(f"{host or url} is not one of NARVAR_HOSTS, so it is never called")
    return url.rstrip("/")


def _session(deadline: Deadline) -> "_Session":
    session = _Session()
    session.trust_env = False  # neither a proxy nor a .netrc of the machine
    adapter = _Adapter(deadline)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: to know where it leads, requests would read the whole answer, however long."""


class _Adapter(HTTPAdapter):
    """For one call: its connections keep the deadline; the only retries are ours."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=Retry(total=0, redirect=0))

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = self._deadline.connections(pool.scheme)
        return pool


def _send(session: requests.Session, base: str, domain: str, request: Call) -> Reply:
    started = time.monotonic()
    headers = {"X-Narvar-Shop-Domain": domain, "Accept": "application/json"}
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    response = session.request(
        request.method,
        base + request.path,
        params=dict(request.query),
        data=request.body,
        headers=headers,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
        stream=True,
    )
    body = _read(response)
    took = int((time.monotonic() - started) * 1000)
    return Reply(response.status_code, body, took, response.headers)


def _read(response: requests.Response) -> bytes:
    """The answer, cut at 256 KiB."""
    body = b""
    with response:
        # read1 returns what one read of the socket brought: iter_content would wait for more.
        while len(body) < LONGEST_ANSWER and (chunk := _read_once(response)):
            body += chunk
    return body[:LONGEST_ANSWER]


def _read_once(response: requests.Response) -> bytes:
    try:
        chunk: bytes = response.raw.read1(8192, decode_content=True)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(str(error)) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ConnectionError(str(error)) from error
    return chunk


def _never_sent(error: Exception) -> str:
    match error:
        case requests.exceptions.SSLError():
            return "Narvar's certificate could not be verified"
        case requests.exceptions.Timeout():
            return "Narvar could not be reached in time"
    return "Narvar could not be reached"


def _never_answered(error: Exception) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return "Narvar did not answer in time"
    return "The connection broke"
