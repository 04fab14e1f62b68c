"""One step in a process of its own that may be killed: `-m tests.crash drain|knock|send|rows`.

`knock` reads deliveries from its input, a JSON list of [path, headers, body], and prints what
each was answered.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.test import Client  # noqa: E402

from returns_ops.narvar import delivery, inbound, location_imports  # noqa: E402


def drain() -> None:
    while inbound.drain_batch():
        pass


def knock() -> None:
    for path, headers, body in json.load(sys.stdin):
        answer = Client().post(path, body.encode(), "application/json", headers=headers)
        print(answer.status_code, flush=True)  # noqa: T201


def send() -> None:
    delivery.deliver_next()


def rows() -> None:
    location_imports.run_slice()


if __name__ == "__main__":
    {"drain": drain, "knock": knock, "send": send, "rows": rows}[sys.argv[1]]()
