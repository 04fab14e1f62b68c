"""One server process: started, watched, revived, ended; and what an earlier life left behind."""

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from returns_ops.embedded.children import as_server

POLL_SECONDS = 0.03
START_SECONDS = 60


class DidNotStart(Exception):
    pass


class NotWanted(Exception):
    """Whoever asked for the server is gone before it was up."""


class Server:
    """The subclass says what to run, how to ask whether it answers, and how to end it."""

    name: str
    ending: Sequence[tuple[signal.Signals, float]]

    def __init__(self, home: Path, account: pwd.struct_passwd | None, password: str) -> None:
        self.directory = home / self.name
        self.log = home / f"{self.name}.log"
        self.pid_file = home / f"{self.name}.pid"
        self.account = account
        self.password = password
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def config(self) -> bytes:
        return b""

    def mark(self) -> str:
        """What the command line of this very server contains."""
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        if not self.directory.exists():
            self.directory.mkdir(mode=0o700)
            if self.account is not None:
                os.chown(self.directory, self.account.pw_uid, self.account.pw_gid)

    def start(self, wanted: Callable[[], bool]) -> None:
        """Another program may take the free port, and a dying server its time: try again."""
        self.end_leftover()
        self.prepare()
        deadline = time.monotonic() + START_SECONDS
        preferred = self.port or self._last_port()
        while True:
            self.port = preferred if is_free(preferred) else free_port()
            if self._launch(deadline, wanted):
                return
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        raise DidNotStart(f"{self.name} does not start. Its log ends with:\n{self.last_words()}")

    def revive(self, wanted: Callable[[], bool]) -> None:
        if self.process is not None and self.process.poll() is not None:
            print(f"{self.name} ended with {self.process.returncode}; starting it again")
            self.start(wanted)

    def end(self) -> None:
        if self.process is not None:
            end(self.process.pid, self.ending, reap=self.process)
            self.pid_file.unlink(missing_ok=True)

    def end_leftover(self) -> None:
        """The keeper's lock is ours, so a server that still runs here is an orphan."""
        pid, port = self._recorded()
        self.port = self.port or port
        if pid and self.mark() in command_line(pid):
            end(pid, self.ending)
        self.pid_file.unlink(missing_ok=True)

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])

    def run_as_server(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=as_server(self.account, self.ending[0][0]),
            )

    def _launch(self, deadline: float, wanted: Callable[[], bool]) -> bool:
        self.process = self.run_as_server(self.command())
        self.pid_file.write_text(f"{self.process.pid} {self.port}\n")
        self._feed(self.process, self.config())
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return True
            if not wanted():
                raise NotWanted
            time.sleep(POLL_SECONDS)
        self.end()
        return False

    @staticmethod
    def _feed(process: subprocess.Popen[bytes], config: bytes) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(config)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended at once; the loop that watches it says so

    def _recorded(self) -> tuple[int, int]:
        try:
            pid, port = self.pid_file.read_text().split()
            return int(pid), int(port)
        except (FileNotFoundError, ValueError):
            return 0, 0

    def _last_port(self) -> int:
        return self._recorded()[1]


def end(
    pid: int,
    ending: Sequence[tuple[signal.Signals, float]],
    reap: subprocess.Popen[bytes] | None = None,
) -> None:
    """Signal, wait, and signal harder."""
    for number, seconds in (*ending, (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            gone = reap.poll() is not None if reap else not command_line(pid)
            if gone:
                return
            time.sleep(POLL_SECONDS)


def command_line(pid: int) -> str:
    """Empty where no such process runs (or only a corpse)."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self").exists():
        return ""
    ps = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
