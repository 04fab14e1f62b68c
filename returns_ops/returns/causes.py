"""Why a return needs a person. Pure: what is known of it in, its causes out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from returns_ops.returns.fingerprint import LONGEST, fingerprint, masked
from returns_ops.returns.money import spoken
from returns_ops.returns.states import (
    CANCELLED,
    TERMINAL,
    Cause,
    NarvarStatus,
    Receipt,
    Work,
)

# Where the goods are in our hands, and nobody has done anything yet.
NOT_DONE = {Work.TO_INSPECT, Work.TO_DECIDE, Work.NEEDS_APPROVAL}
ABOUT_MONEY = {
    Cause.SHOPIFY_REFUND,
    Cause.REFUSED,
    Cause.UNSETTLED,
    Cause.MONEY_DIFFERS,
    Cause.AUTOMATION_ENDING,
}


@dataclass(frozen=True, kw_only=True)
class CommandFacts:
    """The newest decision, or the newest status or note, that was not taken back."""

    number: int
    state: str
    cause: str = ""
    problem: str = ""
    what: str = "decision"

    @property
    def marker(self) -> str:
        return f"command {self.number}"


@dataclass(frozen=True, kw_only=True)
class UnitFacts:
    """Units of which the bench said that a person must look."""

    line: int
    sku: str
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class MoneyFacts:
    """A transaction that somebody made by hand in Shopify."""

    number: int
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    number: int
    reason: str
    problem: str = ""
    failed_at: datetime | None = None

    @property
    def marker(self) -> str:
        """An event that fails once more keeps its number."""
        at = f" failed {self.failed_at.isoformat()}" if self.failed_at else ""
        return f"event {self.number}{at}"


@dataclass(frozen=True, kw_only=True)
class CauseFacts:
    """All that the causes of one return depend on."""

    narvar_status: str
    work: str
    receipt: str = Receipt.EXPECTED
    errors: Sequence[tuple[str, str]] = ()  # message, time as text
    commands: Sequence[CommandFacts] = ()
    bench: Sequence[UnitFacts] = ()
    in_shopify: Sequence[MoneyFacts] = ()
    refund_automated: bool = False  # an automation is to refund, and has not
    dead_letters: Sequence[DeadLetter] = ()
    deadline_at: datetime | None = None
    warn: timedelta = timedelta(hours=12)
    warned: bool = False  # it was told already that the automation is about to end
    now: datetime | None = None

    def timed(self, now: datetime, warn_hours: int, *, warned: bool) -> "CauseFacts":
        return replace(self, now=now, warn=timedelta(hours=warn_hours), warned=warned)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One cause that holds. `about` is what others of its group say as well; `marker` differs
    when the same cause comes anew."""

    text: str
    about: str
    marker: str = ""

    def fingerprint(self, cause: Cause) -> str:
        return fingerprint(cause, self.about)

    @property
    def group(self) -> str:
        return masked(self.about)[:LONGEST]


def causes_of(facts: CauseFacts) -> dict[Cause, Finding]:
    """Every cause that holds now, each once."""
    return dict(
        [
            *_by_status(facts),
            *_by_bench(facts),
            *_by_commands(facts),
            *_by_others_money(facts),
            *_by_time(facts),
        ]
    )


Found = Iterator[tuple[Cause, Finding]]


def _by_status(facts: CauseFacts) -> Found:
    status = facts.narvar_status
    errors = _errors(facts)
    if status == NarvarStatus.EXCEPTION and not _is_explained(facts):
        text = f"Narvar has an exception: {errors}" if errors else "Narvar has it as an exception."
        about = facts.errors[0][0] if facts.errors else "Narvar gives no error"
        yield Cause.EXCEPTION, Finding(text=text, about=about, marker=_last_error(facts))
    elif status == NarvarStatus.OUT_OF_STOCK:
        text = f"The exchange is out of stock. {errors}".strip()
        yield (
            Cause.OUT_OF_STOCK,
            Finding(text=text, about="out of stock", marker=_last_error(facts)),
        )
    elif status == NarvarStatus.BY_HAND:
        text = f"No automation runs any more: handle it by hand. {errors}".strip()
        yield Cause.BY_HAND, Finding(text=text, about="by hand", marker=_last_error(facts))
    elif status not in NarvarStatus.values:
        text = f"Narvar says “{status}”, a status nobody here knows."
        yield Cause.UNKNOWN_STATUS, Finding(text=text, about=status, marker=status[:120])
    came = facts.receipt not in (Receipt.EXPECTED, Receipt.NOT_RECEIVED)
    if status in CANCELLED and came:
        by = "us" if status == NarvarStatus.CANCELLED_BY_RETAILER else "the customer"
        text = f"The parcel came after the return was cancelled by {by}."
        yield Cause.LATE_PARCEL, Finding(text=text, about=f"cancelled by {by}", marker=status)


def _is_explained(facts: CauseFacts) -> bool:
    """A more telling cause says why Narvar has it as an exception."""
    return bool(facts.in_shopify) or (bool(facts.bench) and not facts.errors)


def _errors(facts: CauseFacts) -> str:
    """The newest error in its own words, and how many more there are."""
    if not facts.errors:
        return ""
    newest, more = facts.errors[0][0].strip() or "an error without words", len(facts.errors) - 1
    return f"{newest} (and {more} more)" if more else newest


def _last_error(facts: CauseFacts) -> str:
    return f"{len(facts.errors)}|{facts.errors[0][1]}"[:120] if facts.errors else ""


def _by_bench(facts: CauseFacts) -> Found:
    if not facts.bench or facts.narvar_status in TERMINAL:
        return
    first = facts.bench[0]
    said = ": ".join(part for part in (first.reason, first.note) if part)
    more = f" and {len(facts.bench) - 1} more" if len(facts.bench) > 1 else ""
    text = f"The bench could not decide {first.sku}{more}"
    marker = ",".join(str(unit.line) for unit in facts.bench)[:120]
    finding = Finding(
        text=f"{text}: {said}." if said else f"{text}.",
        about=first.reason or "no reason given",
        marker=marker,
    )
    yield Cause.BENCH, finding


def _by_commands(facts: CauseFacts) -> Found:
    for command in facts.commands:
        if command.state == "refused":
            text = f"Narvar refused the {command.what}: {command.problem or 'without a reason'}"
            about = command.problem or "without a reason"
            yield Cause.REFUSED, Finding(text=text, about=about, marker=command.marker)
        elif command.cause == "other_amount":
            yield (
                Cause.MONEY_DIFFERS,
                Finding(text=command.problem, about="another amount", marker=command.marker),
            )
        elif command.state == "attention" or (command.state == "accepted" and command.cause):
            text = command.problem or f"What became of the {command.what} is not known."
            about = command.cause or "no clear answer"
            yield Cause.UNSETTLED, Finding(text=text, about=about, marker=command.marker)


def _by_others_money(facts: CauseFacts) -> Found:
    waits = facts.refund_automated or facts.narvar_status == NarvarStatus.EXCEPTION
    if facts.in_shopify and waits and facts.narvar_status not in TERMINAL:
        paid = ", ".join(spoken(one.amount, one.currency) for one in facts.in_shopify)
        yield (
            Cause.SHOPIFY_REFUND,
            Finding(
                text=f"Refunded by hand in Shopify ({paid}) before the automation ran.",
                about="refunded in Shopify before the automation",
                marker=",".join(str(one.number) for one in facts.in_shopify)[:120],
            ),
        )
    if facts.dead_letters:
        newest = facts.dead_letters[0]
        text = f"News of this return could not be applied: {newest.problem or newest.reason}"
        yield (
            Cause.DEAD_LETTER,
            Finding(text=text, about=newest.reason, marker=newest.marker),
        )


def _by_time(facts: CauseFacts) -> Found:
    """It opens ahead of the end, and stays when the end has come: then it is worse, not over."""
    ends, now = facts.deadline_at, facts.now
    if ends is None or now is None or facts.work not in NOT_DONE or ends > now + facts.warn:
        return
    if ends > now or facts.warned:
        text = f"An automation ends {ends:%d %b, %H:%M} UTC, and nothing is decided."
        yield (
            Cause.AUTOMATION_ENDING,
            Finding(text=text, about="automation ends", marker=ends.isoformat()),
        )
