"""Derives receipt, `refunded`, `money` and `work` of locked RMAs from what hangs on them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.causes import CauseFacts, CommandFacts, MoneyFacts, UnitFacts
from returns_ops.returns.documents import policy_track
from returns_ops.returns.kinds import OF_RMAS, TELLINGS, Kind
from returns_ops.returns.models import BoxArrival, ReceiptLine, Rma, RmaItem, Transaction
from returns_ops.returns.receipts import Count, ExpectedItem, UnitLine, count, receipt_of
from returns_ops.returns.states import Decision, Money, Standing, work_of
from returns_ops.returns.transitions.cases import settle_cases

MONEY_OF_COMMAND = {
    CommandState.NEEDS_APPROVAL: Money.NEEDS_APPROVAL,
    CommandState.QUEUED: Money.QUEUED,
    CommandState.SENDING: Money.SENDING,
    CommandState.OUTCOME_UNKNOWN: Money.OUTCOME_UNKNOWN,
    CommandState.ATTENTION: Money.OUTCOME_UNKNOWN,
    CommandState.ACCEPTED: Money.ACCEPTED,
    CommandState.CONFIRMED: Money.CONFIRMED,
    CommandState.REFUSED: Money.REFUSED,
}
DERIVED = ["refunded", "money", "work", "receipt", "left_to_decide"]


@dataclass(frozen=True)
class Rows:
    """What hangs on some RMAs, by the RMA's id."""

    lines: dict[int, list[ReceiptLine]]
    arrived: dict[int, set[int | None]]  # of which packages
    transactions: dict[int, list[Transaction]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the caller has read already under the same lock, of all these RMAs."""

    items: Iterable[RmaItem] | None = None
    lines: Iterable[ReceiptLine] | None = None
    arrived: dict[int, set[int | None]] | None = None
    commands: Iterable[Command] | None = None  # of every kind and state, oldest first


NOTHING_KNOWN = Known()


def restate(
    rmas: Iterable[Rma], known: Known = NOTHING_KNOWN, *, news_failed: bool = False
) -> Rows:
    """Set the derived fields on each RMA in memory, and bring its cases in line with them.

    A few queries, however many RMAs. Returns what it has read or known for that;
    `news_failed`: a dead letter may be theirs.
    """
    rmas = list(rmas)
    commands = _commands_of(rmas, known)
    rows = _rows_of(rmas, known)
    counts = _counts_of(rmas, rows.lines, rows.arrived, known.items)
    for rma in rmas:
        of_rma = [one for one in commands[rma.shop_id, rma.rma_number] if one.kind == Kind.APPROVAL]
        counted = counts.get(rma.pk)
        transactions = rows.transactions.get(rma.pk, [])
        rma.refunded = refunded(transactions, rma.currency)
        rma.money = money_of(of_rma, transactions)
        rma.receipt = receipt_of(counted or NOTHING_YET)
        rma.left_to_decide = counted.left_to_decide if counted else 0
        rma.work = work_of(
            Standing(
                narvar_status=rma.narvar_status,
                receipt=rma.receipt,
                command_state=of_rma[-1].state if of_rma else "",
                return_method=rma.return_method,
                decided=bool(counted and counted.decided),
                unfinished=bool(counted and counted.unfinished),
                overdue=bool(of_rma and of_rma[-1].cause),
            )
        )
    settle_cases(rmas, _facts_of(rmas, commands, rows), news_failed=news_failed)
    return rows


def _facts_of(
    rmas: list[Rma], commands: dict[tuple[int, str], list[Command]], rows: Rows
) -> dict[int, CauseFacts]:
    units = _units_in_doubt(rows)
    return {
        rma.pk: _cause_facts(
            rma,
            commands[rma.shop_id, rma.rma_number],
            rows.transactions.get(rma.pk, []),
            units[rma.pk],
        )
        for rma in rmas
    }


NOTHING_YET = Count(tallies=(), strangers=0, arrived=False)


def _rows_of(rmas: list[Rma], known: Known) -> Rows:
    transactions = defaultdict(list)
    for row in Transaction.objects.filter(rma__in=rmas):
        transactions[row.rma_id].append(row)
    return Rows(_lines_of(rmas, known), _arrived_of(rmas, known), transactions)


def _lines_of(rmas: list[Rma], known: Known = NOTHING_KNOWN) -> dict[int, list[ReceiptLine]]:
    lines: dict[int, list[ReceiptLine]] = defaultdict(list)
    for line in _each_line(rmas, known):
        lines[line.rma_id].append(line)
    return lines


def _each_line(rmas: list[Rma], known: Known) -> Iterable[ReceiptLine]:
    found = ReceiptLine.objects.filter(rma__in=rmas)
    if known.commands is None:
        return known.lines or found.select_related("command").defer("command__body")
    commands = {one.pk: one for one in known.commands}
    lines = list(found if known.lines is None else known.lines)
    for line in lines:
        if line.command_id in commands:
            line.command = commands[line.command_id]
    return lines


def _arrived_of(rmas: list[Rma], known: Known = NOTHING_KNOWN) -> dict[int, set[int | None]]:
    if known.arrived is not None:
        return known.arrived
    arrived: dict[int, set[int | None]] = defaultdict(set)
    boxes = BoxArrival.objects.filter(rma__in=rmas).order_by()
    for rma_id, package_id in boxes.values_list("rma_id", "package_id"):
        arrived[rma_id].add(package_id)
    return arrived


def counts_of(rmas: list[Rma]) -> dict[int, Count]:
    """The units of those RMAs at which the bench has begun."""
    return _counts_of(rmas, _lines_of(rmas), _arrived_of(rmas))


def _counts_of(
    rmas: list[Rma],
    lines: dict[int, list[ReceiptLine]],
    arrived: dict[int, set[int | None]],
    known: Iterable[RmaItem] | None = None,
) -> dict[int, Count]:
    begun = [rma for rma in rmas if rma.pk in lines or rma.pk in arrived]
    items: dict[int, list[ExpectedItem]] = defaultdict(list)
    if known is None:
        known = RmaItem.objects.filter(rma__in=begun) if begun else ()
    for item in known:
        if item.removed_at is None:
            items[item.rma_id].append(expected_item(item))
    return {
        rma.pk: count(
            items[rma.pk],
            [unit_line(row) for row in lines.get(rma.pk, [])],
            arrived=rma.pk in arrived,
            return_method=rma.return_method,
        )
        for rma in begun
    }


def unit_line(row: ReceiptLine) -> UnitLine:
    return UnitLine(
        item_id=row.item_id,
        quantity=row.quantity,
        decision=row.decision,
        in_hand=row.in_hand,
        told=row.command_id is not None,
    )


def expected_item(item: RmaItem) -> ExpectedItem:
    return ExpectedItem(item_id=item.pk, quantity=item.quantity, kept=item.keep_the_item)


def _commands_of(rmas: list[Rma], known: Known) -> dict[tuple[int, str], list[Command]]:
    """Decisions and tellings, oldest first; what was undone never happened."""
    found: dict[tuple[int, str], list[Command]] = defaultdict(list)
    for command in _each_command(rmas) if known.commands is None else known.commands:
        if command.kind in OF_RMAS and command.state != CommandState.CANCELLED:
            found[command.shop_id, command.subject].append(command)
    return found


def _each_command(rmas: list[Rma]) -> Iterable[Command]:
    wanted = Q(shop__in={rma.shop_id for rma in rmas}, subject__in={r.rma_number for r in rmas})
    live = Command.objects.filter(wanted, kind__in=OF_RMAS).exclude(state=CommandState.CANCELLED)
    return live.defer("body").order_by("id")


def refunded(transactions: Iterable[Transaction], currency: str) -> Decimal:
    """What the customer has got back, in the RMA's own currency; reversals take away."""
    amounts = (row.amount for row in transactions if row.currency == currency)
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def money_of(commands: list[Command], transactions: list[Transaction]) -> Money:
    """`confirmed` needs a transaction of ours; money nobody here asked for moved elsewhere."""
    asked = [command for command in commands if command.moves_money]
    if asked:
        last = asked[-1]
        if last.state == CommandState.ATTENTION and last.accepted_at:
            return Money.ACCEPTED
        return MONEY_OF_COMMAND[CommandState(last.state)]
    if any(row.amount for row in transactions):
        return Money.MOVED_ELSEWHERE
    return Money.NONE


def _units_in_doubt(rows: Rows) -> dict[int, list[UnitFacts]]:
    """What the bench could not decide; its names are asked for only where there is any."""
    found: dict[int, list[UnitFacts]] = defaultdict(list)
    lines = [one for of in rows.lines.values() for one in of if one.decision == Decision.EXCEPTION]
    if not lines:
        return found
    names = {
        pk: sku or item_id
        for pk, sku, item_id in RmaItem.objects.filter(
            pk__in={one.item_id for one in lines}
        ).values_list("pk", "sku", "item_id")
    }
    for line in sorted(lines, key=lambda one: one.pk):
        sku = names.get(line.item_id or 0) or line.sku
        found[line.rma_id].append(
            UnitFacts(line=line.pk, sku=sku, reason=line.reason, note=line.note)
        )
    return found


def _cause_facts(
    rma: Rma,
    commands: list[Command],
    transactions: list[Transaction],
    units: list[UnitFacts],
) -> CauseFacts:
    decisions = [one for one in commands if one.kind == Kind.APPROVAL]
    tellings = [one for one in commands if one.kind in TELLINGS]
    refund = policy_track(rma.policy, "refund")
    return CauseFacts(
        narvar_status=rma.narvar_status,
        work=rma.work,
        receipt=rma.receipt,
        errors=_errors_of(rma),
        commands=[_command_facts(one) for one in (*tellings[-1:], *decisions[-1:])],
        bench=units,
        in_shopify=[
            MoneyFacts(number=row.pk, amount=row.amount, currency=row.currency)
            for row in transactions
            if row.source == "shopify_webhook" and (row.amount or 0) > 0
        ],
        refund_automated=bool(refund.get("fires_at")) and not refund.get("succeeded_at"),
        deadline_at=rma.deadline_at,
    )


def _errors_of(rma: Rma) -> list[tuple[str, str]]:
    """Narvar's errors, the newest first."""
    found = [(str(one.get("message") or ""), str(one.get("at") or "")) for one in rma.errors]
    return sorted(found, key=lambda error: error[1], reverse=True)


def _command_facts(command: Command) -> CommandFacts:
    what = {Kind.APPROVAL: "decision", Kind.SHIPMENT_NOTE: "note"}
    return CommandFacts(
        number=command.pk,
        state=command.state,
        cause=command.cause,
        problem=command.problem,
        what=what.get(Kind(command.kind), "status"),
    )
