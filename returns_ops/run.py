"""`python -m returns_ops.run demo|serve`: the whole stack in the foreground, on one machine."""

import argparse
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from returns_ops import demo, embedded, environment
from returns_ops.embedded.children import die_with, dies_with_parent
from returns_ops.embedded.hold import open_lock, try_lock
from returns_ops.embedded.server import is_free
from returns_ops.minder import Runner

HOST = "127.0.0.1"
READY_SECONDS = 60
PYTHON = [sys.executable, "-m"]
WEB_WORKERS, WEB_THREADS = 2, 4
RETRY_SECONDS, REFUND_SECONDS, RETURNS_PER_MINUTE = 5, 3, 20
# What is no news here: root in a container, and static files that nobody has collected.
QUIET = "ignore:You're running the worker with superuser,ignore:No directory at"
DUTIES = {
    "warehouse": "receives, inspects, approves",
    "agent": "exceptions, partial refunds, notes",
    "approver": "second signature on large refunds",
    "location_admin": "return locations",
    "security_admin": "people, shops, credentials",
}


class CannotRun(Exception):
    """Shown as it is, without a traceback."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m returns_ops.run", description=__doc__)
    parser.add_argument("action", choices=["demo", "serve"])
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    options = parser.parse_args(arguments)
    multiprocessing.set_start_method("fork")
    signal.signal(signal.SIGTERM, _interrupt)
    if options.with_parent:
        die_with(os.getppid(), signal.SIGTERM)
    try:
        with _one_runner(), _servers(options.action) as urls:
            return _run(options.action, urls)
    except (CannotRun, embedded.CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Ended.")
        return 0


def _run(action: str, urls: dict[str, str]) -> int:
    port = _port()
    variables = os.environ | urls | {"PORT": str(port), "PYTHONUNBUFFERED": "1"}
    variables.setdefault("PYTHONWARNINGS", QUIET)
    print("Bringing the database up to date …", flush=True)
    if action == "demo":
        variables |= {"RETURNS_OPS_ENV": "development"}
        _run_first([*PYTHON, "returns_ops.demo"], variables)
    else:
        _run_first([sys.executable, "manage.py", "migrate", "--noinput", "-v0"], variables)
    runner = Runner()
    for name, command in _commands(port).items():
        runner.add(name, command, variables | {"PROCESS_NAME": f"returns-ops-{name}"})
    if action == "demo":
        _add_simulator(runner, port, variables)
    threading.Thread(target=_greet, args=(runner, action, port), daemon=True).start()
    runner.loop()
    asked_to_end = runner.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    return 0 if asked_to_end else 1


def _commands(port: int) -> dict[str, list[str]]:
    celery = [*PYTHON, "celery", "--quiet", "--app", "returns_ops.celery:app"]
    worker = [*celery, "worker", "--without-mingle", "--without-gossip", "--loglevel", "WARNING"]
    return {
        "web": [
            *[*PYTHON, "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)],
            *["--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)],
            *["--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5"],
            *["--log-level", "warning", "returns_ops.wsgi:application"],
        ],
        "beat": [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"],
        "inbox": [
            *[*worker, "--queues", "inbox,reconcile,maintenance"],
            *["--hostname", "inbox@%h", "--concurrency", "2"],
        ],
        "money": [
            *[*worker, "--queues", "money", "--hostname", "money@%h", "--concurrency", "1"],
        ],
    }


def _add_simulator(runner: Runner, port: int, variables: dict[str, str]) -> None:
    made = demo.load(_var())
    if made is None:
        raise CannotRun(f"{_var() / 'demo.json'} cannot be read")
    secrets = {
        "NARVAR_SIMULATOR_PASSWORD": made.narvar_password,
        "NARVAR_SIMULATOR_WEBHOOK_PASSWORD": made.webhook_password,
    }
    options = {
        "--host": HOST,
        "--port": made.narvar_port,
        "--shop": demo.SHOP,
        "--username": demo.NARVAR_USERNAME,
        "--webhook-url": f"http://{HOST}:{port}{made.webhook_path}",
        "--webhook-username": made.webhook_username,
        "--retry-seconds": RETRY_SECONDS,
        "--refund-delay": REFUND_SECONDS,
        "--per-minute": RETURNS_PER_MINUTE,
        "--state-file": demo.world(_var()),
    }
    words = [str(word) for option in options.items() for word in option]
    command = [*PYTHON, "tests.narvar_simulator", "--life-like", *words]
    runner.add("narvar", command, variables | secrets)


def _run_first(command: list[str], variables: dict[str, str]) -> None:
    prepare = dies_with_parent(signal.SIGTERM)
    done = subprocess.run(
        command, env=variables, cwd=environment.ROOT, preexec_fn=prepare, check=False
    )
    if done.returncode != 0:
        raise CannotRun("The database could not be brought up to date; see above.")


@contextlib.contextmanager
def _one_runner() -> Iterator[None]:
    """The kernel frees the lock however the runner ends."""
    _var().mkdir(parents=True, exist_ok=True)
    with open_lock(_var() / "runner.lock") as file:
        if not try_lock(file):
            raise CannotRun(f"It runs already, on the data in {_var()}. End that one first.")
        yield


@contextlib.contextmanager
def _servers(action: str) -> Iterator[dict[str, str]]:
    """Those named by the environment, or the embedded ones.

    The demo does not take them from `.env`: it makes people whose password everybody knows.
    """
    if action == "serve":
        environment.load_dotenv(environment.ROOT / ".env")
    _port()
    named = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    if all(named.values()):
        yield named
        return
    print("Starting PostgreSQL and Redis …", flush=True)
    with embedded.Hold(embedded.home()) as hold:
        own = {"DATABASE_URL": hold.database_url, "REDIS_URL": hold.redis_url}
        yield own | {name: url for name, url in named.items() if url}


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotRun(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    if not is_free(int(text)):
        raise CannotRun(
            f"Port {text} is in use by another program. Choose another one, for instance PORT="
            f"{int(text) + 1}."
        )
    return int(text)


def _var() -> Path:
    return embedded.home().parent


def _greet(runner: Runner, action: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{HOST}:{port}/livez", timeout=5).close()
            runner.say(_box(_welcome(action, port)))
            return
        time.sleep(0.2)
    runner.say(f"The web process does not answer on port {port} yet; see its lines above.")


def _welcome(action: str, port: int) -> list[str]:
    lines = [f"Returns Ops is at  http://localhost:{port}", ""]
    if action == "serve":
        return [*lines, "Ctrl-C ends it."]
    lines.append(f"Sign in with the password  {demo.PASSWORD}  as")
    lines += [f"  {name:8}{role:16}{DUTIES[role]}" for name, role in demo.PEOPLE.items()]
    return [
        *lines,
        f"  {demo.ADMINISTRATOR:8}{'superuser':16}everything under /admin/",
        "",
        "Returns arrive by themselves from a simulated Narvar. To begin, sign in",
        "as wanda, open a return under To decide, press Approve and refund, and",
        "watch it become Confirmed.",
        "",
        f"Ctrl-C ends it. The data stays in {_var()}.",
    ]


def _box(lines: list[str]) -> str:
    width = max(map(len, lines))
    inside = [f"│  {line.ljust(width)}  │" for line in lines]
    edge = "─" * (width + 4)
    return "\n".join(["", f"┌{edge}┐", *inside, f"└{edge}┘", ""])


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
