"""A copy of the tests' own database, and the way back to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from psycopg import sql

from tests.e2e.stack import database_url_of_tests


class Backup:
    """What the database held at one moment."""

    def __init__(self) -> None:
        self._name = str(connection.settings_dict["NAME"])
        self._copy, self._lost = f"{self._name}_backup", f"{self._name}_lost"

    def take(self) -> None:
        with self._alone() as server:
            server.execute(_sql("CREATE DATABASE {} TEMPLATE {}", self._copy, self._name))

    def restore(self) -> None:
        """What came after it is gone. Both names change at once, or neither does."""
        with self._alone() as server, server.transaction():
            server.execute(_sql("ALTER DATABASE {} RENAME TO {}", self._name, self._lost))
            server.execute(_sql("ALTER DATABASE {} RENAME TO {}", self._copy, self._name))

    def forget(self) -> None:
        with self._alone() as server:
            for name in (self._copy, self._lost):
                server.execute(_sql("DROP DATABASE IF EXISTS {}", name))

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection]:
        """The server lets nobody copy or rename a database that somebody is connected to."""
        connection.close()
        with psycopg.connect(database_url_of_tests(), dbname="postgres", autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)",
                [[self._name, self._copy, self._lost]],
            )
            yield server


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
