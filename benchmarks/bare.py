"""The limit of the door: a WSGI function and one INSERT, no checks at all."""

import os
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

import psycopg

_local = threading.local()
SQL = "INSERT INTO bench_bare (body) VALUES (%s)"


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    _local.connection.execute(SQL, [body])
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]
