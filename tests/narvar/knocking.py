"""Deliveries brought to the webhook endpoint as Narvar brings them."""

import base64
import json

from django.http import HttpResponse
from django.test import Client

from returns_ops.narvar.connections import Door

BODY = json.dumps(
    {
        "rma_number": "LKR4T9QH2A",
        "return_status": "initiated",
        "order_number": "10482",
        "return_creation_date": "2026-10-18T16:32:32Z",
        "items": [{"sku": "FLEECE-M", "item_id": "13882204520534", "quantity": 1}],
    }
).encode()
HEADERS = {
    "X-Narvar-Topic": "initiated",
    "X-Narvar-Timestamp": "1792341155",
    "X-Narvar-API-Version": "1.07",
    "X-Narvar-Webhook-Id": "1f0c7a52-53a4-4c0d-9a55-0b8c4a6d1001",
}


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def knock(
    door: Door,
    body: bytes = BODY,
    *,
    authorization: str | None = None,
    method: str = "post",
    without: str = "",
    **changed: str,
) -> HttpResponse:
    """One delivery as Narvar makes it; `changed` are headers, with _ for -; empty: left out."""
    headers = {**HEADERS, "X-Narvar-Shop-Domain": "larkspur.myshopify.com"}
    headers["Authorization"] = basic(door.webhook_username, door.webhook_password)
    if authorization is not None:
        headers["Authorization"] = authorization
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    headers = {name: value for name, value in headers.items() if value and name != without}
    send = getattr(Client(), method)
    path = door.webhook_url[door.webhook_url.index("/webhooks/") :]
    answer: HttpResponse = send(path, body, content_type="application/json", headers=headers)
    return answer
