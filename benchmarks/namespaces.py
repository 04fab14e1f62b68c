"""Network namespaces as machines: each with one address on a bridge, and a cable to pull."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BRIDGE, HERE, NETWORK = "ro-bench", "10.77.0.1", "10.77.0"


@dataclass
class Machines:
    addresses: dict[str, str] = field(default_factory=dict)

    def add(self, name: str) -> str:
        """A machine of this name (at most eight letters); returns its address."""
        address = f"{NETWORK}.{10 + len(self.addresses)}"
        inside, outside = f"ro-{name}-i", f"ro-{name}-o"
        _ip("netns", "add", _space(name))
        self.addresses[name] = address
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside)
        _ip("link", "set", inside, "netns", _space(name))
        _ip("link", "set", outside, "master", BRIDGE, "up")
        for words in (
            ("addr", "add", f"{address}/24", "dev", inside),
            ("link", "set", inside, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", _space(name), *words)
        return address

    def cut(self, name: str) -> None:
        _ip("link", "set", f"ro-{name}-o", "down")

    def mend(self, name: str) -> None:
        _ip("link", "set", f"ro-{name}-o", "up")

    def inside(self, name: str) -> list[str]:
        """What a command line begins with to run there."""
        return ["ip", "netns", "exec", _space(name)]


def possible() -> bool:
    return os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def machines() -> Iterator[Machines]:
    made = Machines()
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        yield made
    finally:
        for name in made.addresses:
            _ip("netns", "del", _space(name))
        _ip("link", "del", BRIDGE)


def _space(name: str) -> str:
    return f"ro-{name}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
