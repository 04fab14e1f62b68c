"""Derives `refunded`, `money` and `work` of locked RMAs from commands and transactions."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q

from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Rma, Transaction
from returns_ops.returns.states import Money, Standing, work_of

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
DERIVED = ["refunded", "money", "work"]


def restate(rmas: Iterable[Rma]) -> None:
    """Set the derived fields on each RMA in memory: three queries, however many RMAs."""
    rmas = list(rmas)
    commands = _commands_of(rmas)
    transactions = defaultdict(list)
    for row in Transaction.objects.filter(rma__in=rmas):
        transactions[row.rma_id].append(row)
    for rma in rmas:
        of_rma = commands[rma.shop_id, rma.rma_number]
        rma.refunded = refunded(transactions[rma.pk], rma.currency)
        rma.money = money_of(of_rma, transactions[rma.pk])
        rma.work = work_of(
            Standing(
                narvar_status=rma.narvar_status,
                receipt=rma.receipt,
                command_state=of_rma[-1].state if of_rma else "",
                return_method=rma.return_method,
                overdue=bool(of_rma and of_rma[-1].cause),
            )
        )


def _commands_of(rmas: list[Rma]) -> dict[tuple[int, str], list[Command]]:
    """Decisions oldest first; what was undone never happened."""
    found: dict[tuple[int, str], list[Command]] = defaultdict(list)
    wanted = Q(shop__in={rma.shop_id for rma in rmas}, subject__in={r.rma_number for r in rmas})
    live = Command.objects.filter(wanted, kind="approval").exclude(state=CommandState.CANCELLED)
    for command in live.order_by("id"):
        found[command.shop_id, command.subject].append(command)
    return found


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
