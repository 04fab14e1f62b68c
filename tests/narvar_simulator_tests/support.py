"""A caller of the simulator, and a receiver of its webhooks."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

SHOP = "larkspur-outfitters.myshopify.com"
OTHER_SHOP = "mycrofood.myshopify.com"
HOOK = {"username": "hook-user", "password": "hook-word"}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    url: str
    username: str = "api-user"
    password: str = "api-word"
    shop: str | None = SHOP
    timeout: float = 5.0

    def headers(self) -> dict[str, str]:
        token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        found = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        return found | ({"X-Narvar-Shop-Domain": self.shop} if self.shop else {})

    def connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.url)
        return http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=self.timeout
        )

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        connection = self.connect()
        try:
            body = json.dumps(document).encode() if document is not None else raw
            connection.request(method, path, body, self.headers() | (headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def approve(self, rma: dict[str, Any], *entries: dict[str, Any], **more: Any) -> Reply:
        return self.call("POST", "/merchant/returns/approval", approval(rma, *entries, **more))

    def returns(self, **query: Any) -> Reply:
        return self.call("GET", f"/api/returns?{urlencode(query)}")

    def ship(self, **query: str) -> Reply:
        text = urlencode(query, quote_via=quote)
        return self.call("POST", f"/merchant/returns/shipment_status?{text}")


def approval(rma: dict[str, Any], *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A correct approval of all units of all lines, except for what is given."""
    whole = [entry(line, line["quantity"], "approved") for line in rma["items"]]
    document: dict[str, Any] = {
        "rma_number": rma["rma_number"],
        "call_reference_id": str(uuid.uuid4()),
        "process_refund": True,
        "items": list(entries) or whole,
    }
    return document | more


def entry(line: dict[str, Any], quantity: int, status: str) -> dict[str, Any]:
    return {"item_id": int(line["item_id"]), "quantity": quantity, "status": status}


@dataclass
class Hook:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Takes webhooks; `answers` are used up first, then everything is 200."""

    answers: list[int] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.hooks.append(Hook(dict(self.headers.items()), self.rfile.read(length)))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        serve = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
