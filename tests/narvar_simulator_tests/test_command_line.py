from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.narvar_simulator import ControlClient
from tests.narvar_simulator_tests.support import SHOP

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.narvar_simulator"]


def test_it_tells_its_options() -> None:
    told = subprocess.run(
        [*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "--life-like" in told.stdout
    assert "--state-file" in told.stdout


def test_it_runs_alone_and_ends_cleanly(tmp_path: Path) -> None:
    state = tmp_path / "narvar.json"
    options = ["--port", "0", "--shop", SHOP, "--life-like", "--state-file", str(state)]
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=ROOT,
        env=os.environ | {"NARVAR_SIMULATOR_PASSWORD": "api-word"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    remote = ControlClient(process.stdout.readline().split()[-1])
    deadline = time.monotonic() + 5
    while remote.health()["rmas"] < 60 and time.monotonic() < deadline:
        time.sleep(0.02)
    health = remote.health()
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    code = process.wait(timeout=5)
    process.stdout.close()

    assert health["rmas"] >= 60
    assert (code, time.monotonic() - began < 2) == (0, True)
    assert state.exists()


def test_a_shop_needs_a_password() -> None:
    wrong = subprocess.run(
        [*COMMAND, "--shop", SHOP],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if "NARVAR" not in key},
        capture_output=True,
        text=True,
        check=False,
    )

    assert wrong.returncode == 2
    assert "password" in wrong.stderr


def test_it_imports_nothing_but_itself_and_the_standard_library() -> None:
    script = (
        "import sys; before = set(sys.modules); import tests.narvar_simulator.__main__; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'tests'}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"
