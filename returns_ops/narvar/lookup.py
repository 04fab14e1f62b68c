"""Reads RMAs from Narvar (`GET /api/returns`) and applies them like any other news."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import wire
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection
from returns_ops.narvar.reading import LookupFailed, read
from returns_ops.returns import transitions
from returns_ops.returns.models import RmaEvent
from returns_ops.returns.snapshot import RmaSnapshot

PATH = "/api/returns"
MOST_PAGES = 40
MOST = 50
NAMES = ("rma_number", "order_number", "email")
TIMES = ("created_since", "created_max", "updated_since", "updated_max")
SINCE_EVER = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A name by which Narvar finds returns, and at most one of its four filters by time."""

    rma_number: str = ""
    order_number: str = ""
    email: str = ""
    created_since: datetime | None = None
    created_max: datetime | None = None
    updated_since: datetime | None = None
    updated_max: datetime | None = None
    limit: int = MOST  # returns in one answer

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in TIMES) > 1:
            raise ValueError("Narvar takes only one filter by time")
        if not 1 <= self.limit <= MOST:
            raise ValueError(f"Narvar gives 1 to {MOST} returns at once")

    def query(self) -> dict[str, str]:
        """Without an RMA number the spec wants a filter by time: if none is given, "all"."""
        asked = {name: getattr(self, name) for name in NAMES if getattr(self, name)}
        times = {name: _moment(at) for name in TIMES if (at := getattr(self, name)) is not None}
        if not times and not self.rma_number:
            times = {"created_since": _moment(SINCE_EVER)}
        return {**asked, **times, **({"limit": str(self.limit)} if self.limit < MOST else {})}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Found:
    rma_numbers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def ask(
    shop: Shop,
    question: Question,
    *,
    priority: Priority = Priority.PERSON,
    patience: Callable[[float], None] | None = None,
) -> Found:
    """Fetch, apply, and say what was found. Raises LookupFailed with words for a person.

    With `patience`, for a job: it sleeps when Narvar asks us to wait, and reads to the last page.
    """
    found = Found()
    for page in _pages(Reader(link_of(shop), priority, patience), question.query()):
        found.problems += page.problems
        _apply(shop, list(page.snapshots))
        found.rma_numbers += [snapshot.rma_number for snapshot in page.snapshots]
    found.rma_numbers = list(dict.fromkeys(found.rma_numbers))
    return found


def link_of(shop: Shop) -> Connection:
    link = Connection.objects.select_related("shop").filter(shop=shop).first()
    if link is None:
        raise LookupFailed(f"{shop} is not connected to Narvar.")
    return link


@dataclass(frozen=True)
class Reader:
    link: Connection
    priority: Priority
    patience: Callable[[float], None] | None

    def page(self, query: dict[str, str]) -> wire.ReturnsPage:
        body = self._body(query)
        if body is None:
            return wire.ReturnsPage(snapshots=(), next_timestamp=None, problems=())
        try:
            return wire.parse_answer(body)
        except wire.Unreadable as problem:
            raise LookupFailed(f"Narvar's answer cannot be read: {problem}") from problem

    def _body(self, query: dict[str, str]) -> bytes | None:
        while True:
            try:
                return read(self.link, PATH, query, self.priority)
            except LookupFailed as error:
                if self.patience is None or error.outcome != AttemptOutcome.WAIT:
                    raise
                self.patience(error.wait_seconds or 1.0)


def _pages(reader: Reader, query: dict[str, str]) -> Iterator[wire.ReturnsPage]:
    """Page by page; ends when nothing new comes, so that a repeated boundary cannot loop."""
    seen: set[str] = set()
    clock = next((name for name in TIMES if name in query), None)
    for _ in itertools.count() if reader.patience else range(MOST_PAGES):
        page = reader.page(query)
        fresh = {snapshot.rma_number for snapshot in page.snapshots} - seen
        yield page
        following = page.next_timestamp
        if clock is None or not fresh or str(following or "") in ("", query[clock]):
            return
        seen |= fresh
        query = {**query, clock: str(following)}


@retried
@transaction.atomic
def _apply(shop: Shop, snapshots: list[RmaSnapshot]) -> None:
    now = timezone.now()
    transitions.apply(
        [
            transitions.Arrival(
                shop=shop,
                snapshot=snapshot,
                received_at=now,
                source=RmaEvent.Source.API,
            )
            for snapshot in snapshots
        ]
    )
