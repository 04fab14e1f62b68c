from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(job: str) -> Iterator[bool]:
    """Whether no other process does this job now; who dies lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [job])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [job])


def wait_for(name: str) -> None:
    """Until the caller's transaction ends, nobody else comes past this with the same name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
