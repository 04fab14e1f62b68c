"""The side of those who use the servers: hold, start the keeper if there is none, let go."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from returns_ops.embedded.server import command_line

START_SECONDS = 90
STOP_SECONDS = 15
ROOT = Path(__file__).resolve().parents[2]


class CannotStart(Exception):
    """The embedded servers cannot start; the message says why and what to do."""


class Hold:
    """While it lives, both servers run. Several processes may hold the same servers.

    Temporary ones are deleted after; quick ones do not wait for the disk.
    """

    def __init__(self, home: Path, *, temporary: bool = False, quick: bool = False) -> None:
        self.home = home
        self.owner = os.getpid()
        make_home(home)
        self.file = open_lock(home / "holders.lock")
        fcntl.flock(self.file, fcntl.LOCK_SH)
        self.keeper: subprocess.Popen[bytes] | None = None
        try:
            with _one_at_a_time(home):
                state = _running(home) or self._start_keeper(temporary=temporary, quick=quick)
        except BaseException:
            self.file.close()
            raise
        self.database_url = state["database_url"]
        self.redis_url = state["redis_url"]

    def release(self) -> None:
        """Let go; the last one waits until the servers are gone."""
        if self.file.closed or os.getpid() != self.owner:
            return
        self.file.close()
        if _nobody_holds(self.home):
            wait_for_keeper_to_end(self.home)
        if self.keeper is not None:
            self.keeper.poll()  # where it was our child, it leaves no corpse

    def _start_keeper(self, *, temporary: bool, quick: bool) -> dict[str, str]:
        if keeper_pid(self.home) is None:
            (self.home / "state.json").unlink(missing_ok=True)  # a killed keeper's, hence untrue
        command = [sys.executable, "-m", "returns_ops.embedded", "keep", str(self.home.resolve())]
        command += ["--temporary"] * temporary + ["--quick"] * quick
        with (self.home / "keeper.log").open("w+b") as log:
            self.keeper = subprocess.Popen(
                command,
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if name[:2] != "PG"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and self.keeper.poll() is None:
                state = _running(self.home)
                if state is not None:
                    return state
                time.sleep(0.02)
            self.keeper.terminate()
            log.seek(0)
            said = log.read().decode(errors="replace").strip()
        raise CannotStart(said or "The embedded servers did not start in time.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def stop(home: Path) -> bool:
    """End the servers although somebody may hold them. True if there was something to end."""
    pid = keeper_pid(home)
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    wait_for_keeper_to_end(home)
    return True


def make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"Cannot make {home}: {error.strerror}") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise CannotStart(
            f"{home} belongs to another account (uid {home.stat().st_uid}). "
            "Run as that account, or choose another directory with RETURNS_OPS_VAR."
        )


def open_lock(path: Path) -> IO[bytes]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "r+b", buffering=0)


def try_lock(file: IO[bytes], kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keeper_pid(home: Path) -> int | None:
    """None where no keeper runs. The lock tells, not the number: numbers outlive processes."""
    path = home / "keeper.lock"
    if not path.exists():
        return None
    with open_lock(path) as file:
        if try_lock(file):
            return None
        text = file.read().strip()
        return int(text) if text else None


def wait_for_keeper_to_end(home: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and (home / "keeper.lock").exists():
        with open_lock(home / "keeper.lock") as file:
            if try_lock(file):
                return
        time.sleep(0.05)


def _nobody_holds(home: Path) -> bool:
    if not (home / "holders.lock").exists():
        return False
    with open_lock(home / "holders.lock") as file:
        if try_lock(file):
            return True
        # Refused even a share: the keeper has it for itself, so it is on its way out.
        return not try_lock(file, fcntl.LOCK_SH)


@contextlib.contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    with open_lock(home / "start.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _running(home: Path) -> dict[str, str] | None:
    pid = keeper_pid(home)
    if pid is None:
        return None
    try:
        state: dict[str, str] = json.loads((home / "state.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    # A killed process frees its locks a moment after it is gone.
    return state if state.get("keeper") == str(pid) and command_line(pid) else None
