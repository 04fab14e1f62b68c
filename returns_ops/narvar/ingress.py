"""The door: who are you, how big, kept; then 200. Nothing is read before the answer."""

import base64
import binascii
import hmac
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from returns_ops.accounts.models import Shop
from returns_ops.failpoints import failpoint
from returns_ops.messaging import inbox
from returns_ops.narvar import metrics, secrets
from returns_ops.narvar.models import WebhookCredential
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


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, shop: UUID) -> HttpResponse:
    """Store one webhook and answer exactly 200; anything else makes Narvar try again."""
    patience = Patience(request)
    answer = _answer(request, shop, patience)
    metrics.door_answered(answer.status_code, patience.seconds)
    return answer


def _answer(request: HttpRequest, shop: UUID, patience: Patience) -> HttpResponse:
    if patience.is_late:
        return _not_now()
    try:
        answer = _receive(request, shop)
    except Error:
        # Not kept, so not acknowledged: Narvar tries again for nine hours.
        log.exception("webhook_not_stored", shop=str(shop))
        return _not_now()
    # Kept, but Narvar is about to hang up and will send it again: then it is counted as a retry.
    return _not_now() if answer.status_code == 200 and patience.is_over else answer


def _not_now() -> HttpResponse:
    return HttpResponse("Try again", status=503, headers={"Retry-After": "60"})


def _receive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    shop = Shop.objects.filter(uuid=uuid).first()
    if shop is None:
        return HttpResponse("No such shop", status=404)
    if not _knows_us(request, shop):
        log.warning("webhook_refused", shop=shop.domain)
        challenge = {"WWW-Authenticate": 'Basic realm="Returns Ops"'}
        return HttpResponse("Who are you?", status=401, headers=challenge)
    if not _is_for(shop, request):
        log.warning("webhook_of_other_shop", shop=shop.domain)
        return HttpResponse("The domain header names another shop", status=403)
    failpoint("ingress.after_auth")
    body = _body(request, shop)
    if isinstance(body, HttpResponse):
        return body
    inbox.store(_delivery(request, shop, body))
    failpoint("ingress.before_answer")
    return HttpResponse("{}", content_type="application/json")


def _knows_us(request: HttpRequest, shop: Shop) -> bool:
    username, password = _basic(request.headers.get("Authorization", ""))
    fingerprint = secrets.fingerprint(password)
    known = False
    for pair in WebhookCredential.objects.filter(shop=shop, retired_at=None)[:2]:
        # Every pair is compared in full, so that time tells nothing.
        same_name = hmac.compare_digest(pair.username.encode(), username.encode())
        same_word = hmac.compare_digest(bytes(pair.password_sha256), fingerprint)
        known |= same_name and same_word
    return known


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


def _is_for(shop: Shop, request: HttpRequest) -> bool:
    """Whether the header names this shop. A missing one is odd, not wrong."""
    domain = request.headers.get("X-Narvar-Shop-Domain", "").strip().lower()
    return not domain or domain in {shop.domain.lower(), *(name.lower() for name in shop.aliases)}


def _body(request: HttpRequest, shop: Shop) -> bytes | HttpResponse:
    limit = settings.WEBHOOK_BODY_LIMIT
    too_big = HttpResponse(f"More than {limit} bytes", status=413)
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or "Transfer-Encoding" in request.headers:
        # Django would read such a body as empty, and an empty one kept is a message lost.
        return HttpResponse("Say the length of the body", status=411)
    if int(length) > limit:
        log.warning("webhook_too_big", shop=shop.domain, bytes=int(length), **_named(request))
        return too_big
    try:
        body = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException, OSError):
        return HttpResponse("The body broke off", status=400)
    if len(body) < int(length):
        return HttpResponse("The body broke off", status=400)
    return too_big if len(body) > limit else body


def _named(request: HttpRequest) -> dict[str, str]:
    """What the sender says of a message, for a log line: never the message."""
    names = {"topic": "X-Narvar-Topic", "webhook_id": "X-Narvar-Webhook-Id"}
    return {key: request.headers.get(name, "")[:200] for key, name in names.items()}


def _delivery(request: HttpRequest, shop: Shop, body: bytes) -> inbox.Delivery:
    headers = request.headers
    return inbox.Delivery(
        shop_id=shop.pk,
        body=body,
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        webhook_id=headers.get("X-Narvar-Webhook-Id", ""),
        topic=headers.get("X-Narvar-Topic", ""),
        api_version=headers.get("X-Narvar-API-Version", ""),
        sender_timestamp=headers.get("X-Narvar-Timestamp", ""),
        flags=[f"No {name} header" for name in EXPECTED_HEADERS if not headers.get(name)],
        parked=not shop.active,
    )
