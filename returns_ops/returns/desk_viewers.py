"""Who looks at the returns of a list of cases. A hint between people: it decides nothing."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.returns.models import Viewing
from returns_ops.returns.presence import LIFE


def viewers_of(rma_ids: Iterable[int | None], user: User) -> dict[int, list[Viewing]]:
    """RMA id → the others who have it on the screen, writers first. One query."""
    ids = {one for one in rma_ids if one is not None}
    recent = Viewing.objects.filter(rma__in=ids, seen_at__gt=Now() - LIFE).exclude(user=user)
    found: dict[int, list[Viewing]] = defaultdict(list)
    for viewing in recent.select_related("user").order_by("-editing", "user__username"):
        found[viewing.rma_id].append(viewing)
    return found
