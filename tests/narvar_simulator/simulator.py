"""The handle: Narvar on a port, in this process."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.narvar_simulator.life_like import LifeLike
from tests.narvar_simulator.narvar import Narvar
from tests.narvar_simulator.server import Server
from tests.narvar_simulator.state_file import StateFile


class Simulator(Narvar):
    """`with Simulator() as narvar:` serves at `narvar.url` until the block ends."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int | None = None,
        state_file: Path | None = None,
        save_seconds: float = 3.0,
        retry_seconds: float = 0.2,
        **settings: Any,
    ) -> None:
        super().__init__(seed=seed, retry_seconds=retry_seconds, **settings)
        self._state = StateFile(self, state_file, save_seconds) if state_file else None
        if self._state:
            self._state.load()
        self._server = Server(host, port, self)
        self._life: LifeLike | None = None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    def start(self) -> Self:
        self._thread.start()
        if self._state:
            self._state.start()
        return self

    def live(self, domain: str, **pace: Any) -> LifeLike:
        """Begin a stream of returns for the shop."""
        self._life = LifeLike(self, domain, **pace)
        self._life.start()
        return self._life

    def stop(self) -> None:
        if self._life:
            self._life.stop()
        self._server.end(serving=self._thread.is_alive())
        self.scheduler.stop()
        self.sender.stop()
        if self._state:
            self._state.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
