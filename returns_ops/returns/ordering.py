"""Which of two snapshots is newer, by what they say themselves. Pure.

The header's time is used last and never trusted alone: a retry hours later may carry old
content under a fresh time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Order(Enum):
    NEWER = auto()
    NEWER_BUT_DOUBTFUL = auto()  # only the header says so, or a settled status reopens
    OLDER = auto()
    OLDER_BUT_DOUBTFUL = auto()
    SAME = auto()


@dataclass(frozen=True, kw_only=True)
class SnapshotKey:
    """What places a snapshot among the others of its RMA."""

    content: bytes  # sha256 of the bytes
    versions_at: datetime | None
    version_count: int
    newest_instant: datetime | None
    sent_at: datetime | None
    authoritative: bool = False  # read from Narvar just now: wins a tie

    def told(self) -> tuple[datetime, int, datetime]:
        """Edits first: they only grow, so a snapshot that lacks one is older."""
        return (
            self.versions_at or LONG_AGO,
            self.version_count,
            self.newest_instant or LONG_AGO,
        )

    def sortable(self) -> str:
        """The same order as text, to remember the oldest one seen."""
        versions_at, count, instant = self.told()
        sent = self.sent_at or LONG_AGO
        return f"{versions_at:%Y%m%d%H%M%S}{count:04d}{instant:%Y%m%d%H%M%S%f}{sent:%Y%m%d%H%M%S}"


def compare(arrival: SnapshotKey, held: SnapshotKey) -> Order:
    """Where an arrival stands beside what we hold."""
    if arrival.content == held.content:
        return Order.SAME
    if arrival.told() != held.told():
        return Order.NEWER if arrival.told() > held.told() else Order.OLDER
    if arrival.authoritative or held.authoritative:
        return Order.NEWER if arrival.authoritative else Order.OLDER_BUT_DOUBTFUL
    sent, held_sent = arrival.sent_at or LONG_AGO, held.sent_at or LONG_AGO
    return Order.OLDER_BUT_DOUBTFUL if sent < held_sent else Order.NEWER_BUT_DOUBTFUL
