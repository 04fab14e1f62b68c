"""What a list of cases does not show yet, and which of them may be worked on next."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.desk import Wanted, matching
from returns_ops.returns.queues import Changes

MOST = 1000


def desk_changes(
    wanted: Wanted, shops: Sequence[Shop], user: User, *, since: datetime, now: datetime
) -> Changes:
    """Cases of this list that were opened, or changed, after it was read; at most 1,000."""
    moved = matching(wanted, shops, user, now).filter(changed_at__gt=since)
    new = Count("id", filter=Q(opened_at__gt=since))
    total = moved.order_by()[:MOST].aggregate(new=new, all=Count("id"))
    return Changes(total["new"], total["all"] - total["new"])


def among(wanted: Wanted, shops: Sequence[Shop], user: User, now: datetime) -> Q:
    """For `work_next`: only what that list shows."""
    return Q(pk__in=matching(wanted, shops, user, now).values("pk"))
