"""One moment at which a call is over, whatever it waits for: the answer's head or its body.

urllib3 limits each single wait: an answer that drips would hold a worker for ever.
"""

import io
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection


class Deadline:
    """When a call must be over, and whether anything of it has left this machine."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.was_sent = False

    def left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole call is over")
        return left

    def connections(self, scheme: str) -> Callable[..., HTTPConnection]:
        """Makes connections that keep the deadline."""
        return partial(_SecureConnection if scheme == "https" else _Connection, deadline=self)


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline = deadline

    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(self.sock, self._deadline)


class _SecureConnection(_Connection, HTTPSConnection):
    """HTTPSConnection stands behind `super()`: what is wrapped speaks TLS already."""


class _Socket:
    """A connected socket. Each wait ends at its own time-out, and at the deadline at the latest."""

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline
        self._longest_wait = inner.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        self._longest_wait = seconds

    def sendall(self, data: bytes) -> None:
        self._hurry()
        self._deadline.was_sent = True
        self._inner.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._inner.makefile("rb", buffering=0), self._hurry))

    def _hurry(self) -> None:
        left, longest = self._deadline.left(), self._longest_wait
        self._inner.settimeout(left if longest is None else min(left, longest))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Reader(io.RawIOBase):
    def __init__(self, inner: io.RawIOBase, hurry: Callable[[], None]) -> None:
        self._inner, self._hurry = inner, hurry

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._hurry()
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()
