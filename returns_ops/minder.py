"""Honcho, made stubborn: what dies by itself is started again, what must end does end.

runner ─ minder ─ command ─ its workers: one such chain for each command, which has a session of
its own. When the runner is killed, the kernel tells the minder, and the minder ends the session.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from multiprocessing.synchronize import Event
from types import FrameType
from typing import Any

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from returns_ops.embedded.children import die_with, dies_with_parent
from returns_ops.embedded.server import command_line

GRACE_SECONDS = 7.0
LONG_ENOUGH_SECONDS = 10.0
TRIES = 3
BACKLOG_LINES = 500  # who talks more than a terminal takes has to wait


class Minder(Process):  # type: ignore[misc]
    """Runs one command in a forked process and reports its lines, starts and end."""

    runner: int
    all_end: Event
    _child: subprocess.Popen[bytes] | None = None

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        self._events = events
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, self._runner_is_gone)
        die_with(self.runner, signal.SIGUSR1)
        code = self._run_once()
        quick_deaths = 0
        while not self.all_end.wait(1):
            quick_deaths = quick_deaths + 1 if self._lived < LONG_ENOUGH_SECONDS else 0
            if quick_deaths >= TRIES:
                break
            self._send_message(f"ended ({code}); starting it again\n".encode())
            code = self._run_once()
        self._send_message({"returncode": code}, type="stop")

    def _run_once(self) -> int:
        started = time.monotonic()
        self._child = subprocess.Popen(
            self.cmd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=self._make_child(),
        )
        self._send_message({"pid": self._child.pid}, type="start")
        reader = threading.Thread(target=self._report, args=(self._child,), daemon=True)
        reader.start()
        code = self._child.wait()
        kill_session(self._child.pid)  # workers may outlive it, and keep its port and its output
        reader.join(timeout=2)
        self._lived = time.monotonic() - started
        return code

    def _report(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        for line in child.stdout:
            self._send_message(line)

    def _make_child(self) -> Any:
        die = dies_with_parent(signal.SIGTERM)

        def prepare() -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            die()

        return prepare

    def _runner_is_gone(self, number: int, frame: FrameType | None) -> None:
        if self._child is not None:
            end_session(self._child.pid)
        os._exit(1)


class Runner(Manager):  # type: ignore[misc]
    """All commands, until Ctrl-C."""

    def __init__(self) -> None:
        super().__init__(PlainPrinter(Unbuffered()))
        self.events: Any = multiprocessing.Queue(BACKLOG_LINES)
        self._process_ctor = Minder
        self._procmgr = Sessions()
        self._all_end = multiprocessing.Event()

    def add(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        minder = self.add_process(name, command, env=dict(environment))
        minder.runner, minder.all_end = os.getpid(), self._all_end

    def loop(self) -> None:
        """Where it fails itself (its terminal is gone, say), nobody waits for the commands."""
        try:
            super().loop()
        except BaseException:
            for minder in multiprocessing.active_children():
                minder.kill()
            for started in self._processes.values():
                if "pid" in started:
                    kill_session(started["pid"])
            raise

    def say(self, text: str) -> None:
        self.events.put(Message("line", text, self._clock.now(), None, None))

    def terminate(self) -> None:
        if not self._all_end.is_set():
            self._all_end.set()
            hard_end = threading.Timer(GRACE_SECONDS, self.kill)
            hard_end.daemon = True
            hard_end.start()
        super().terminate()


class Sessions:
    """How the runner ends commands: the first asks, which gives workers their orderly end."""

    def terminate(self, pid: int) -> None:
        ask_to_end(pid)

    def kill(self, pid: int) -> None:
        kill_session(pid)


class Unbuffered:
    """Honcho prints in its signal handler, perhaps amid another print: a buffer forbids that."""

    def write(self, text: str) -> None:
        rest = text.encode(errors="replace")
        while rest:
            rest = rest[os.write(1, rest) :]

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return os.isatty(1)


class PlainPrinter(Printer):  # type: ignore[misc]
    """What the runner itself has to say carries neither time nor name."""

    def write(self, message: Message) -> None:
        if message.name is None:
            print(message.data, file=self.output, flush=True)
        elif message.data.strip():
            super().write(message)


def ask_to_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def end_session(leader: int) -> None:
    ask_to_end(leader)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and command_line(leader):
        time.sleep(0.1)
    kill_session(leader)


def kill_session(leader: int) -> None:
    """Whatever is left of a command: workers that outlived it, for instance."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
