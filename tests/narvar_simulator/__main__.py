"""`python -m tests.narvar_simulator`: Narvar on a port until it is told to end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from tests.narvar_simulator.records import Json
from tests.narvar_simulator.simulator import Simulator


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.narvar_simulator",
        description="Narvar's Shopify RMA API, simulated. Control it under /_control/.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=9400, help="0 takes a free one")
    add("--shop", metavar="DOMAIN", help="more shops can be added by POST /_control/shops")
    add("--username", default="narvar", help="of the shop's API credentials")
    add("--password", help="better given by the environment, see --password-env")
    add("--password-env", default="NARVAR_SIMULATOR_PASSWORD", metavar="NAME")
    add("--webhook-url", help="where the shop's webhooks go")
    add("--webhook-username", default="")
    add("--webhook-password")
    add("--webhook-password-env", default="NARVAR_SIMULATOR_WEBHOOK_PASSWORD", metavar="NAME")
    add("--retry-seconds", type=float, default=3600, help="between attempts of a webhook")
    add("--limit", type=int, default=300, help="calls per window")
    add("--window", type=float, default=45, help="seconds")
    add("--refund-delay", type=float, default=3, help="from the approval to the refund, seconds")
    add("--life-like", action="store_true", help="a stream of returns for the shop")
    add("--per-minute", type=float, default=20, help="new returns in the stream")
    add("--backlog", type=int, default=60, help="returns there from the start of the stream")
    add("--most-open", type=int, default=500, help="the stream pauses at so many open returns")
    add("--seed", type=int, help="makes the stream the same each time")
    add("--state-file", type=Path, help="keep the world here between runs")
    return parser


def _secret(given: str | None, variable: str) -> str:
    return given if given is not None else os.environ.get(variable, "")


def _add_shop(narvar: Simulator, options: argparse.Namespace) -> None:
    webhook: Json | None = None
    if options.webhook_url:
        webhook = {
            "url": options.webhook_url,
            "username": options.webhook_username,
            "password": _secret(options.webhook_password, options.webhook_password_env),
        }
    narvar.add_shop(
        options.shop,
        username=options.username,
        password=_secret(options.password, options.password_env),
        webhook=webhook,
        limit=options.limit,
        window=options.window,
    )


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    if options.shop and not _secret(options.password, options.password_env):
        parser.error(f"--shop needs --password or ${options.password_env}")
    if options.life_like and not options.shop:
        parser.error("--life-like needs --shop")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    narvar = Simulator(
        host=options.host, port=options.port, seed=options.seed, state_file=options.state_file
    )
    # What was said on the command line counts more than what the state file remembers.
    narvar.change_settings(retry_seconds=options.retry_seconds, refund_delay=options.refund_delay)
    if options.shop:
        _add_shop(narvar, options)
    with narvar:
        if options.life_like:
            narvar.live(
                options.shop,
                per_minute=options.per_minute,
                backlog=options.backlog,
                most_open=options.most_open,
            )
        print(f"Narvar simulator at {narvar.url}", flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
