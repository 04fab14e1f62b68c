"""Reads RMAs from Narvar (`GET /api/returns`) and applies them like any other news."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import answers, breaker, budget, client, wire
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.models import RmaEvent
from returns_ops.returns.snapshot import RmaSnapshot

PATH = "/api/returns"
MOST_PAGES = 40
# Without an RMA number the spec wants a time filter; this one means "all".
SINCE_EVER = datetime(2015, 1, 1, tzinfo=UTC)


class LookupFailed(Exception):
    """Narvar could not be asked, or did not give an answer that can be read."""

    def __init__(
        self,
        words: str,
        *,
        outcome: AttemptOutcome = AttemptOutcome.NOT_SENT,
        wait_seconds: float | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(words)
        self.outcome = outcome
        self.wait_seconds = wait_seconds
        self.http_status = http_status


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


def ask(shop: Shop, question: Question, *, priority: Priority = Priority.PERSON) -> Found:
    """Fetch, apply, and say what was found. Raises LookupFailed with words for a person."""
    link = link_of(shop)
    found = Found()
    for page in _pages(link, question.query(), priority):
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


def _pages(
    link: Connection, query: dict[str, str], priority: Priority
) -> Iterator[wire.ReturnsPage]:
    """Page by page; ends when nothing new comes, so that a repeated boundary cannot loop."""
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page = _page(link, query, priority)
        fresh = {snapshot.rma_number for snapshot in page.snapshots} - seen
        yield page
        following = page.next_timestamp
        if "created_since" not in query or not fresh or following in (None, ""):
            return
        if str(following) == query["created_since"]:
            return
        seen |= fresh
        query = {**query, "created_since": str(following)}


def _page(link: Connection, query: dict[str, str], priority: Priority) -> wire.ReturnsPage:
    body = read(link, PATH, query, priority)
    if body is None:
        return wire.ReturnsPage(snapshots=(), next_timestamp=None, problems=())
    try:
        return wire.parse_answer(body)
    except wire.Unreadable as problem:
        raise LookupFailed(f"Narvar's answer cannot be read: {problem}") from problem


def read(link: Connection, path: str, query: dict[str, str], priority: Priority) -> bytes | None:
    """What Narvar shows there; None: it has nothing there. Raises LookupFailed."""
    reply = _call(link, path, query, priority)
    if reply.status == 404:
        return None
    judged = answers.judge(reply)
    if reply.status != 200 or judged.problem:
        raise LookupFailed(
            judged.problem or f"Narvar answered {reply.status}",
            # Reading changes nothing: whatever went wrong, it can be done again.
            outcome=_failed_as(judged.outcome),
            wait_seconds=judged.wait_seconds,
            http_status=reply.status,
        )
    return reply.body


def _failed_as(outcome: AttemptOutcome) -> AttemptOutcome:
    told = {AttemptOutcome.WAIT, AttemptOutcome.UNAUTHORISED}
    return outcome if outcome in told else AttemptOutcome.NOT_SENT


def _call(link: Connection, path: str, query: dict[str, str], priority: Priority) -> client.Reply:
    """One GET inside the shop's budget; what its headers say is learned."""
    if not budget.reserve(link.shop_id, priority):
        wait = budget.seconds_until_reset(link.shop_id)
        raise LookupFailed(
            f"Narvar's limit is used up for {wait:.0f} s",
            outcome=AttemptOutcome.WAIT,
            wait_seconds=wait + 1,
        )
    try:
        reply = client.call(link, client.Call(method="GET", path=path, query=query))
    except (client.NotSent, client.OutcomeUnknown) as error:
        breaker.note(link.shop_id, AttemptOutcome.NOT_SENT)
        raise LookupFailed(str(error)) from error
    budget.learn(link.shop_id, answers.budget_rate(reply))
    breaker.note(link.shop_id, answers.judge(reply).outcome)
    return reply


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
