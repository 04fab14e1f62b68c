"""Reads Narvar's answer to a call: accepted, refused, wait, or unknown. Pure but for `client`."""

import json
import math
import random
import re
import time
from collections.abc import Mapping
from typing import Any

from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.outbox import Answer
from returns_ops.narvar.budget import Rate
from returns_ops.narvar.client import NotSent, OutcomeUnknown, Reply

EXCERPT = 4096
DEFAULT_WAIT, SHORTEST_WAIT, LONGEST_WAIT = 60, 1, 900
RATE_HEADERS = {
    "limit": "X-Rate-Limit-Limit",
    "remaining": "X-Rate-Limit-Remaining",
    "reset": "X-Rate-Limit-Reset",
}
WAIT_UNTIL_MENDED = 60.0
MOST = 2**31 - 1  # that the database takes
E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
SECRET = re.compile(r"\b(Basic|Bearer) +[\w+/=.~-]+", re.IGNORECASE)
PERSONAL = re.compile(
    r'("(?:first_?name|last_?name|customer_?name|phone|address_?[12]|city|zip|postal_?code)"\s*:\s*)'
    r'"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)
EPOCHS = (1_420_070_400, 4_102_444_800)  # 2015 to 2100


def judge(reply: Reply) -> Answer:
    """What a reply means for the call that was made."""
    outcome, problem, wait = _meaning(reply)
    return Answer(
        outcome=outcome,
        problem=problem,
        http_status=reply.status,
        milliseconds=reply.milliseconds,
        excerpt=masked(reply.body),
        rate=rate(reply.headers),
        wait_seconds=wait,
    )


def judge_failure(error: NotSent | OutcomeUnknown) -> Answer:
    sent = isinstance(error, OutcomeUnknown)
    outcome = AttemptOutcome.UNKNOWN if sent else AttemptOutcome.NOT_SENT
    return Answer(outcome=outcome, problem=str(error))


def _meaning(reply: Reply) -> tuple[AttemptOutcome, str, float | None]:
    status, words = reply.status, said(reply.body)
    if 200 <= status < 300:
        if failure := failure_inside(reply.body):
            return AttemptOutcome.REFUSED, f"Narvar said: {failure}", None
        return AttemptOutcome.ACCEPTED, "", None
    if status == 429:
        return AttemptOutcome.WAIT, "Narvar asks us to wait", wait_for(reply.headers)
    if status in (401, 403):
        told = f"Narvar refused our credential ({status})"
        return AttemptOutcome.UNAUTHORISED, told, WAIT_UNTIL_MENDED
    if 300 <= status < 400:
        told = f"Narvar redirects ({status}): is the address right?"
        return AttemptOutcome.MISCONFIGURED, told, WAIT_UNTIL_MENDED
    if status >= 500 or status < 200:
        return AttemptOutcome.UNKNOWN, f"Narvar answered {status}: {words}", None
    return AttemptOutcome.REFUSED, f"Narvar said {status}: {words}", None


def failure_inside(body: bytes) -> str:
    """Narvar services may say FAILURE inside a 2xx; returns its words, or nothing."""
    document = _document(body)
    if str(document.get("status", "")).upper() not in ("FAILURE", "ERROR", "FAILED"):
        return ""
    return _without_persons(_messages(document)) or str(document["status"])


def said(body: bytes) -> str:
    """Narvar's words out of an answer of any shape, for a person."""
    document = _document(body)
    return _without_persons(_messages(document)) or masked(body)[:300] or "(no words)"


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _messages(document: Mapping[str, Any]) -> str:
    found = document.get("messages") or document.get("errors") or document.get("error") or ""
    if isinstance(found, list):
        return "; ".join(_message(one) for one in found[:10])
    return _message(found or document.get("message") or "")


def _message(one: Any) -> str:
    if isinstance(one, dict):
        parts = [one.get("code"), one.get("message") or one.get("detail")]
        return " ".join(str(part) for part in parts if part)
    return str(one)


def masked(body: bytes) -> str:
    """An excerpt without secrets and without who and where a customer is, fit for the database."""
    text = body[:EXCERPT].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return _without_persons(text)


def _without_persons(text: str) -> str:
    text = E_MAIL.sub("[e-mail]", text)
    return PERSONAL.sub(r'\1"[masked]"', SECRET.sub(r"\1 [masked]", text))


def rate(headers: Mapping[str, str]) -> dict[str, int | None]:
    found = {name: _whole(headers.get(header)) for name, header in RATE_HEADERS.items()}
    found["reset"] = _seconds_until(found["reset"])
    return {name: _storable(value) for name, value in found.items()}


def _storable(value: int | None) -> int | None:
    return None if value is None else max(min(value, MOST), -MOST)


def _seconds_until(reset: int | None) -> int | None:
    """The spec counts seconds from now; a moment of these years is taken for the end itself."""
    if reset is None or not EPOCHS[0] < reset < EPOCHS[1]:
        return reset
    return max(math.ceil(reset - time.time()), 0)


def budget_rate(reply: Reply) -> Rate:
    """What the shop's budget learns from a reply."""
    said_headers = rate(reply.headers)
    wait = wait_for(reply.headers) if reply.status == 429 else None
    return Rate(
        limit=said_headers["limit"],
        remaining=said_headers["remaining"],
        reset=said_headers["reset"],
        wait=wait,
    )


def _whole(text: str | None) -> int | None:
    match = re.match(r"\s*(-?\d{1,12})", text or "")
    return int(match[1]) if match else None


def wait_for(headers: Mapping[str, str]) -> float:
    """Seconds until the window resets, with a little spread; absurd values are clamped."""
    reset = rate(headers)["reset"]
    seconds = DEFAULT_WAIT if reset is None or reset < 0 else reset
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT) + random.uniform(0, 2)
