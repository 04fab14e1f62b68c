"""Webhooks sent over many connections by one process that costs little: sockets and epoll.

Each answer is waited for before the next webhook goes out on its connection, as Narvar does. The
load comes from the machine that is measured, so what it costs is taken from all that are compared.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.bodies import bodies

KEPT, END = b"HTTP/1.1 200", b"{}"
MARK = "00000000"  # a number of as many digits stands in its place in every body


@dataclass(frozen=True)
class Target:
    port: int
    path: str
    headers: dict[str, str]


@dataclass
class Caller:
    link: socket.socket
    sent_at: float = 0.0


def knock(target: Target, connections: int, seconds: float, name: str) -> tuple[float, list[float]]:
    """(acknowledged a second, milliseconds of each), after a second that does not count."""
    webhooks = _webhooks(target, name)
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        link = socket.create_connection(("127.0.0.1", target.port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = Caller(link)
        selector.register(link, selectors.EVENT_READ, caller)
        _send(caller, next(webhooks))
    _exchange(selector, webhooks, 1.0)
    took = _exchange(selector, webhooks, seconds)
    for key in list(selector.get_map().values()):
        key.data.link.close()
    selector.close()
    return len(took) / seconds, sorted(took)


def _exchange(
    selector: selectors.BaseSelector, webhooks: Iterator[bytes], seconds: float
) -> list[float]:
    took: list[float] = []
    ends = time.perf_counter() + seconds
    while (now := time.perf_counter()) < ends:
        for key, _ in selector.select(ends - now):
            caller = key.data
            answer = caller.link.recv(4096)
            while not answer.endswith(END):  # some servers send the head first
                answer += caller.link.recv(4096)
            took.append((time.perf_counter() - caller.sent_at) * 1000)
            if not answer.startswith(KEPT):
                raise RuntimeError(f"Not acknowledged: {answer[:200]!r}")
            _send(caller, next(webhooks))
    return took


def _send(caller: Caller, webhook: bytes) -> None:
    caller.sent_at = time.perf_counter()
    caller.link.sendall(webhook)


def _webhooks(target: Target, name: str) -> Iterator[bytes]:
    """Whole requests, each with a number and a body of its own."""
    body = next(bodies(1, name))
    sent = {"Host": "door", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{key}: {value}" for key, value in {**target.headers, **sent}.items()]
    head = "\r\n".join([f"POST {target.path} HTTP/1.1", *lines, f"X-Narvar-Webhook-Id: {MARK}"])
    parts = f"{head}\r\n\r\n".encode() + body
    for number in range(100_000_000):
        yield parts.replace(MARK.encode(), b"%08d" % number)
