"""What was odd about a body, one plain sentence each, naming fields as Narvar spells them."""

import json
import re
from typing import Any

MOST = 200  # more would tell nobody anything, and a hostile body could make a million
LONGEST = 300
SHOWN = 60


class Remarks:
    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}
        self._untold = 0

    def add(self, sentence: str) -> None:
        """A sentence said twice is kept once."""
        sentence = sentence[:LONGEST]
        if len(self._sentences) < MOST:
            self._sentences[sentence] = None
        elif sentence not in self._sentences:
            self._untold += 1

    def unknown_word(self, name: str, word: str) -> None:
        """Once per field and word, however many rows have it."""
        everywhere = re.sub(r"\[\d+\]", "[]", name)
        self.add(f"{everywhere} is {shown(word)}: not a word we know, kept as it is")

    def told(self) -> tuple[str, ...]:
        more = (f"and {self._untold} more oddities",) if self._untold else ()
        return (*self._sentences, *more)


def shown(value: Any) -> str:
    """A value as a sentence can hold it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str) and len(value) > SHOWN:
        value = f"{value[:SHOWN]}…"
    return json.dumps(value, ensure_ascii=False)
