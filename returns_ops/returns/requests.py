"""Requests for a second person: which wait, why they need one, and whether they are as asked.

For many at once: a list asks the same few questions, however long it is.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.limits import WITHOUT_EFFECT, Limits, day_of, each_of, midnight
from returns_ops.returns.models import ReceiptLine, RefundLimit, Rma, RmaEvent, RmaItem
from returns_ops.returns.rules import EACH

# What ends a request, or lets it go, as the timeline has it.
ANSWERS = ("approve_request", "send_as_new", "send_back", "void", "undo")
# In the order in which a command's `facts` have them; the items follow.
JUDGED = (
    "Narvar’s status",
    "the currency",
    "where the refund goes",
    "Narvar’s estimate",
    "the refund calculated at first",
    "what was refunded already",
)
BENCH = "bench"  # in a command's summary: what the bench had entered by then
ENTERED = "what the bench has entered"
Place = tuple[int, str]  # shop, RMA number


def requests() -> QuerySet[Command]:
    asked = Command.objects.filter(second_person=True).defer("body")
    return asked.select_related("shop", "requested_by", "approved_by")


def waiting(shops: Iterable[Shop]) -> QuerySet[Command]:
    """The oldest first."""
    found = requests().filter(state=CommandState.NEEDS_APPROVAL, shop__in=shops)
    return found.order_by("id")


def asked_by(user: User, shops: Iterable[Shop]) -> QuerySet[Command]:
    """The newest first, answered or not."""
    return requests().filter(requested_by=user, shop__in=shops).order_by("-id")


def answers_to(commands: Iterable[Command]) -> dict[int, RmaEvent]:
    """command id → the last thing that became of it; nothing for one that waits."""
    told = RmaEvent.objects.filter(command__in=commands, verb__in=ANSWERS)
    return {row.command_id or 0: row for row in told.select_related("actor").order_by("id")}


def changed_since(commands: Sequence[Command]) -> dict[int, tuple[str, ...]]:
    """command id → what of its return is not as it was judged; empty: all is."""
    rmas = _rmas_of(commands)
    return {
        command.pk: (
            *differences(str(command.summary.get("facts", "")), facts_of(rma)),
            *bench_differences(command, rma.receipt_lines.all()),
        )
        for command in commands
        if (rma := rmas.get((command.shop_id, command.subject)))
    }


def bench_of(lines: Iterable[ReceiptLine]) -> str:
    """What the bench has entered of one return, as one word that differs when any of it does."""
    told = [
        f"{one.pk}|{one.item_id}|{one.sku}|{one.quantity}|{one.in_hand}|{one.grade}"
        f"|{one.decision}|{one.reason}|{one.note}|{one.package_id}|{one.command_id}"
        for one in sorted(lines, key=lambda line: line.pk)
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def bench_differences(command: Command, lines: Iterable[ReceiptLine]) -> tuple[str, ...]:
    """In words; of a request from before this was kept nothing can be said."""
    judged = command.summary.get(BENCH)
    return () if judged is None or judged == bench_of(lines) else (ENTERED,)


def _rmas_of(commands: Sequence[Command]) -> dict[Place, Rma]:
    shops = {command.shop_id for command in commands}
    items = RmaItem.objects.filter(removed_at=None).only("rma", "quantity").order_by("pk")
    found = Rma.objects.filter(shop__in=shops, rma_number__in=[one.subject for one in commands])
    rmas = found.prefetch_related(Prefetch("items", items, to_attr="items_now"), "receipt_lines")
    return {(rma.shop_id, rma.rma_number): rma for rma in rmas}


def facts_of(rma: Rma) -> str:
    """As transitions.approval.facts_hash has it, from items that were fetched with the RMA."""
    items: list[RmaItem] = rma.items_now  # type: ignore[attr-defined]
    amounts = [rma.estimated_refund, rma.first_cap, rma.refunded]
    judged = [rma.narvar_status, rma.currency, rma.refund_method, *map(_plain, amounts)]
    return "|".join([*judged, *(f"{item.pk}x{item.quantity}" for item in items)])


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.4f}"


def differences(judged: str, now: str) -> tuple[str, ...]:
    """In words, what differs between two `facts`."""
    if judged == now:
        return ()
    before, after, first = judged.split("|"), now.split("|"), len(JUDGED)
    pairs = zip(JUDGED, before, after, strict=False)
    named = tuple(name for name, was, is_ in pairs if was != is_)
    return named if before[first:] == after[first:] and named else (*named, "the items")


def limits_when_asked(commands: Sequence[Command]) -> dict[int, Limits]:
    """command id → what its requester may refund alone, and had by then on that day."""
    moving = [command for command in commands if command.moves_money]
    shops, people = {one.shop_id for one in moving}, {one.requested_by_id for one in moving}
    roles: dict[tuple[int, int], list[Role]] = defaultdict(list)
    for held in Membership.objects.filter(user__in=people, shop__in=shops, role__in=EACH):
        roles[held.user_id, held.shop_id].append(Role(held.role))
    own: dict[tuple[int, str], dict[str, RefundLimit]] = defaultdict(dict)
    for row in RefundLimit.objects.filter(shop__in=shops):
        own[row.shop_id, row.currency][row.role] = row
    found = {one.pk: _limits(one, roles[one.requested_by_id, one.shop_id], own) for one in moving}
    small = [one for one in moving if (one.amount or Decimal(0)) <= found[one.pk].each]
    together = any(found[one.pk].shop_day is not None for one in small)
    for one, spent, of_shop in _spent_before(small, together=together):
        of_shop = of_shop if found[one.pk].shop_day is not None else Decimal(0)
        found[one.pk] = replace(found[one.pk], spent=spent, shop_spent=of_shop)
    return found


def _limits(
    command: Command, roles: list[Role], own: dict[tuple[int, str], dict[str, RefundLimit]]
) -> Limits:
    """But for what was spent."""
    known = own[command.shop_id, command.currency]
    of_shop = known.get(RefundLimit.EVERYBODY)
    return Limits(
        each=each_of(known, roles, command.currency),
        day=day_of(known, roles, command.currency),
        spent=Decimal(0),
        currency=command.currency,
        shop_day=of_shop.day if of_shop else None,
    )


def _spent_before(
    commands: Sequence[Command], *, together: bool
) -> Iterator[tuple[Command, Decimal, Decimal]]:
    """Of each, what its requester had refunded alone on its day at its shop.

    With `together` also what everybody had; else the same.
    """
    if not commands:
        return
    starts = {one.pk: midnight(one.shop, one.created_at) for one in commands}
    alone = Command.objects.filter(
        shop__in={one.shop_id for one in commands},
        moves_money=True,
        second_person=False,
        created_at__gte=min(starts.values()),
        created_at__lt=max(one.created_at for one in commands),
    ).exclude(state__in=WITHOUT_EFFECT)
    if not together:
        alone = alone.filter(requested_by__in={one.requested_by_id for one in commands})
    columns = ("requested_by_id", "shop_id", "currency", "created_at", "amount")
    rows = list(alone.values_list(*columns))
    for one in commands:
        theirs = [row for row in rows if _counts(row, one, starts[one.pk])]
        own = [row for row in theirs if row[0] == one.requested_by_id]
        yield one, _sum_of(own), _sum_of(theirs)


Spent = tuple[int, int, str, datetime, Decimal | None]


def _counts(row: Spent, command: Command, since: datetime) -> bool:
    _, shop, currency, at, _ = row
    same = (shop, currency) == (command.shop_id, command.currency)
    return same and since <= at < command.created_at


def _sum_of(rows: Iterable[Spent]) -> Decimal:
    return sum((row[-1] or Decimal(0) for row in rows), Decimal(0))
