"""What every promise of a call needs: one per form, numbered, written, frozen."""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import outbox
from returns_ops.messaging.models import Command
from returns_ops.returns.kinds import Kind
from returns_ops.returns.transitions.approval import Refused


@dataclass(frozen=True, kw_only=True)
class Wish:
    shop: Shop
    subject: str
    kind: Kind
    by: User
    submission_token: uuid.UUID
    summary: dict[str, Any]
    hold: timedelta = timedelta(0)


def owe(wish: Wish, write: Callable[[], outbox.Request]) -> Command:
    """The caller holds the lock of the subject. An order that cannot be written is refused."""
    ordinal = outbox.next_ordinal(wish.shop, wish.subject, wish.kind)
    try:
        request = write()
    except ValueError as error:
        raise Refused(f"This cannot be sent to Narvar: {error}.") from error
    return outbox.promise(
        outbox.Promise(
            shop=wish.shop,
            subject=wish.subject,
            kind=wish.kind.value,
            ordinal=ordinal,
            call_reference_id=outbox.call_reference(wish.shop, wish.subject, wish.kind, ordinal),
            request=request,
            summary=wish.summary,
            requested_by=wish.by,
            submission_token=wish.submission_token,
            hold=wish.hold,
        )
    )


def same_form(
    token: uuid.UUID, shop: Shop, kinds: Collection[Kind], subject: str = ""
) -> Command | None:
    """What this very form has asked for already: a double click, a reload, a network's retry."""
    earlier = Command.objects.filter(submission_token=token).first()
    if earlier is None:
        return None
    other = earlier.shop_id != shop.pk or earlier.kind not in kinds
    if other or (subject and earlier.subject != subject):
        raise Refused("This form belongs to something else.")
    return earlier


def traces_of(command: Command) -> dict[str, str | int]:
    """What the audit row of a command says of it."""
    return {
        "command": command.pk,
        "kind": command.kind,
        "call_reference_id": str(command.call_reference_id),
        "request": f"{command.method} {command.target.partition('?')[0]}",
        "body_sha256": bytes(command.body_sha256).hex(),
    }
