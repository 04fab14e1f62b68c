"""Files that a person sends: each is kept, or named with the reason why not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.files.uploadedfile import UploadedFile

from returns_ops.returns.models import Parcel, Rma
from returns_ops.returns.pictures import MOST_BYTES, NotAPicture, read_picture
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.evidence import MOST_PHOTOS, add_photo
from returns_ops.returns.transitions.receiving import Bench

NO_FILE = "Choose a photo first, or take one."


class Problem(NamedTuple):
    file: str
    why: str


@dataclass
class Taken:
    kept: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "Photo added." if self.kept == 1 else f"{self.kept} photos added."


def take_photos(
    files: "Iterable[UploadedFile[Any]]",
    of: Rma | Parcel,
    *,
    bench: Bench,
    line_id: int | None = None,
) -> Taken:
    taken = Taken()
    for place, file in enumerate(files):
        try:
            if place >= MOST_PHOTOS:
                raise Refused(f"Send at most {MOST_PHOTOS} photos at once.")
            # One byte more than is allowed is enough to know that it is too much.
            picture = read_picture(file.read(MOST_BYTES + 1))
            add_photo(picture, of, bench=bench, line_id=line_id)
            taken.kept += 1
        except (NotAPicture, Refused) as problem:
            taken.problems.append(Problem((file.name or "A file")[:80], str(problem)))
    if not taken.kept and not taken.problems:
        taken.problems.append(Problem("", NO_FILE))
    return taken
