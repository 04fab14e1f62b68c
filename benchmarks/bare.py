"""The limit of the door: a WSGI function that keeps each body once, with no checks at all."""

import hashlib
import os
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

import psycopg

_local = threading.local()
TABLE = """
CREATE TABLE IF NOT EXISTS bench_bare (
    id bigserial PRIMARY KEY, key bytea UNIQUE, body bytea STORAGE EXTERNAL
)
"""
SQL = "INSERT INTO bench_bare (key, body) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        _local.connection.prepare_threshold = 2
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    _local.connection.execute(SQL, [hashlib.sha256(body).digest(), body])
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]
