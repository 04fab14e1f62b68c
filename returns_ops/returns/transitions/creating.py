"""Ask Narvar for a new return, and find it once it is there."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging.models import Command, CommandState
from returns_ops.messaging.outbox import Request
from returns_ops.returns.kinds import Kind
from returns_ops.returns.models import Rma, RmaEvent
from returns_ops.returns.orders import ReturnOrder
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.outstanding import confirmed, looked_in_vain
from returns_ops.returns.transitions.promising import Wish, owe, same_form, traces_of


@dataclass(frozen=True, kw_only=True)
class Creation:
    """Narvar buys a label for it: one form makes one return."""

    shop: Shop
    by: User
    order: ReturnOrder
    submission_token: uuid.UUID


@transaction.atomic
def create_return(creation: Creation, *, write: Callable[[ReturnOrder], Request]) -> Command:
    shop, order = creation.shop, creation.order
    # No row of ours stands for an order: two people who ask for the same return meet here.
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    subject = f"order {order.order_number}"
    earlier = same_form(creation.submission_token, shop, {Kind.CREATE_RETURN}, subject)
    if earlier:
        return earlier
    if not creation.by.may(Permission.RESOLVE, shop):
        raise Refused(f"{creation.by} may not create returns of {shop}.")
    open_one = Command.objects.about(shop.pk, subject).open().first()
    if open_one:
        state = open_one.state_said
        raise Refused(f"A return of {subject} is being created already: {state}.")
    command = owe(_wish(creation, subject), lambda: write(order))
    audit.record(
        "return.created",
        subject,
        shop=shop,
        actor=creation.by,
        permission=Permission.RESOLVE,
        **traces_of(command),
    )
    return command


def _wish(creation: Creation, subject: str) -> Wish:
    order = creation.order
    units = sum(line.quantity for line in order.returns) + len(order.exchanges)
    return Wish(
        shop=creation.shop,
        subject=subject,
        kind=Kind.CREATE_RETURN,
        by=creation.by,
        submission_token=creation.submission_token,
        summary={
            "order_number": order.order_number,
            "lines": _lines(order),
            "sentence": f"A return of {units} units of {subject}, by {order.shipping_method}.",
        },
    )


def _lines(order: ReturnOrder) -> list[list[Any]]:
    """Item and units, by which a return is known again; an exchange is of one unit."""
    lines = [[line.item_id, line.quantity] for line in order.returns]
    return lines + [[line.item_id, 1] for line in order.exchanges]


@transaction.atomic
def return_seen(command_id: int, rma_number: str) -> None:
    """Narvar shows the return that it said it made."""
    found = Command.objects.get(pk=command_id)
    rma = (
        Rma.objects.select_for_update(of=("self",))
        .select_related("shop")
        .get(shop=found.shop_id, rma_number=rma_number)
    )
    command = Command.objects.select_for_update().get(pk=command_id)
    if command.state not in (CommandState.ACCEPTED, CommandState.ATTENTION):
        return
    command.result = {**command.result, "rma_number": rma_number}
    command.save(update_fields=["result"])
    confirmed(command)
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="create_return",
        text=f"Created here for {command.subject}",
        actor=command.requested_by,
        command=command,
    )


@transaction.atomic
def return_not_seen(command_id: int) -> None:
    command = Command.objects.select_for_update().get(pk=command_id)
    if command.state == CommandState.ACCEPTED:
        looked_in_vain(command, "Accepted 10 minutes ago, and the return is not seen")


@transaction.atomic
def give_up_creation(command_id: int, *, by: User, reason: str) -> Command:
    """A person has looked: whatever came of it, nothing more is to come. Frees the order."""
    command = (
        Command.objects.select_for_update(of=("self",)).select_related("shop").get(pk=command_id)
    )
    if not by.may(Permission.RESOLVE, command.shop):
        raise Refused(f"{by} may not settle what was asked for {command.shop}.")
    if command.kind != Kind.CREATE_RETURN or command.state != CommandState.ATTENTION:
        state = command.state_said
        raise Refused(f"{command} is {state}, so it cannot be given up.")
    if not reason.strip():
        raise Refused("Say why it is given up.")
    command.state, command.settled_at = CommandState.CANCELLED, Now()
    command.save(update_fields=["state", "settled_at"])
    audit.record(
        "command.give_up",
        command.subject,
        shop=command.shop,
        actor=by,
        reason=reason.strip(),
        cause=command.cause,
        permission=Permission.RESOLVE,
        **traces_of(command),
    )
    return command
