"""What the simulator remembers of what happened: requests, refunds, objections, deliveries."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class LedgerRow:
    """One refund that was really made. A reversal is a row with a negative amount."""

    shop: str
    rma_number: str
    amount: str
    currency: str
    call_reference_id: str | None
    source: str
    transaction_id: str
    at: float


@dataclass(frozen=True)
class Objection:
    at: float
    operation: str
    shop: str | None
    words: str
    request: Json


@dataclass
class RequestRecord:
    number: int
    at: float
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    operation: str = "unknown"
    shop: str | None = None
    fault: str | None = None
    # None while unanswered, and for good when the connection was left hanging or reset.
    status: int | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Attempt:
    at: float
    status: int | None
    error: str | None
    seconds: float


@dataclass
class Delivery:
    """One webhook, with every attempt to hand it over. The Authorization header is not kept."""

    number: int
    shop: str
    rma_number: str
    topic: str
    webhook_id: str
    headers: dict[str, str]
    body: bytes
    url: str = ""
    state: str = "waiting"  # waiting, held, dropped, delivered, given_up
    copy_of: int | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def statuses(self) -> list[int | None]:
        return [attempt.status for attempt in self.attempts]

    @property
    def odd_answers(self) -> list[int]:
        """Answers other than 200: a 2xx ends the retries, but the spec also says "not a 200"."""
        return [status for status in self.statuses if status is not None and status != 200]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def as_json(record: Any) -> Json:
    """A record as JSON, with the derived facts of a delivery."""
    row = asdict(record)
    if isinstance(record, Delivery):
        row["body"] = record.body.decode()
        row["sha256"] = record.sha256
        row["statuses"] = record.statuses
        row["odd_answers"] = record.odd_answers
    return row


def delivery_from_json(row: Json) -> Delivery:
    derived = ("sha256", "statuses", "odd_answers")
    fields = {key: value for key, value in row.items() if key not in derived}
    fields["body"] = row["body"].encode()
    fields["attempts"] = [Attempt(**attempt) for attempt in row["attempts"]]
    return Delivery(**fields)
