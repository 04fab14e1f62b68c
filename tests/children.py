"""Starts `tests.crash` on the tests' own database, with failpoints armed."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from tests.e2e.stack import ROOT, database_url_of_tests

Delivered = tuple[str, dict[str, str], str]  # path, headers, body


def failpoints_in_source() -> list[str]:
    return sorted(
        ast.literal_eval(node.args[0])
        for file in (ROOT / "returns_ops").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint"
    )


def start(action: str, *, failpoints: str = "", **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash", action],
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": database_url_of_tests(),
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
    printed, _ = child.communicate(json.dumps(deliveries), timeout=120)
    return child.returncode, [int(line) for line in printed.split()]
