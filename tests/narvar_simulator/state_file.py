"""The world on disk, so that a demo goes on where it stopped."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.narvar_simulator import refunds
from tests.narvar_simulator.records import Json, as_json, delivery_from_json

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

_FORMAT = 1


class StateFile:
    def __init__(self, narvar: Narvar, path: Path, save_seconds: float) -> None:
        self._narvar, self._path, self._every = narvar, path, save_seconds
        self._saved_version = -1
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_saving, daemon=True)

    def load(self) -> None:
        """A file that cannot be read is set aside: the demo starts afresh instead of not at all."""
        if not self._path.exists():
            return
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            if saved["format"] != _FORMAT:
                raise ValueError(f"format {saved['format']}")
            deliveries = [delivery_from_json(row) for row in saved["deliveries"]]
            self._narvar.settings.change(saved["settings"])
            self._narvar.world.load_json(saved["world"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            aside = self._path.with_name(f"{self._path.name}.corrupt-{int(time.time())}")
            os.replace(self._path, aside)
            print(f"state file unreadable ({problem}); kept as {aside.name}", file=sys.stderr)
            return
        for delivery in deliveries:
            self._narvar.sender.resume(delivery)
        for rma in self._narvar.world.rmas.values():
            for order in rma.pending_refunds:
                refunds.schedule(self._narvar, rma, order)
        self._saved_version = self._narvar.world.version

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1)
        self.save()

    def save(self) -> None:
        with self._narvar.world.lock:
            if self._narvar.world.version == self._saved_version:
                return
            version = self._narvar.world.version
            text = json.dumps(self._document(), ensure_ascii=False)
        draft = self._path.with_name(self._path.name + ".tmp")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # It holds credentials, so nobody else may read it.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)
        self._saved_version = version

    def _document(self) -> Json:
        return {
            "format": _FORMAT,
            "settings": self._narvar.settings.as_json(),
            "world": self._narvar.world.as_json(),
            "deliveries": [as_json(row) for row in self._narvar.sender.outstanding()],
        }

    def _keep_saving(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self.save()
            except OSError as problem:
                print(f"state not saved: {problem}", file=sys.stderr)
