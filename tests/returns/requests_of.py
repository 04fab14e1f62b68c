"""What a request for approval is about, and what was written down of it last."""

from returns_ops.accounts.models import AuditEntry
from returns_ops.messaging.models import Command
from returns_ops.returns.models import Rma, RmaEvent


def rma_of(command: Command) -> Rma:
    return Rma.objects.get(shop=command.shop_id, rma_number=command.subject)


def newest_event(command: Command) -> RmaEvent:
    return RmaEvent.objects.filter(command=command).latest("pk")


def newest_audit(command: Command) -> AuditEntry:
    return AuditEntry.objects.filter(data__command=command.pk).latest("pk")
