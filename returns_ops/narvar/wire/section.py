"""One object of a body while it is read: what nobody takes is its `extra`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.remarks import Remarks, shown
from returns_ops.narvar.wire.values import Odd

T = TypeVar("T")
D = TypeVar("D")


class Section:
    def __init__(self, document: Mapping[str, Any], path: str, remarks: Remarks) -> None:
        self._left = dict(document)
        self.path = path
        self.remarks = remarks

    def take(self, key: str, read: Callable[[Any], T], absent: D) -> T | D:
        """The value; where it is absent or odd, `absent`. An odd one stays, and is remarked."""
        value = self._left.get(key)
        if value is None or value == "":
            self._left.pop(key, None)
            return absent
        try:
            found = read(value)
        except Odd as odd:
            self.remark(key, f"{odd}, {_read_as(absent)}")
            return absent
        del self._left[key]
        return found

    def first(self, keys: Sequence[str], read: Callable[[Any], T], absent: D) -> T | D:
        """Of several spellings the first that is there; one that says the same goes with it."""
        if len(keys) == 1:
            return self.take(keys[0], read, absent)
        there = [key for key in keys if self.has(key)]
        if not there:
            return self.take(keys[0], read, absent)
        chosen, *others = there
        for twin in others:
            if self._left[twin] == self._left[chosen]:
                del self._left[twin]
        return self.take(chosen, read, absent)

    def text(self, *keys: str) -> str:
        return self.first(keys, values.text, "")

    def name(self, *keys: str) -> str:
        return self.first(keys, values.name, "")

    def word(self, key: str, known: Collection[str]) -> str:
        """A text that should be one of a few; another is kept and remarked."""
        found = self.text(key)
        if found and found not in known:
            self.remarks.unknown_word(self.label(key), found)
        return found

    def texts(self, spelling: Mapping[str, str]) -> dict[str, Any]:
        """Several texts at once: our name to Narvar's."""
        return {ours: self.text(theirs) for ours, theirs in spelling.items()}

    def names(self, spelling: Mapping[str, str]) -> dict[str, Any]:
        return {ours: self.name(theirs) for ours, theirs in spelling.items()}

    def section(self, key: str) -> "Section | None":
        value = self._left.get(key)
        if isinstance(value, dict):
            return Section(self._left.pop(key), self.label(key), self.remarks)
        if value is None or value == "":
            self._left.pop(key, None)
        else:
            self.remark(key, "not an object, kept as it is")
        return None

    def rows(self, key: str) -> list["Section"]:
        """The objects of a list; what else stands in it stays."""
        found: list[Section] = []
        for row, path in self.elements(key):
            if isinstance(row, dict):
                found.append(Section(row, path, self.remarks))
            elif row is not None:
                self.give_back(key, row)
                self.remarks.add(f"{path} is {shown(row)}: not an object, kept as it is")
        return found

    def elements(self, key: str) -> list[tuple[Any, str]]:
        """Whatever a list holds, with its path."""
        value = self._left.get(key)
        if value is None or value == "" or isinstance(value, list):
            self._left.pop(key, None)
        else:
            self.remark(key, "not a list, kept as it is")
            return []
        return [(row, f"{self.label(key)}[{place}]") for place, row in enumerate(value or [])]

    def give_back(self, key: str, row: Any) -> None:
        """A row that could not be read is kept beside the others of its kind."""
        self._left.setdefault(key, []).append(row)

    def keep(self, key: str, left: Any) -> None:
        """Into our own extra: what nobody took of an object inside."""
        if left:
            self._left[key] = left

    def drop(self, key: str) -> None:
        self._left.pop(key, None)

    def has(self, key: str) -> bool:
        value = self._left.get(key)
        return value is not None and value != ""

    def peek(self, key: str) -> Any:
        return self._left.get(key)

    def extra(self) -> dict[str, Any]:
        return {key: value for key, value in self._left.items() if self.has(key)}

    def label(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def remark(self, key: str, told: str) -> None:
        self.remarks.add(f"{self.label(key)} is {shown(self._left.get(key))}: {told}")


def _read_as(absent: Any) -> str:
    return f"read as {shown(absent)}" if absent not in (None, "") else "left empty"
