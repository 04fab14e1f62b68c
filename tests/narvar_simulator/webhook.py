"""The envelope of a webhook: five headers and the Basic token."""

from __future__ import annotations

import base64
import uuid

from tests.narvar_simulator.records import Json
from tests.narvar_simulator.settings import Settings

API_VERSION = "1.07"
_RUBY_LINE = 60


def basic_token(username: str, password: str, *, space_in_token: bool = False) -> str:
    """Ruby's encode64 breaks its lines; a header cannot carry the breaks, so they go.

    With `space_in_token` a blank stands where a break was (or in the middle of a short token),
    which is what a proxy may leave of a folded header.
    """
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    if not space_in_token:
        return token
    width = _RUBY_LINE if len(token) > _RUBY_LINE else max(1, len(token) // 2)
    return " ".join(token[start : start + width] for start in range(0, len(token), width))


def authorization(target: Json, settings: Settings) -> str:
    token = basic_token(
        target["username"], target["password"], space_in_token=settings.space_in_token
    )
    return f"Basic {token}"


def headers(domain: str, topic: str, at: float, settings: Settings) -> dict[str, str]:
    moment = settings.timestamp_header
    return {
        "Content-Type": "application/json",
        "X-Narvar-Topic": topic,
        "X-Narvar-Timestamp": str(int(at)) if moment in ("event", "send") else moment,
        "X-Narvar-Shop-Domain": domain,
        "X-Narvar-API-Version": API_VERSION,
        "X-Narvar-Webhook-Id": settings.fixed_webhook_id or str(uuid.uuid4()),
    }
