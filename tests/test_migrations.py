"""Migrations may meet a million rows and people at work: none may hold a big table for long."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import pre_migrate

from returns_ops.accounts.management.commands import migrate

# What ran before there was data: the last of each app that may do as it likes.
BEFORE_DATA = {"accounts": 4, "messaging": 7, "narvar": 5, "returns": 17}

VOLATILE = "gen_random_uuid|random|clock_timestamp|nextval"
TABLE = r'(?:ONLY )?"?(?P<table>\w+)"?'
# What it does to a table that others use meanwhile; how it is done instead.
SLOW = {
    rf"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)\S+.*? ON {TABLE}": "AddIndexConcurrently",
    r"(?:DROP INDEX|REINDEX \w+) (?!.*CONCURRENTLY)": "RemoveIndexConcurrently",
    rf"ALTER TABLE {TABLE} .*ADD CONSTRAINT .*(?:CHECK|FOREIGN KEY)(?!.*NOT VALID)": (
        "NOT VALID, and VALIDATE CONSTRAINT in a migration after it"
    ),
    rf"ALTER TABLE {TABLE} .*ADD CONSTRAINT .*UNIQUE (?!USING)": (
        "an index made CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX"
    ),
    rf"ALTER TABLE {TABLE} .*REFERENCES(?!.*NOT VALID)": "NOT VALID, then VALIDATE CONSTRAINT",
    rf"ALTER TABLE {TABLE} .*SET NOT NULL": "a CHECK that was validated before it",
    rf"ALTER TABLE {TABLE} .*ALTER COLUMN \S+ (?:SET DATA )?TYPE": "a new column",
    rf"ALTER TABLE {TABLE} .*ADD COLUMN .*DEFAULT \(?(?:{VOLATILE})": (
        "a column without default, filled by and by"
    ),
    rf"(?:UPDATE|DELETE FROM) {TABLE} (?!.*WHERE .*\bid\b)": "batches, outside of the migration",
    r"(?:VACUUM FULL|CLUSTER|LOCK TABLE)": "nothing of the kind",
}


def objections(statements: list[str]) -> Iterator[str]:
    """To what would hold a table that was there before; one made here is empty and unseen."""
    text = [re.sub(r"--.*$", "", one, flags=re.MULTILINE) for one in statements]
    plain = [" ".join(one.split()) for part in text for one in outside_of_functions(part)]
    made = {found[1] for one in plain if (found := re.match(r'CREATE TABLE "?(\w+)', one))}
    for statement in plain:
        for pattern, instead in SLOW.items():
            found = re.match(pattern, statement, re.IGNORECASE)
            if found and found.groupdict().get("table") not in made:
                yield f"{statement[:120]}: {instead}"


def outside_of_functions(sql: str) -> list[str]:
    """The statements themselves, without what a function will do one day."""
    return re.sub(r"\$\$.*?\$\$", "''", sql, flags=re.DOTALL).split(";")


def test_no_migration_holds_a_table_for_long(transactional_db: None) -> None:
    executor = MigrationExecutor(connection)
    late = [one for one in executor.loader.disk_migrations.values() if is_late(one)]
    found = []
    for migration in late:
        found += [f"{migration}: {one}" for one in objections(executor_sql(executor, migration))]
        by_hand = any(isinstance(step, RunPython) for step in migration.operations)
        if by_hand and migration.atomic:
            found.append(f"{migration}: RunPython in one transaction; batches, with atomic = False")

    assert len(late) >= 9
    assert found == []


def is_late(migration: Migration) -> bool:
    last = BEFORE_DATA.get(migration.app_label)
    return last is not None and int(migration.name[:4]) > last


def executor_sql(executor: MigrationExecutor, migration: Migration) -> list[str]:
    plan = [(executor.loader.graph.nodes[migration.app_label, migration.name], False)]
    return list(executor.loader.collect_sql(plan))


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX "a" ON "returns_rma" ("work")',
        'CREATE UNIQUE INDEX "a" ON "returns_rma" ("work") WHERE work = 1',
        'DROP INDEX IF EXISTS "a"',
        'ALTER TABLE "returns_rma" ADD CONSTRAINT "a" CHECK ("work" <> \'\')',
        'ALTER TABLE "returns_rma" ADD CONSTRAINT "a" FOREIGN KEY ("b") REFERENCES "c" ("id")',
        'ALTER TABLE "returns_rma" ADD CONSTRAINT "a" UNIQUE ("b")',
        'ALTER TABLE "returns_rma" ADD COLUMN "b" bigint NULL CONSTRAINT "d" REFERENCES "c"("id")',
        'ALTER TABLE "returns_rma" ALTER COLUMN "work" SET NOT NULL',
        'ALTER TABLE "returns_rma" ALTER COLUMN "work" TYPE text USING "work"::text',
        'ALTER TABLE "returns_rma" ADD COLUMN "b" uuid DEFAULT gen_random_uuid() NOT NULL',
        "UPDATE returns_rma SET work = 'done'",
        "SET x = 1; LOCK TABLE returns_rma",
    ],
)
def test_what_holds_a_table_for_long_is_refused(statement: str) -> None:
    assert list(objections([statement]))
    made = f'CREATE TABLE "returns_rma" (id bigint);\n{statement}'
    assert bool(list(objections([made]))) == ("returns_rma" not in statement or "LOCK" in statement)


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX CONCURRENTLY "a" ON "returns_rma" ("work")',
        "DROP INDEX CONCURRENTLY IF EXISTS a",
        'ALTER TABLE "returns_rma" ADD CONSTRAINT "a" CHECK ("work" <> \'\') NOT VALID',
        'ALTER TABLE "returns_rma" ADD CONSTRAINT "a" UNIQUE USING INDEX "b"',
        'ALTER TABLE "returns_rma" VALIDATE CONSTRAINT "a"',
        'ALTER TABLE "returns_rma" ADD COLUMN "b" varchar(8) DEFAULT \'\' NOT NULL',
        "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE returns_rma SET a = 1; END $$",
    ],
)
def test_what_holds_it_for_a_moment_may_be(statement: str) -> None:
    assert list(objections([statement])) == []


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
        )
        found: tuple[str, str] = cursor.fetchone()
    return found


def test_migrating_waits_shortly_for_a_lock_and_for_long_for_its_end(db: None) -> None:
    before, seen = limits(), []

    def look(**_: Any) -> None:
        seen.append(limits())

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(look)

    assert set(seen) == {("3s", "0")}
    assert limits() == before == ("5s", "30s")


def test_who_holds_a_table_stops_the_migration_not_everybody(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", "50ms")
    given = connection.get_connection_params()
    names = {"host", "port", "user", "password", "dbname"}
    with psycopg.connect(**{name: given[name] for name in names & given.keys()}) as holder:
        holder.execute("LOCK TABLE django_migrations")
        with pytest.raises(CommandError, match="A table was in use for more than 50ms"):
            call_command("migrate", verbosity=0)

    assert limits() == ("5s", "30s")
