"""Reads RMAs from Narvar (`GET /api/returns`) and applies them like any other news."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.narvar import answers, client, wire
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.documents import plain
from returns_ops.returns.models import RmaEvent
from returns_ops.returns.snapshot import RmaSnapshot

PATH = "/api/returns"
MOST_PAGES = 40
# Without an RMA number the spec wants a time filter; this one means "all".
SINCE_EVER = datetime(2015, 1, 1, tzinfo=UTC)


class LookupFailed(Exception):
    """Narvar could not be asked, or did not give an answer that can be read."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One of the three names by which Narvar finds returns."""

    rma_number: str = ""
    order_number: str = ""
    email: str = ""

    def query(self) -> dict[str, str]:
        if self.rma_number:
            return {"rma_number": self.rma_number}
        named = {"order_number": self.order_number} if self.order_number else {"email": self.email}
        return {**named, "created_since": SINCE_EVER.strftime("%Y-%m-%dT%H:%M:%SZ")}


@dataclass
class Found:
    rma_numbers: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def ask(shop: Shop, question: Question) -> Found:
    """Fetch, apply, and say what was found. Raises LookupFailed with words for a person."""
    link = Connection.objects.select_related("shop").filter(shop=shop).first()
    if link is None:
        raise LookupFailed(f"{shop} is not connected to Narvar.")
    found = Found()
    for page in _pages(link, question.query()):
        found.problems += page.problems
        _apply(shop, list(page.snapshots))
        found.rma_numbers += [snapshot.rma_number for snapshot in page.snapshots]
    found.rma_numbers = list(dict.fromkeys(found.rma_numbers))
    return found


def _pages(link: Connection, query: dict[str, str]) -> Iterator[wire.ReturnsPage]:
    """Page by page; ends when nothing new comes, so that a repeated boundary cannot loop."""
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page = _page(link, query)
        fresh = {snapshot.rma_number for snapshot in page.snapshots} - seen
        yield page
        following = page.next_timestamp
        if "created_since" not in query or not fresh or following in (None, ""):
            return
        if str(following) == query["created_since"]:
            return
        seen |= fresh
        query = {**query, "created_since": str(following)}


def _page(link: Connection, query: dict[str, str]) -> wire.ReturnsPage:
    try:
        reply = client.call(link, client.Call(method="GET", path=PATH, query=query))
    except (client.NotSent, client.OutcomeUnknown) as error:
        raise LookupFailed(str(error)) from error
    if reply.status == 404:
        return wire.ReturnsPage(snapshots=(), next_timestamp=None, problems=())
    judged = answers.judge(reply)
    if reply.status != 200 or judged.problem:
        raise LookupFailed(judged.problem or f"Narvar answered {reply.status}")
    try:
        return wire.parse_answer(reply.body)
    except wire.Unreadable as problem:
        raise LookupFailed(f"Narvar's answer cannot be read: {problem}") from problem


@transaction.atomic
def _apply(shop: Shop, snapshots: list[RmaSnapshot]) -> None:
    now = timezone.now()
    transitions.apply(
        [
            transitions.Arrival(
                shop=shop,
                snapshot=snapshot,
                content_sha256=_content(snapshot),
                received_at=now,
                source=RmaEvent.Source.API,
            )
            for snapshot in snapshots
        ]
    )


def _content(snapshot: RmaSnapshot) -> bytes:
    """A fingerprint of what was read: the same RMA comes in many envelopes."""
    return hashlib.sha256(json.dumps(plain(asdict(snapshot)), sort_keys=True).encode()).digest()
