"""Commands: promised in the caller's transaction, claimed, attempted, settled under a fence."""

import hashlib
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Attempt, AttemptOutcome, Command, CommandState
from returns_ops.messaging.retrying import retried

# Three times the wall-clock deadline of a call: whoever still works after it is fenced off.
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = 900
IN_FLIGHT = 4
FIRST_LOOK = timedelta(seconds=30)
GIVE_UP_AFTER = timedelta(hours=6)
# What a try may change of a command.
MOVED = [
    "state",
    "problem",
    "cause",
    "lease_token",
    "lease_until",
    "accepted_at",
    "settled_at",
    "was_ambiguous",
    "first_sent_at",
    "next_attempt_at",
    "looks",
    "result",
]
# Derived, not random: should the database be restored and a click repeated, the same id comes
# out again and Narvar ignores the second call.
REFERENCES = uuid.UUID("6f3b6f0e-6f0a-5b0e-9d0a-2f1d6c9f7a11")


def call_reference(shop: Shop, subject: str, kind: str, ordinal: int) -> uuid.UUID:
    return uuid.uuid5(REFERENCES, f"{shop.domain}|{subject}|{kind}|{ordinal}")


def next_ordinal(shop: Shop, subject: str, kind: str) -> int:
    """The caller holds the subject's row lock, so two callers cannot get the same number."""
    return Command.objects.about(shop.pk, subject).filter(kind=kind).count() + 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent, whole: the same each time it is sent."""

    target: str
    body: bytes = b""
    method: str = "POST"
    content_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A call to owe. `amount` is what the refund will be, at most `cap`, in major units."""

    shop: Shop
    subject: str
    kind: str
    ordinal: int
    call_reference_id: uuid.UUID
    request: Request
    summary: dict[str, Any]
    requested_by: User
    submission_token: uuid.UUID
    hold: timedelta = timedelta(0)
    moves_money: bool = False
    amount: Decimal | None = None
    cap: Decimal | None = None
    currency: str = ""
    expires_at: datetime | None = None  # a second person must approve it before then


def promise(call: Promise) -> Command:
    """Freeze a call in the caller's transaction: it is sent if and only if that commits."""
    due = Now() + call.hold
    waits = call.expires_at is not None
    command = Command.objects.create(
        shop=call.shop,
        subject=call.subject,
        kind=call.kind,
        ordinal=call.ordinal,
        call_reference_id=call.call_reference_id,
        method=call.request.method,
        target=call.request.target,
        content_type=call.request.content_type,
        body=call.request.body,
        body_sha256=hashlib.sha256(call.request.body).digest(),
        summary=call.summary,
        moves_money=call.moves_money,
        amount=call.amount,
        cap=call.cap,
        currency=call.currency,
        submission_token=call.submission_token,
        requested_by=call.requested_by,
        state=CommandState.NEEDS_APPROVAL if waits else CommandState.QUEUED,
        second_person=waits,
        expires_at=call.expires_at,
        held_until=due if call.hold and not waits else None,
        next_attempt_at=due,
    )
    command.refresh_from_db()
    return command


@dataclass(frozen=True)
class Blocked:
    """Shops, and kinds of command of a shop, that are not sent now."""

    shops: set[int] = field(default_factory=set)
    kinds: dict[int, set[str]] = field(default_factory=dict)


@retried
def claim(*, unless: Blocked | None = None) -> tuple[Command, Attempt] | None:
    """Take the next due command and open its attempt, both committed before any call is made."""
    unless = unless or Blocked()
    with transaction.atomic(durable=True):
        due = Command.objects.due().exclude(shop_id__in=unless.shops | _busy_shops())
        for shop, kinds in unless.kinds.items():
            due = due.exclude(shop_id=shop, kind__in=kinds)
        command = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("shop")
            .order_by("next_attempt_at", "id")
            .first()
        )
        if command is None:
            return None
        _take(command)
        attempt = Attempt.objects.create(
            command=command,
            number=command.tries,
            call_reference_id=command.call_reference_id,
            body_sha256=command.body_sha256,
        )
    return command, attempt


def _busy_shops() -> set[int]:
    """With this many calls in flight a shop waits, so that one slow shop cannot hold all."""
    held = Command.objects.filter(state=CommandState.SENDING, lease_until__gt=Now())
    counted = held.values("shop").annotate(n=Count("id")).filter(n__gte=IN_FLIGHT)
    return set(counted.values_list("shop", flat=True))


def _take(command: Command) -> None:
    # A try that was begun and never closed may have acted: its worker died in the middle.
    died = command.attempts.filter(outcome=AttemptOutcome.STARTED)
    command.was_ambiguous |= died.exists()
    died.update(outcome=AttemptOutcome.UNKNOWN, problem="The worker ended before the answer came")
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.SENDING,
        tries=F("tries") + 1,
        was_ambiguous=command.was_ambiguous,
        lease_token=uuid.uuid4(),
        lease_until=Now() + LEASE,
        first_sent_at=Coalesce(F("first_sent_at"), Now()),
    )
    command.refresh_from_db()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one try brought, whoever was called."""

    outcome: AttemptOutcome
    problem: str = ""
    http_status: int | None = None
    milliseconds: int | None = None
    excerpt: str = ""
    rate: dict[str, int | None] = field(default_factory=dict)
    wait_seconds: float | None = None  # told to wait: not our failure
    looked: bool = False  # the outcome was looked for, and not seen
    cause: str = ""  # no try and no look can settle it: why a person must
    result: dict[str, Any] = field(default_factory=dict)


def hold_the_fence(command: Command) -> Command | None:
    """Lock the command if our lease still stands; None: somebody else owns it now."""
    return (
        Command.objects.select_for_update(of=("self",))
        .select_related("shop")
        .filter(pk=command.pk, lease_token=command.lease_token, state=CommandState.SENDING)
        .first()
    )


def holds_lease(command: Command) -> bool:
    """Nobody else may have it by now. Asked right before a call that takes long to prepare."""
    return Command.objects.filter(
        pk=command.pk, lease_token=command.lease_token, lease_until__gt=Now()
    ).exists()


def close_attempt(attempt: Attempt, answer: Answer, *, late: bool = False) -> None:
    """Finish the attempt's row. A late answer is kept, but its verdict no longer counts."""
    Attempt.objects.filter(pk=attempt.pk, finished_at__isnull=True).update(
        finished_at=Now(),
        outcome=AttemptOutcome.UNKNOWN if late else answer.outcome,
        http_status=answer.http_status,
        milliseconds=answer.milliseconds,
        rate_limit=answer.rate.get("limit"),
        rate_remaining=answer.rate.get("remaining"),
        rate_reset=answer.rate.get("reset"),
        answer=answer.excerpt,
        problem=f"Came after its lease. {answer.problem}" if late else answer.problem,
    )


def settle(command: Command, answer: Answer) -> Command:
    """Move a command by what its try brought. The caller holds the fence."""
    command.problem = answer.problem
    command.lease_token = command.lease_until = None
    command.result |= answer.result
    command.looks += answer.looked
    if _was_kept_from_it(command, answer):
        command.first_sent_at = None
    match answer.outcome:
        case _ if answer.cause:
            command.state, command.cause = CommandState.ATTENTION, answer.cause
        case AttemptOutcome.ACCEPTED:
            command.state, command.accepted_at = CommandState.ACCEPTED, Now()
            command.next_attempt_at, command.looks = Now() + FIRST_LOOK, 0
        case AttemptOutcome.REFUSED if not command.was_ambiguous:
            command.state, command.settled_at = CommandState.REFUSED, Now()
        case AttemptOutcome.REFUSED:
            # After a try that may have acted, "no" may mean "already done": a person looks.
            command.state, command.cause = CommandState.ATTENTION, "refused_after_unclear_try"
        case AttemptOutcome.UNKNOWN:
            command.was_ambiguous = True
            command.state = CommandState.OUTCOME_UNKNOWN
        case _:
            ambiguous = command.was_ambiguous
            command.state = CommandState.OUTCOME_UNKNOWN if ambiguous else CommandState.QUEUED
    if command.state in (CommandState.QUEUED, CommandState.OUTCOME_UNKNOWN):
        _schedule(command, answer)
    command.save(update_fields=MOVED)
    command.refresh_from_db()
    return command


def _schedule(command: Command, answer: Answer) -> None:
    if answer.wait_seconds is not None:
        command.next_attempt_at = Now() + timedelta(seconds=answer.wait_seconds)
        return
    if _is_spent(command):
        command.state, command.cause = CommandState.ATTENTION, "no_clear_answer"
        command.problem = f"No clear answer for six hours. {command.problem}".strip()
        return
    command.next_attempt_at = Now() + pause_after(command.tries)


def _was_kept_from_it(command: Command, answer: Answer) -> bool:
    """Told to wait, or not let in: the six hours of trying have not begun."""
    return answer.wait_seconds is not None and not command.was_ambiguous


def _is_spent(command: Command) -> bool:
    first = command.first_sent_at
    return first is not None and timezone.now() - first > GIVE_UP_AFTER


def pause_after(tries: int) -> timedelta:
    """Full jitter below 2 s times 3 to the power of the tries, at most 15 minutes."""
    longest = min(LONGEST_PAUSE, 2 * 3 ** min(tries - 1, 10))
    return timedelta(seconds=random.uniform(0.2, longest))
