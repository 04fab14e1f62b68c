"""Many rows at once into the table of a model, by PostgreSQL's COPY."""

from datetime import datetime
from json import dumps

from django.db import connection, models

_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Sheet:
    """Rows for one table. A column that is not given has the default of its field, else null."""

    def __init__(self, model: type[models.Model]) -> None:
        self.table = model._meta.db_table
        self._defaults = {
            str(field.column): _cell(field.get_default())
            for field in model._meta.concrete_fields
            if not field.primary_key and not field.has_db_default()
        }
        self._given: list[str] = []
        self._rest = ""
        self._lines: list[str] = []

    def add(self, **columns: object) -> None:
        """Every row names the same columns."""
        if not self._given:
            self._given = list(columns)
            rest = {name: cell for name, cell in self._defaults.items() if name not in columns}
            self._rest = "".join(f"\t{cell}" for cell in rest.values())
            self._defaults = rest
        assert len(columns) == len(self._given)
        self._lines.append("\t".join(_cell(columns[name]) for name in self._given) + self._rest)

    def new_ids(self, count: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(%s::regclass) FROM generate_series(1, %s)",
                [f"{self.table}_id_seq", count],
            )
            return [row[0] for row in cursor.fetchall()]

    def write(self) -> None:
        """All rows so far, which are then forgotten."""
        if not self._lines:
            return
        names = ", ".join(f'"{name}"' for name in [*self._given, *self._defaults])
        command = f'COPY "{self.table}" ({names}) FROM STDIN'
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            copy.write("\n".join(self._lines) + "\n")
        self._lines.clear()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return str(value).translate(_ESCAPED)
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | dict):
        return dumps(value).translate(_ESCAPED)
    return str(value)
