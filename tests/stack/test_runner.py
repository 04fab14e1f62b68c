import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from returns_ops.embedded import ROOT
from tests.stack.holding import eventually, gone

RUN_ONE = """
import sys
from returns_ops.minder import Runner
runner = Runner()
runner.add("one", sys.argv[1:], {"PATH": "/usr/bin:/bin"})
runner.loop()
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start_one(*command: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", RUN_ONE, *command]
        started.append(subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start_one
    for runner in started:
        runner.kill()
        runner.wait()


def line_of(runner: subprocess.Popen[str], words: str) -> str:
    assert runner.stdout is not None
    return next(line for line in runner.stdout if words in line)


def pid_of_next_start(runner: subprocess.Popen[str]) -> int:
    return int(line_of(runner, "one started").split("pid=")[1].rstrip(")\n"))


def test_a_killed_runner_takes_its_commands_with_it(start: Start) -> None:
    runner = start("sleep", "60")
    command = pid_of_next_start(runner)

    runner.kill()
    runner.wait()

    assert eventually(lambda: gone([command]))


def test_a_command_that_dies_is_started_again(start: Start) -> None:
    runner = start("sleep", "60")
    first = pid_of_next_start(runner)

    os.kill(first, signal.SIGKILL)
    second = pid_of_next_start(runner)

    assert second != first
    runner.terminate()
    runner.wait(timeout=15)
    assert gone([first, second])


def test_a_command_that_ignores_the_request_to_end_ends_all_the_same(start: Start) -> None:
    stubborn = "trap '' TERM; echo deaf; while true; do sleep 1; done"
    runner = start("sh", "-c", stubborn)
    command = pid_of_next_start(runner)
    line_of(runner, "deaf")

    runner.send_signal(signal.SIGINT)
    runner.wait(timeout=15)

    assert gone([command])


def test_a_runner_whose_terminal_is_gone_ends_with_its_commands(start: Start) -> None:
    runner = start("sh", "-c", "while true; do echo still here; sleep 0.1; done")
    command = pid_of_next_start(runner)

    assert runner.stdout is not None
    runner.stdout.close()

    assert runner.wait(timeout=10) != 0
    assert eventually(lambda: gone([command]))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = subprocess.run(
            [sys.executable, "-m", "returns_ops.run", "demo"],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port), "RETURNS_OPS_VAR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert "PORT=" in done.stderr
