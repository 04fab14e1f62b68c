"""Requests and answers, as the operations see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.narvar_simulator.shapes import Problem
from tests.narvar_simulator.world import Shop


@dataclass
class Call:
    """An authenticated request."""

    operation: str
    shop: Shop
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    raw: bytes
    location_id: str = ""
    fault: Any = None
    problems: list[Problem] = field(default_factory=list)

    def object(self, words: str) -> None:
        self.problems.append(Problem(words))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    # How the answer travels, when a fault says that it should travel badly.
    hang: float | None = None
    reset: bool = False
    bytes_per_second: float | None = None
    claimed_length: int | None = None

    def but(self, **changes: Any) -> Answer:
        return replace(self, **changes)

    @property
    def arrives(self) -> bool:
        return self.hang is None and not self.reset


def json_answer(status: int, document: Any) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json"})


def refusal(status: int, *words: str) -> Answer:
    return json_answer(status, {"errors": list(words)})
