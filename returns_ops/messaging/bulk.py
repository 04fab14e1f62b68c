"""Many rows in one statement, handed over as one JSON document.

Django's own bulk statements build an expression for each value of each row: with the width of an
RMA and some hundred rows that costs ten times what PostgreSQL does with them.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField, Model
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=Model)


def upsert(rows: Sequence[Row], *, unique: Sequence[str], update: Sequence[str] = ()) -> None:
    """Insert all; where `unique` columns meet an existing row, set `update`, or leave it alone."""
    if not rows:
        return
    model = type(rows[0])
    fields = [f for f in model._meta.concrete_fields if not f.primary_key or f.name in unique]
    keys = ", ".join(_column(model, name) for name in unique)
    sets = ", ".join(f"{_column(model, n)} = EXCLUDED.{_column(model, n)}" for n in update)
    action = f"UPDATE SET {sets}" if update else "NOTHING"
    _execute(f"{_insert(model, fields)} ON CONFLICT ({keys}) DO {action}", fields, rows)


def insert(rows: Sequence[Row]) -> None:
    """Insert all; a conflict is an error."""
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    _execute(_insert(model, fields), fields, rows)


def update(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Write these fields of rows that exist, found by their primary key."""
    if not rows:
        return
    model = type(rows[0])
    key: Any = model._meta.pk
    fields: list[Any] = [key, *(model._meta.get_field(name) for name in names)]
    sets = ", ".join(f'"{field.column}" = given."{field.column}"' for field in fields[1:])
    _execute(
        f"""UPDATE "{model._meta.db_table}" AS target SET {sets} FROM {_given(fields)}
        WHERE target."{key.column}" = given."{key.column}" """,
        fields,
        rows,
    )


def _insert(model: type[Model], fields: Sequence[Any]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field) for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {values} FROM {_given(fields)}'


def _value(field: Any) -> str:
    by_database = field.has_db_default() and isinstance(field, DateTimeField)
    return f'coalesce("{field.column}", now())' if by_database else f'"{field.column}"'


def _given(fields: Sequence[Any]) -> str:
    columns = ", ".join(f'"{field.column}" {_type(field)}' for field in fields)
    return f"json_to_recordset(%s::json) AS given ({columns})"


def _type(field: Any) -> str:
    # A key to another table is of that table's key's type.
    if field.is_relation:
        return str(field.target_field.rel_db_type(connection))
    return str(field.cast_db_type(connection))


def _column(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return f'"{field.column}"'


def _execute(statement: str, fields: Sequence[Any], rows: Sequence[Model]) -> None:
    names = [(field.column, field.attname) for field in fields]
    given = [{column: getattr(row, name) for column, name in names} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(given, default=_plain)])


def _plain(value: Any) -> str | None:
    """What JSON has no form for, as PostgreSQL reads it from text."""
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, DatabaseDefault):
        return None
    raise TypeError(f"{type(value).__name__} cannot be handed to the database in bulk")
