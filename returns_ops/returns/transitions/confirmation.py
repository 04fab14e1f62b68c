"""Accepted becomes confirmed only by evidence from Narvar."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_RMAS, TELLINGS, Kind
from returns_ops.returns.models import ReceiptLine, Rma, RmaEvent, RmaItem, Transaction
from returns_ops.returns.money import spoken
from returns_ops.returns.states import EXCEPTIONAL, Decision, NarvarStatus, label_of

# A refund may be seen before the answer to our call is.
AWAITING = [
    CommandState.SENDING,
    CommandState.OUTCOME_UNKNOWN,
    CommandState.ACCEPTED,
    CommandState.ATTENTION,
]
# Somebody else's money, by Narvar's own word, is no evidence for what we asked.
OF_OTHERS = {"narvar_agent", "shopify_webhook"}
# With one of these among its units, Narvar has a return as an exception.
STOPPING = {Decision.EXCEPTION.value, Decision.APPROVED_NO_RESTOCK.value}
OTHER_AMOUNT = "other_amount"  # a command's cause
SETTLED_STATUSES = EXCEPTIONAL | {NarvarStatus.APPROVED, NarvarStatus.REJECTED}


def confirm(rmas: Iterable[Rma]) -> list[RmaEvent]:
    """Confirm what Narvar shows as done; the caller holds the RMAs' locks."""
    by_key = {(rma.shop_id, rma.rma_number): rma for rma in rmas}
    waiting = _waiting(by_key)
    unused = _unused_transactions(waiting, by_key)
    told = []
    for command in waiting:
        rma = by_key[command.shop_id, command.subject]
        if command.kind in TELLINGS:
            told += _by_status(command, rma)
            continue
        event = _of_money(command, rma, unused[rma.pk]) if command.moves_money else None
        if _speaks_of_units(command):
            event = None
            if _shows_units(command):
                event = _confirmed(command, rma, "Narvar shows these units as decided")
        elif not command.moves_money and _shows_state(command, rma):
            event = _confirmed(command, rma, f"Narvar shows the return as {rma.narvar_status}")
        if event:
            told.append(event)
    return told


def _waiting(by_key: dict[tuple[int, str], Rma]) -> list[Command]:
    wanted = Q(shop__in={shop for shop, _ in by_key}, subject__in={name for _, name in by_key})
    commands = Command.objects.filter(wanted, kind__in=OF_RMAS, state__in=AWAITING)
    locked = commands.exclude(first_sent_at=None).select_for_update(of=("self",)).order_by("id")
    return [command for command in locked if (command.shop_id, command.subject) in by_key]


def _by_status(command: Command, rma: Rma) -> list[RmaEvent]:
    """What we told Narvar is what it shows."""
    asked = command.summary.get("status")
    # The status alone does not show that the note came with it: Narvar's answer must.
    answered = command.state == CommandState.ACCEPTED and not command.was_ambiguous
    if not asked or rma.narvar_status != asked:
        return []
    if command.kind == Kind.SHIPMENT_NOTE and not answered:
        return []
    shown = f"Narvar shows the return as {label_of(asked).lower()}"
    return [_confirmed(command, rma, shown, "what we told it")]


def _unused_transactions(
    waiting: list[Command], by_key: dict[tuple[int, str], Rma]
) -> dict[int, list[Transaction]]:
    unused: dict[int, list[Transaction]] = defaultdict(list)
    if not waiting:
        return unused
    ids = [by_key[command.shop_id, command.subject].pk for command in waiting]
    for row in Transaction.objects.filter(rma__in=ids, confirms=None, amount__gt=0):
        unused[row.rma_id].append(row)
    return unused


def _of_money(command: Command, rma: Rma, unused: list[Transaction]) -> RmaEvent | None:
    return _by_money(command, rma, unused) or _by_other_amount(command, rma, unused)


def _by_money(command: Command, rma: Rma, unused: list[Transaction]) -> RmaEvent | None:
    for row in unused:
        if _pays(row, command):
            row.confirms = command
            row.save(update_fields=["confirms"])
            unused.remove(row)
            paid = spoken(row.amount, row.currency)
            return _confirmed(command, rma, f"Narvar shows the refund of {paid}")
    return None


def _by_other_amount(command: Command, rma: Rma, unused: list[Transaction]) -> RmaEvent | None:
    """Narvar paid for the API what nobody here asked for: said at once, and to a person."""
    if command.accepted_at is None or command.cause == OTHER_AMOUNT:
        return None
    other = next((row for row in unused if _is_ours(row, command)), None)
    if other is None:
        return None
    seen, asked = spoken(other.amount, other.currency), spoken(command.amount, command.currency)
    text = f"Narvar shows a refund of {seen}, not of {asked}"
    Command.objects.filter(pk=command.pk).update(cause=OTHER_AMOUNT, problem=text)
    source = RmaEvent.Source.SYSTEM
    return RmaEvent(rma=rma, source=source, verb="not_confirmed", text=text, command=command)


def _is_ours(row: Transaction, command: Command) -> bool:
    """By Narvar's word, and only after the command was sent."""
    sent = command.first_sent_at
    return row.source == "api" and sent is not None and row.first_seen_at >= sent


def _pays(row: Transaction, command: Command) -> bool:
    """Same money, and first seen by us only after the command was sent."""
    same = row.amount == command.amount and row.currency == command.currency
    if row.source in OF_OTHERS:
        return False
    return same and command.first_sent_at is not None and row.first_seen_at >= command.first_sent_at


def _speaks_of_units(command: Command) -> bool:
    """Its effect is on units alone: the state of the return proves nothing."""
    claims = [word for word, _ in command.summary.get("counts", [])] == ["claim"]
    return not command.moves_money and (claims or bool(command.summary.get("more_to_come")))


def _shows_state(command: Command, rma: Rma) -> bool:
    """What Narvar showed before the decision already is no evidence for it."""
    before = str(command.summary.get("facts", "")).partition("|")[0]
    if rma.narvar_status not in SETTLED_STATUSES:
        return False
    if rma.narvar_status != before:
        return True
    answered = command.state == CommandState.ACCEPTED and not command.was_ambiguous
    asked = {word for word, _ in command.summary.get("counts", [])}
    return answered and rma.narvar_status == NarvarStatus.EXCEPTION and bool(asked & STOPPING)


def _shows_units(command: Command) -> bool:
    """With another box to come only the units change at Narvar, not the return.

    What an earlier call told shows as well: it is no evidence for this one.
    """
    own = ReceiptLine.objects.filter(command=command, item__isnull=False)
    keys = set(own.values_list("item", "decision"))
    items = RmaItem.objects.filter(pk__in={item for item, _ in keys})
    told = ReceiptLine.objects.filter(item__in=items, command__lte=command.pk)
    asked: Counter[tuple[Any, str]] = Counter()
    for line in told:
        asked[line.item_id, line.decision] += line.quantity
    shown: Counter[tuple[Any, str]] = Counter()
    for item in items:
        for state in item.states:
            shown[item.pk, str(state.get("status"))] += int(state.get("quantity") or 0)
    return bool(keys) and all(shown[key] >= asked[key] for key in keys)


def _confirmed(command: Command, rma: Rma, evidence: str, what: str = "our decision") -> RmaEvent:
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.CONFIRMED,
        settled_at=Now(),
        problem="",
        cause="",
        lease_token=None,
        lease_until=None,
    )
    return RmaEvent(
        rma=rma,
        source=RmaEvent.Source.SYSTEM,
        verb="confirmed",
        text=f"{evidence}: {what} is confirmed",
        command=command,
    )
