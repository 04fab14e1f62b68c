"""Personal data that lists mask, shown in full to whoever may see it, and written down."""

from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions.approval import Refused


@transaction.atomic
def reveal_email(rma_id: int, *, by: User) -> str:
    """The customer's address; no look without its audit row."""
    rma = Rma.objects.select_related("shop").get(pk=rma_id)
    if not by.may(Permission.REVEAL, rma.shop):
        raise Refused(f"{by.known_as} may not see personal data of {rma.shop} in full.")
    audit.record(
        "rma.email_revealed",
        rma.rma_number,
        shop=rma.shop,
        actor=by,
        permission=Permission.REVEAL,
    )
    return rma.email
