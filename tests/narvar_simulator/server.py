"""HTTP/1.1 with keep-alive on a thread per connection."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.narvar_simulator import api, control
from tests.narvar_simulator.messages import Answer, refusal
from tests.narvar_simulator.narvar import Narvar

_LONGEST_BODY = 20_000_000


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, host: str, port: int, narvar: Narvar) -> None:
        self.narvar = narvar
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news."""

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        with contextlib.suppress(OSError):
            super().shutdown_request(request)

    def end(self, *, serving: bool) -> None:
        """Stop listening and cut what is still connected, hanging answers included."""
        self.stopping.set()
        if serving:
            self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # An idle keep-alive connection holds a thread only so long.
    timeout = 120

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded; the console stays quiet."""

    def _serve(self) -> None:
        raw = self._body()
        if raw is None:
            self._write(refusal(411, "a body needs its Content-Length, of at most 20 MB"))
            self.close_connection = True
            return
        narvar = self.server.narvar
        if self.path.startswith("/_control/"):
            found = control.answer(narvar, self.client_address[0], self.command, self.path, raw)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = api.answer(narvar, self.command, self.path, headers, raw)
        self._write(found)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            return None
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _write(self, answer: Answer) -> None:
        if answer.hang is not None:
            self.server.stopping.wait(answer.hang)
            self.close_connection = True
        elif answer.reset:
            self._reset()
        elif answer.bytes_per_second is not None:
            self.wfile.write(_head(answer))
            self._drip(answer.body, answer.bytes_per_second)
        else:
            self.wfile.write(_head(answer) + _sent_body(answer))
            if answer.claimed_length is not None:
                self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Closed by its number: an orderly shutdown would say goodbye before the RST.
        os.close(self.connection.detach())

    def _drip(self, body: bytes, bytes_per_second: float) -> None:
        began = time.monotonic()
        for sent in range(len(body)):
            self.wfile.write(body[sent : sent + 1])
            due = began + (sent + 1) / bytes_per_second - time.monotonic()
            if due > 0 and self.server.stopping.wait(due):
                self.close_connection = True
                return


def _sent_body(answer: Answer) -> bytes:
    claimed = answer.claimed_length
    if answer.status == HTTPStatus.NO_CONTENT:
        return b""
    return answer.body if claimed is None else answer.body[:claimed]


def _head(answer: Answer) -> bytes:
    length = len(answer.body) if answer.claimed_length is None else answer.claimed_length
    headers = dict(answer.headers)
    if answer.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(length)
    known = {status.value: status.phrase for status in HTTPStatus}
    reason = known.get(answer.status, "Unknown")
    lines = [f"HTTP/1.1 {answer.status} {reason}", "Server: narvar-simulator"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
