"""A small return at the bench, as it is here and as Narvar has it, and what must always hold."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import transitions
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import BoxArrival, ReceiptLine, Rma, RmaEvent
from returns_ops.returns.money import rounded
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import cap_left
from returns_ops.returns.preview import Bundle, Wanted, facts_of, judge
from returns_ops.returns.snapshot import ItemSnapshot, ItemState, RmaSnapshot, TransactionSnapshot
from returns_ops.returns.states import Decision, Receipt, Work
from returns_ops.returns.transitions.standing import DERIVED, restate
from tests.builders import make_shop, make_staff, next_number

NUMBER = "RM-1"
OPEN = ("initiated", "on_its_way_to_retailer", "delivered_to_retailer")
WITHOUT_EFFECT = (CommandState.CANCELLED, CommandState.REFUSED)


@dataclass
class Line:
    """One line as Narvar has it; `price` None: Narvar does not say."""

    sku: str
    quantity: int
    item_id: str = ""
    price: Decimal | None = Decimal("19.99")
    kept: bool = False
    kind: str = "return"
    gone: bool = False
    states: list[ItemState] = field(default_factory=list)


@dataclass
class AtNarvar:
    """What Narvar would tell of the return now; each telling is newer than the one before."""

    lines: list[Line]
    estimate: Decimal
    currency: str = "USD"
    status: str = "delivered_to_retailer"
    paid: list[TransactionSnapshot] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: timezone.now() - timedelta(hours=8))
    told: int = 0

    def now(self) -> datetime:
        return self.began + timedelta(minutes=self.told)

    def pay(self, amount: Decimal, source: str = "api") -> None:
        name = f"tx-{len(self.paid) + 1}"
        self.paid.append(
            TransactionSnapshot(
                narvar_id=name,
                amount=amount,
                currency=self.currency,
                source=source,
                at=self.now(),
            )
        )

    def share(self, percent: int) -> Decimal:
        """So much of the estimate, in whole units of the currency."""
        return (self.estimate * percent / 100).quantize(Decimal(1))

    def act_on(self, command: Command) -> None:
        """The call arrived: its units are as it says, and the refund is made."""
        for entry in json.loads(bytes(command.body))["items"]:
            for line in self.lines:
                if is_named(line.item_id, line.sku, entry):
                    line.states.append(
                        ItemState(status=entry["status"], quantity=entry["quantity"], at=self.now())
                    )
        if not command.summary["more_to_come"]:
            self.status = "approved"
        if command.amount is not None:
            self.pay(command.amount)

    def snapshot(self) -> RmaSnapshot:
        self.told += 1
        here = ItemState(status=self.status, quantity=1, at=self.now())
        return RmaSnapshot(
            rma_number=NUMBER,
            narvar_status=self.status,
            return_method="mail",
            refund_method="original_payment",
            currency=self.currency,
            shop_currency="USD",
            estimated_refund=self.estimate,
            transactions=tuple(self.paid),
            items=tuple(
                ItemSnapshot(
                    sku=line.sku,
                    item_id=line.item_id,
                    quantity=line.quantity,
                    transaction_type=line.kind,
                    keep_the_item=line.kept,
                    unit_price=line.price,
                    prices_presentment={"final": line.price} if line.price is not None else {},
                    states=(*line.states, here),
                )
                for line in self.lines
                if not line.gone
            ),
        )


def is_named(item_id: str, sku: str, entry: dict[str, Any]) -> bool:
    if "item_id" in entry:
        return item_id == str(entry["item_id"])
    return sku == str(entry["item_sku"])


@dataclass
class Story:
    """One return of a shop of its own, and the people who handle it."""

    narvar: AtNarvar
    shop: Shop
    wanda: User
    ana: User
    anne: User

    @property
    def rma(self) -> Rma:
        return Rma.objects.select_related("shop").get(shop=self.shop, rma_number=NUMBER)

    def told_by_narvar(self) -> None:
        """A webhook with what Narvar has now, applied as inbound does."""
        arrival = transitions.Arrival(
            shop=self.shop, snapshot=self.narvar.snapshot(), received_at=timezone.now()
        )
        with transaction.atomic():
            transitions.apply([arrival])


def begin(narvar: AtNarvar) -> Story:
    shop = make_shop(connected=False)
    number = next_number()
    people = [
        make_staff(f"{name}{number}", shop, role)
        for name, role in (
            ("wanda", Role.WAREHOUSE),
            ("ana", Role.AGENT),
            ("anne", Role.APPROVER),
        )
    ]
    story = Story(narvar, shop, *people)
    story.told_by_narvar()
    return story


class Seen:
    """The rows as they stand after a step, each read once."""

    def __init__(self, story: Story) -> None:
        self.rma = story.rma
        self.lines = list(self.rma.receipt_lines.order_by("id"))
        self.every_item = {item.pk: item for item in self.rma.items.all()}
        self.items = [item for item in self.every_item.values() if item.removed_at is None]
        self.commands = list(Command.objects.filter(shop=story.shop).order_by("id"))
        self.bundle = Bundle(self.rma, items=self.items, lines=self.lines)
        self.rows = self._rows()

    def _rows(self) -> list[Any]:
        """All that a move could change."""
        found = [self.rma, *self.lines, *self.every_item.values(), *self.commands]
        return [
            *({k: v for k, v in vars(row).items() if not k.startswith("_")} for row in found),
            BoxArrival.objects.filter(rma=self.rma).count(),
            RmaEvent.objects.filter(rma=self.rma).count(),
            AuditEntry.objects.filter(shop=self.rma.shop).count(),
        ]

    @property
    def of_items(self) -> list[ReceiptLine]:
        present = {item.pk for item in self.items}
        return [line for line in self.lines if line.item_id in present]

    @cached_property
    def entered(self) -> Counter[int]:
        """Units per item of which somebody has said something."""
        found: Counter[int] = Counter()
        for line in self.lines:
            if line.item_id is not None and line.decision != Decision.CLAIM:
                found[line.item_id] += line.quantity
        return found

    @cached_property
    def told(self) -> Counter[int]:
        """Units per item that a living command tells."""
        found: Counter[int] = Counter()
        for line in self.of_items:
            if line.command_id and line.item_id and line.decision != Decision.CLAIM:
                found[line.item_id] += line.quantity
        return found

    @cached_property
    def here_and_missing(self) -> tuple[Counter[int], Counter[int]]:
        here: Counter[int] = Counter()
        missing: Counter[int] = Counter()
        for line in self.of_items:
            assert line.item_id is not None
            here[line.item_id] += line.quantity * line.in_hand
            missing[line.item_id] += line.quantity * (line.decision == Decision.NOT_RECEIVED)
        return here, missing

    @property
    def unfinished(self) -> bool:
        """The bench has begun, and something of the return is not told."""
        untold = [line for line in self.of_items if not line.command_id]
        return any(line.decision != Decision.CLAIM for line in untold) or bool(
            self.of_items and self.left()
        )

    def left(self) -> int:
        return sum(max(item.quantity - self.entered[item.pk], 0) for item in self.items)

    def receipt(self) -> Receipt:
        """Said by hand, line by line, of what the customer does not keep."""
        here, missing = self.here_and_missing
        awaited = [item for item in self.items if not item.keep_the_item]
        if awaited and all(missing[item.pk] >= item.quantity for item in awaited):
            return Receipt.NOT_RECEIVED
        if any(here.values()):
            whole = all(here[item.pk] + missing[item.pk] >= item.quantity for item in awaited)
            return Receipt.RECEIVED if whole else Receipt.PARTLY_RECEIVED
        strangers = any(line.item_id is None for line in self.lines)
        arrived = BoxArrival.objects.filter(rma=self.rma).exists()
        return Receipt.ARRIVED if arrived or strangers else Receipt.EXPECTED


def check(story: Story, before: Seen | None) -> Seen:
    """`before`: the rows before the last step; returns those after it."""
    seen = Seen(story)
    earlier: Counter[int] = before.entered if before else Counter()
    for item in seen.items:  # more only where Narvar itself lowered what the item has
        assert seen.entered[item.pk] <= max(item.quantity, earlier[item.pk])
    _what_was_told_is_bound_to_a_living_command(seen)
    _states_are_those_of_the_rows(seen)
    _a_new_decision_tells_nothing_twice(seen)
    _no_more_money_than_was_calculated(seen)
    assert broken() == []
    return seen


def _what_was_told_is_bound_to_a_living_command(seen: Seen) -> None:
    """The bytes that went out, or will, say what the lines bound to the command say."""
    bound: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for line in seen.lines:
        if line.command_id is not None:
            item = seen.every_item[line.item_id] if line.item_id else None
            name = (item.item_id or item.sku) if item else line.sku
            bound[line.command_id][name, line.decision] += line.quantity
    for command in seen.commands:
        if command.state not in WITHOUT_EFFECT:
            said: Counter[tuple[str, str]] = Counter()
            for entry in json.loads(bytes(command.body))["items"]:
                name = str(entry.get("item_id", entry.get("item_sku")))
                said[name, entry["status"]] += entry["quantity"]
            assert bound.pop(command.pk) == said
    assert bound == {}


def _states_are_those_of_the_rows(seen: Seen) -> None:
    shown = {name: getattr(seen.rma, name) for name in DERIVED}
    restate([seen.rma])
    assert shown == {name: getattr(seen.rma, name) for name in DERIVED}
    assert shown["receipt"] == seen.receipt()
    if seen.unfinished and seen.rma.narvar_status in OPEN:
        assert shown["work"] != Work.DONE  # it would be in nobody's queue
    if seen.entered:
        undecided = sum(line.quantity for line in seen.of_items if not line.decision)
        assert shown["left_to_decide"] == undecided + seen.left()


def _a_new_decision_tells_nothing_twice(seen: Seen) -> None:
    told = seen.told
    for rest in Rest:
        verdict, planned = judge(seen.bundle, Wanted(refund=False, rest=rest))
        anew: Counter[int] = Counter()
        claimed: Counter[int] = Counter()
        for one in planned.to_tell:
            assert one.line is None or one.line.command_id is None
            if one.item is not None:
                (claimed if one.decision == Decision.CLAIM else anew)[one.item.pk] += one.quantity
        for item in seen.items:
            fits = not anew[item.pk] or told[item.pk] + anew[item.pk] <= item.quantity
            assert fits or not verdict.allowed
            assert claimed[item.pk] <= told[item.pk] or not verdict.allowed
        assert planned.to_tell or not verdict.allowed


def _no_more_money_than_was_calculated(seen: Seen) -> None:
    rma = seen.rma
    living = [one for one in seen.commands if one.moves_money and one.state not in WITHOUT_EFFECT]
    asked = sum((one.amount or Decimal(0) for one in living), Decimal(0))
    assert rma.first_cap is None or asked <= rma.first_cap
    for rest in Rest:
        wanted = Wanted(refund=True, rest=rest)
        verdict, planned = judge(seen.bundle, wanted)
        left = cap_left(facts_of(seen.bundle, wanted, planned))
        if verdict.allowed:
            assert verdict.amount is not None
            assert left is not None
            assert 0 < verdict.amount <= left
            assert verdict.amount == rounded(verdict.amount, rma.currency)
