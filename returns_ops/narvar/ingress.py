"""The door: who are you, how big, kept; then 200. Nothing is read before the answer.

It works on what WSGI hands over, so that it is the same behind Django and as a process of its own,
where it needs one round trip to the database and nothing of Django's handling of requests.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from returns_ops.failpoints import failpoint
from returns_ops.messaging import inbox
from returns_ops.narvar import callers, metrics
from returns_ops.narvar.callers import Callers
from returns_ops.narvar.patience import Patience

log = structlog.get_logger(__name__)

EXPECTED_HEADERS = [
    "X-Narvar-Topic",
    "X-Narvar-Timestamp",
    "X-Narvar-Shop-Domain",
    "X-Narvar-API-Version",
    "X-Narvar-Webhook-Id",
]
KEPT_HEADERS = ["Content-Type", "User-Agent", *EXPECTED_HEADERS]
_KEYS = {name: "HTTP_" + name.upper().replace("-", "_") for name in KEPT_HEADERS}
_KEYS["Content-Type"] = "CONTENT_TYPE"


@dataclass(frozen=True, slots=True)
class Knock:
    """One request, as WSGI hands it over."""

    shop: UUID
    environ: Mapping[str, Any]
    read: Callable[[int], bytes]

    def header(self, name: str) -> str:
        return str(self.environ.get(_KEYS[name], ""))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


KEPT = Answer(200, "{}", {"Content-Type": "application/json"})
NOT_NOW = Answer(503, "Try again", {"Retry-After": "60"})
UNKNOWN = Answer(404, "No such shop")
STRANGER = Answer(401, "Who are you?", {"WWW-Authenticate": 'Basic realm="Returns Ops"'})
OTHER_SHOP = Answer(403, "The domain header names another shop")
NO_LENGTH = Answer(411, "Say the length of the body")
BROKEN_OFF = Answer(400, "The body broke off")


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, shop: UUID) -> HttpResponse:
    """Store one webhook and answer exactly 200; anything else makes Narvar try again."""
    answer = answered(Knock(shop, request.META, request.read))
    return HttpResponse(answer.text, status=answer.status, headers=answer.headers)


def answered(knock: Knock) -> Answer:
    patience = Patience(knock.environ.get("HTTP_X_REQUEST_START", ""))
    answer = _answer(knock, patience)
    metrics.door_answered(answer.status, patience.seconds)
    return answer


def _answer(knock: Knock, patience: Patience) -> Answer:
    if patience.is_late:
        return NOT_NOW
    try:
        answer = _receive(knock)
    except Error:
        # Not kept, so not acknowledged: Narvar tries again for nine hours.
        log.exception("webhook_not_stored", shop=str(knock.shop))
        return NOT_NOW
    # Kept, but Narvar is about to hang up and will send it again: then it is counted as a retry.
    return NOT_NOW if answer.status == 200 and patience.is_over else answer


def _receive(knock: Knock) -> Answer:
    # What we remember may let somebody in, if the row agrees; only what is so now turns one away.
    caller = _judged(knock, callers.remembered(knock.shop))
    if isinstance(caller, Answer):
        caller = _judged(knock, callers.read(knock.shop))
    if isinstance(caller, Answer):
        if caller is not UNKNOWN:  # anybody could fill the log with shops that do not exist
            log.warning("webhook_refused", shop=str(knock.shop), status=caller.status)
        return caller
    failpoint("ingress.after_auth")
    body = _body(knock, caller)
    return body if isinstance(body, Answer) else _kept(knock, caller, body)


def _kept(knock: Knock, caller: Callers, body: bytes) -> Answer:
    if inbox.store(_delivery(knock, caller, body)) is None:
        now = _judged(knock, callers.read(knock.shop))
        if isinstance(now, Answer):
            return now
        if inbox.store(_delivery(knock, now, body)) is None:
            return NOT_NOW
    failpoint("ingress.before_answer")
    return KEPT


def _judged(knock: Knock, known: Callers | None) -> Callers | Answer:
    if known is None:
        return UNKNOWN
    return _refusal(known, knock) or known


def _refusal(known: Callers, knock: Knock) -> Answer | None:
    if not known.know(*_basic(knock.environ.get("HTTP_AUTHORIZATION", ""))):
        return STRANGER
    return None if known.are_of(knock.header("X-Narvar-Shop-Domain")) else OTHER_SHOP


def _basic(header: str) -> tuple[str, str]:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        # Ruby's encode64 breaks lines: white space inside the token means nothing.
        plain = base64.b64decode("".join(token.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    username, _, password = plain.partition(":")
    return username, password


def _body(knock: Knock, known: Callers) -> bytes | Answer:
    limit = settings.WEBHOOK_BODY_LIMIT
    length = knock.environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or "HTTP_TRANSFER_ENCODING" in knock.environ:
        # It would be read as empty, and an empty one kept is a message lost.
        return NO_LENGTH
    if int(length) > limit:
        log.warning("webhook_too_big", shop=known.domain, bytes=int(length), **_named(knock))
        return Answer(413, f"More than {limit} bytes")
    try:
        body = knock.read(int(length))
    except (UnreadablePostError, RawPostDataException, OSError):
        return BROKEN_OFF
    return BROKEN_OFF if len(body) < int(length) else body


def _named(knock: Knock) -> dict[str, str]:
    """What the sender says of a message, for a log line: never the message."""
    names = {"topic": "X-Narvar-Topic", "webhook_id": "X-Narvar-Webhook-Id"}
    return {key: knock.header(name)[:200] for key, name in names.items()}


def _delivery(knock: Knock, known: Callers, body: bytes) -> inbox.Delivery:
    sent = {name: knock.header(name) for name in KEPT_HEADERS}
    headers = {name: value for name, value in sent.items() if value}
    return inbox.Delivery(
        shop_id=known.shop_id,
        door_version=known.version,
        body=body,
        headers=headers,
        webhook_id=headers.get("X-Narvar-Webhook-Id", ""),
        topic=headers.get("X-Narvar-Topic", ""),
        api_version=headers.get("X-Narvar-API-Version", ""),
        sender_timestamp=headers.get("X-Narvar-Timestamp", ""),
        flags=[f"No {name} header" for name in EXPECTED_HEADERS if not headers.get(name)],
    )
