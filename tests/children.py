"""Starts `tests.crash` on the tests' own database."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from tests.e2e.stack import ROOT, test_database_url

Delivered = tuple[str, dict[str, str], str]  # path, headers, body


def start(action: str, *, failpoints: str = "", **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash", action],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": test_database_url(),
            "REDIS_URL": str(settings.REDIS_URL),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "FAILPOINTS": failpoints,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(
    action: str, *, failpoints: str = "", deliveries: Sequence[Delivered] = ()
) -> tuple[int, list[int]]:
    """Until its end, however it comes; returns its exit code and what it was answered."""
    child = start(action, failpoints=failpoints)
    printed, _ = child.communicate(json.dumps(deliveries), timeout=30)
    return child.returncode, [int(line) for line in printed.split()]
