import os
import signal
import subprocess
import sys
from pathlib import Path

from returns_ops.embedded import ROOT

EXEC = [sys.executable, "-m", "returns_ops.embedded", "exec", "--temporary", "--"]


def run(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Beside temporary servers whose directory comes to lie in `tmp_path`."""
    return subprocess.run(
        [*EXEC, sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_gets_both_addresses_and_its_exit_code_is_passed_on(tmp_path: Path) -> None:
    done = run(
        "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(7)",
        tmp_path,
    )

    assert done.returncode == 7
    database, redis = done.stdout.split()
    assert database.startswith("postgresql://")
    assert redis.startswith("redis://")


def test_nothing_of_the_temporary_servers_is_left(tmp_path: Path) -> None:
    run("", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_signal_is_passed_on(tmp_path: Path) -> None:
    script = "import time; print('up', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [*EXEC, sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [*EXEC, "no-such-command"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 127
    assert "no-such-command" in done.stderr
