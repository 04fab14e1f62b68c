"""Says where a JSON document departs from the fields that the spec lists."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.narvar_simulator.records import Json


@dataclass(frozen=True)
class Problem:
    words: str
    # A refused document is answered 4xx; an obsolete or unknown key is only remarked on.
    refused: bool = True


@dataclass(frozen=True)
class Field:
    type: str
    required: bool = False
    obsolete: bool = False
    choices: tuple[str, ...] = ()
    fields: dict[str, Field] | None = None
    at_least: int = 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "uuid": _is_uuid,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "anything": lambda value: True,
}


class NotJson(Exception):
    pass


def read(raw: bytes) -> tuple[Any, list[Problem]]:
    """The document with exact decimals, and what is odd about its text."""
    problems: list[Problem] = []

    def pairs(rows: list[tuple[str, Any]]) -> Json:
        keys = [key for key, _ in rows]
        problems.extend(
            Problem(f"{key} appears twice", refused=False)
            for key in sorted({key for key in keys if keys.count(key) > 1})
        )
        return dict(rows)

    def constant(name: str) -> Any:
        raise NotJson(f"{name} is not JSON")

    try:
        text = raw.decode("utf-8")
        document = json.loads(
            text, parse_float=Decimal, object_pairs_hook=pairs, parse_constant=constant
        )
    except ValueError as problem:
        raise NotJson(f"the body is not JSON: {problem}") from problem
    return document, problems


def check(document: Any, fields: dict[str, Field], where: str = "") -> list[Problem]:
    if not isinstance(document, dict):
        return [Problem(f"{where or 'the body'} is not an object")]
    at = f"{where}." if where else ""
    problems = [
        Problem(f"{at}{key} is not in the spec", refused=False)
        for key in document
        if key not in fields
    ]
    for name, field in fields.items():
        if name in document:
            problems += _check_value(document[name], field, at + name)
        elif field.required:
            problems.append(Problem(f"{at}{name} is missing"))
    return problems


def _check_value(value: Any, field: Field, where: str) -> list[Problem]:
    if field.obsolete:
        return [Problem(f"{where} is obsolete", refused=False)]
    if not _TYPES[field.type](value):
        return [Problem(f"{where} is not a {field.type}: {value!r}")]
    if field.required and field.type == "string" and not value:
        return [Problem(f"{where} is empty")]
    if field.choices and value not in field.choices:
        return [Problem(f"{where} is not one of the spec's words: {value!r}")]
    if field.type == "array":
        return _check_rows(value, field, where)
    return check(value, field.fields, where) if field.fields else []


def _check_rows(rows: list[Any], field: Field, where: str) -> list[Problem]:
    if len(rows) < field.at_least:
        return [Problem(f"{where} has fewer than {field.at_least} entries")]
    problems: list[Problem] = []
    if field.fields:
        for place, row in enumerate(rows):
            problems += check(row, field.fields, f"{where}[{place}]")
    return problems
