"""The facts of one RMA, gathered for the pure rules.

Screen, transition and delivery ask the same.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from returns_ops.messaging.models import DUE_STATES, Command, CommandState
from returns_ops.returns.documents import policy_track
from returns_ops.returns.kinds import TELLINGS, Kind
from returns_ops.returns.models import (
    BenchRules,
    BoxArrival,
    Package,
    Photo,
    ReceiptLine,
    Rma,
    RmaItem,
    SearchToken,
    Transaction,
)
from returns_ops.returns.orders import SHOPIFY_ID
from returns_ops.returns.plan import Plan, Rest, plan
from returns_ops.returns.policy import ApprovalFacts, Verdict, judge_approval
from returns_ops.returns.rules import GradeRule, grades_of, reasons_of, rules_of
from returns_ops.returns.search import normalise
from returns_ops.returns.states import NOTHING_ARRIVES, NarvarStatus, Work

SOON = timedelta(hours=24)
SAME_BOX = 3  # so many other returns are named


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person is about to decide of a whole return."""

    refund: bool
    rest: Rest = Rest.AS_EXPECTED
    partial_amount: Decimal | None = None


def commands_about(rma: Rma) -> QuerySet[Command]:
    """Newest first."""
    commands = Command.objects.about(rma.shop_id, rma.rma_number).defer("body")
    return commands.select_related("requested_by").order_by("-id")


class Bundle:
    """All rows that a decision about one RMA depends on, each read once and only when needed."""

    just_counted: int | None = None  # the receipt line of the unit scanned in this request

    def __init__(self, rma: Rma, **known: Any) -> None:
        self.rma = rma
        self.having(**known)

    def having(self, **known: Any) -> Self:
        """With rows that somebody has read already."""
        vars(self).update(known)
        return self

    @cached_property
    def items(self) -> list[RmaItem]:
        return [item for item in self.rma.items.all() if item.removed_at is None]

    @cached_property
    def lines(self) -> list[ReceiptLine]:
        return list(self.rma.receipt_lines.select_related("command").defer("command__body"))

    @cached_property
    def transactions(self) -> list[Transaction]:
        return list(self.rma.transactions.all())

    @cached_property
    def packages(self) -> list[Package]:
        return [one for one in self.rma.packages.all() if one.removed_at is None]

    @cached_property
    def commands(self) -> list[Command]:
        """Newest first, each with who asked for it."""
        return list(commands_about(self.rma))

    @cached_property
    def newest(self) -> int:
        """The id of the last thing that happened to it; 0: nothing yet."""
        ids = self.rma.history.order_by("-pk").values_list("pk", flat=True)
        return ids.first() or 0

    @cached_property
    def open_commands(self) -> list[Command]:
        found = Command.objects.about(self.rma.shop_id, self.rma.rma_number).open()
        return list(found.defer("body").order_by("id"))

    @cached_property
    def photos_of_line(self) -> dict[int | None, int]:
        """How many; under None those of the whole return."""
        lines = Photo.objects.filter(rma=self.rma).values_list("line_id", flat=True)
        return dict(Counter(lines))

    @cached_property
    def arrived(self) -> set[int | None]:
        """The boxes that are here; None among them: one of which nobody said which."""
        return set(BoxArrival.objects.filter(rma=self.rma).values_list("package_id", flat=True))

    @cached_property
    def rules(self) -> BenchRules:
        return rules_of(self.rma.shop)

    @cached_property
    def grades(self) -> list[GradeRule]:
        return grades_of(self.rma.shop)

    @cached_property
    def reasons(self) -> dict[str, list[str]]:
        return reasons_of(self.rma.shop)

    @cached_property
    def same_box(self) -> tuple[str, ...]:
        """Other open returns that travel under one of our tracking numbers."""
        words = {normalise(one.tracking_number) for one in self.packages} - {""}
        if not words:
            return ()
        others = SearchToken.objects.filter(
            shop=self.rma.shop_id, kind=SearchToken.Kind.TRACKING, token__in=words
        ).exclude(rma=self.rma)
        numbers = others.exclude(rma__work=Work.DONE).values_list("rma__rma_number", flat=True)
        return tuple(sorted(set(numbers)))[:SAME_BOX]

    @cached_property
    def evidence_missing(self) -> tuple[str, ...]:
        return tuple(_evidence_missing(self))


def preview(rma: Rma, wanted: Wanted) -> tuple[Verdict, Plan]:
    """What this decision would do now, and the units it would tell."""
    return judge(Bundle(rma), wanted)


def judge(bundle: Bundle, wanted: Wanted) -> tuple[Verdict, Plan]:
    planned = plan(bundle.items, bundle.lines, wanted.rest)
    return judge_approval(facts_of(bundle, wanted, planned)), planned


def facts_of(bundle: Bundle, wanted: Wanted, planned: Plan) -> ApprovalFacts:
    rma, items = bundle.rma, bundle.items
    refund_track: dict[str, Any] = policy_track(rma.policy, "refund")
    return ApprovalFacts(
        narvar_status=rma.narvar_status,
        refund=wanted.refund,
        estimated_refund=rma.estimated_refund,
        cap=rma.first_cap,
        refunded=rma.refunded,
        currency=rma.currency,
        refund_method=rma.refund_method,
        automation_refunded=bool(refund_track.get("succeeded_at")),
        refund_fires_at=refund_track.get("fires_at") or "",
        restock_fires_at=policy_track(rma.policy, "restock").get("fires_at") or "",
        open_command=_decision_under_way(bundle.open_commands),
        being_told=_status_under_way(bundle.open_commands),
        lines_without_name=_lines_without_name(items),
        item_count=sum(item.quantity for item in items),
        paid_in_shopify=any(row.source == "shopify_webhook" for row in bundle.transactions),
        undelivered=_is_under_way(rma) and not any(line.in_hand for line in bundle.lines),
        units=planned.units,
        whole=planned.is_whole and wanted.rest != Rest.LATER,
        claims_only=planned.claims_only,
        more_to_come=wanted.rest == Rest.LATER,
        nothing_more=not planned.awaited,
        too_many=planned.too_many,
        open_units=planned.open_units,
        undecided=planned.undecided,
        evidence_missing=bundle.evidence_missing,
        partial_amount=wanted.partial_amount,
        fees=tuple(fees_of(rma)),
        stock_held_until=_stock_held_until(rma, timezone.now()),
        shared_skus=_shared_skus(items),
        same_box=bundle.same_box,
    )


def as_sent(command: Command, rma: Rma) -> Verdict:
    """The same judgement of a decision that is frozen already, on the freshest facts."""
    bundle = Bundle(rma)
    for line in bundle.lines:
        if line.command_id == command.pk:
            line.command_id = None
    more = bool(command.summary.get("more_to_come"))
    planned = plan(bundle.items, bundle.lines, Rest.LATER)
    facts = facts_of(bundle, Wanted(refund=True, rest=Rest.LATER), planned)
    return judge_approval(
        replace(
            facts,
            open_command="",
            being_told="",
            more_to_come=more,
            evidence_missing=(),
            whole=True,  # the amount is frozen: what counts is how much is left
        )
    )


def _decision_under_way(commands: Sequence[Command]) -> str:
    money = [one for one in commands if one.kind == Kind.APPROVAL]
    return money[-1].state_said if money else ""


def gives_way(command: Command) -> bool:
    """A status that is only queued says less than a decision. With a note it says something else.

    What does not give way stands before the decision: it may set off one of Narvar's automations.
    """
    waits = command.state == CommandState.QUEUED and command.tries == 0
    return waits and bool(command.summary.get("status")) and not command.summary.get("note")


def _status_under_way(commands: Sequence[Command]) -> str:
    left = [
        one
        for one in commands
        if one.kind in TELLINGS
        and one.summary.get("status")
        and one.state in DUE_STATES
        and not gives_way(one)
    ]
    return left[-1].state_said if left else ""


def _is_under_way(rma: Rma) -> bool:
    on_the_way = rma.narvar_status in (NarvarStatus.INITIATED, NarvarStatus.ON_ITS_WAY)
    return on_the_way and rma.return_method not in NOTHING_ARRIVES


def fees_of(rma: Rma) -> Iterable[tuple[str, Decimal]]:
    """What is kept back, in the currency of the return."""
    for fee in rma.fees:
        if fee.get("amount") and (fee.get("currency") or rma.currency) == rma.currency:
            yield str(fee.get("description") or "Fee"), Decimal(str(fee["amount"]))
    if rma.restocking_fee:
        yield "Restocking fee", rma.restocking_fee


def _stock_held_until(rma: Rma, now: datetime) -> str:
    track = policy_track(rma.policy, "reserve_inventory")
    until = parse_datetime(str(track.get("until") or ""))
    if until is None or not now < until < now + SOON:
        return ""
    return f"{until:%d %b, %H:%M} UTC"


def _shared_skus(items: Sequence[RmaItem]) -> tuple[str, ...]:
    counted = Counter(item.sku for item in items if item.sku)
    return tuple(sku for sku, lines in counted.items() if lines > 1)


def _lines_without_name(items: Sequence[RmaItem]) -> int:
    """Lines that Narvar could not tell apart: no numeric id, and a SKU that is not theirs alone."""
    shared = {sku for sku, lines in Counter(item.sku for item in items).items() if lines > 1}
    nameless = (item.sku.strip() for item in items if not SHOPIFY_ID.fullmatch(item.item_id))
    return sum(not sku or sku in shared for sku in nameless)


def _evidence_missing(bundle: Bundle) -> Iterable[str]:
    """What the shop wants of a bad grade before its decision is told."""
    graded = [line for line in bundle.lines if line.grade and line.command_id is None]
    if not graded:
        return
    rules = bundle.rules
    if not (rules.bad_grade_needs_photo or rules.bad_grade_needs_note):
        return
    bad = {one.code: one.name for one in bundle.grades if one.bad}
    names = {item.pk: item.sku for item in bundle.items}
    for line in graded:
        if line.grade not in bad:
            continue
        what = f"“{bad[line.grade]}” of {names.get(line.item_id or 0) or line.sku}"
        if rules.bad_grade_needs_photo and not bundle.photos_of_line.keys() & {line.pk, None}:
            yield f"{what} needs a photo first."
        if rules.bad_grade_needs_note and not line.note:
            yield f"{what} needs a note first."
