from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

PATIENCE = "3s"


class Command(migrate.Command):
    """Django's own, with patience turned round: short for a lock, since everybody queues behind one
    who waits for it, and endless for a statement, since an index on a big table takes its time."""

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PATIENCE}'; SET statement_timeout = 0")
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise CommandError(
                    f"A table was in use for more than {PATIENCE}, and nobody was kept waiting for "
                    "longer. What was done is done: run it again, or end who holds the table."
                ) from error
            raise
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout; RESET statement_timeout")
