from typing import Any

from returns_ops.accounts.models import AuditEntry, Shop, User


def record(
    action: str, subject: str, *, shop: Shop | None, actor: User | None, **data: Any
) -> AuditEntry:
    """Write the audit row inside the caller's transaction: no act without its trace."""
    return AuditEntry.objects.create(
        shop=shop, actor=actor, action=action, subject=subject, data=data
    )
