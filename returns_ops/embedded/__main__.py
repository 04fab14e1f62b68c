"""`python -m returns_ops.embedded exec [--temporary] -- COMMAND…`, `… stop`."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from returns_ops import embedded
from returns_ops.embedded.children import dies_with_parent
from returns_ops.embedded.hold import CannotStart, Hold
from returns_ops.embedded.keeper import keep

PREFIX = "returns-ops-"


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.action == "keep":
        keep(options.home, temporary=options.temporary, quick=options.quick)
    if options.action == "stop":
        print("Stopped." if embedded.stop(embedded.home()) else "Nothing runs.")
        return 0
    try:
        return execute(options.command, temporary=options.temporary, durable=options.durable)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1


def execute(command: list[str], *, temporary: bool, durable: bool) -> int:
    home = Path(tempfile.mkdtemp(prefix=PREFIX)) if temporary else embedded.home()
    with Hold(home, temporary=temporary, quick=temporary and not durable) as hold:
        urls = {"DATABASE_URL": hold.database_url, "REDIS_URL": hold.redis_url}
        return _run(command[1:] if command[:1] == ["--"] else command, os.environ | urls)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Its own session: a Ctrl-C at the terminal then comes by us, once."""
    try:
        child = subprocess.Popen(
            command,
            env=environment,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127

    def pass_on(number: int, frame: FrameType | None) -> None:
        if child.poll() is None:
            child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, pass_on)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m returns_ops.embedded", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("exec", help="run a command beside PostgreSQL and Redis")
    run.add_argument("--temporary", action="store_true", help="fresh servers, thrown away after")
    run.add_argument("--durable", action="store_true", help="temporary, but on disk at each commit")
    run.add_argument("command", nargs=argparse.REMAINDER)
    actions.add_parser("stop", help="end the servers under var/, whoever uses them")
    keeper = actions.add_parser("keep")
    keeper.add_argument("home", type=Path)
    keeper.add_argument("--temporary", action="store_true")
    keeper.add_argument("--quick", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
