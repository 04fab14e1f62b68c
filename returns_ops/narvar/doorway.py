"""The door as WSGI, without Django's handling of requests; all other paths go on to Django."""

import re
import select
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import connection

from returns_ops.narvar.ingress import Answer, Knock, answered

_PATH = re.compile(r"/webhooks/narvar/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_STATUS = {int(status): f"{int(status)} {status.phrase}" for status in HTTPStatus}

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_door(django: Wsgi) -> Wsgi:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match = _PATH.fullmatch(environ["PATH_INFO"])
        if match is None or environ["REQUEST_METHOD"] != "POST":
            return django(environ, start_response)
        _drop_broken_connection()
        knock = Knock(UUID(match[1]), environ, environ["wsgi.input"].read)
        return _told(answered(knock), start_response)

    return application


def _drop_broken_connection() -> None:
    """Django's signals, which would do it, are not sent here; and this costs no round trip."""
    raw = connection.connection
    if raw is None:
        return
    if connection.errors_occurred:
        connection.close_if_unusable_or_obsolete()
    elif raw.closed or _has_something_to_read(raw.fileno()):
        # Nobody asked, and there is something to read: the server said goodbye.
        connection.close()


def _has_something_to_read(descriptor: int) -> bool:
    """By poll: select knows no descriptor beyond 1023."""
    asked = select.poll()
    asked.register(descriptor, select.POLLIN)
    return bool(asked.poll(0))


def _told(answer: Answer, start_response: Callable[..., Any]) -> list[bytes]:
    body = answer.text.encode()
    headers = {"Content-Type": "text/plain; charset=utf-8", **answer.headers}
    headers["Content-Length"] = str(len(body))
    start_response(_STATUS[answer.status], list(headers.items()))
    return [body]
