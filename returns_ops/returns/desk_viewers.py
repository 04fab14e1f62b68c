"""Who looks at what a list of cases is about. A hint between people: it decides nothing."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.returns.models import Viewing
from returns_ops.returns.presence import LIFE

# Of a return and of a parcel: one of them is None.
About = tuple[int | None, int | None]


def viewers_of(abouts: Iterable[About], user: User) -> dict[About, list[Viewing]]:
    """What a case is about → the others who have it on the screen, writers first. One query."""
    wanted = set(abouts)
    these = Q(rma__in={rma for rma, _ in wanted if rma}) | Q(
        parcel__in={parcel for _, parcel in wanted if parcel}
    )
    recent = Viewing.objects.filter(these, seen_at__gt=Now() - LIFE).exclude(user=user)
    found: dict[About, list[Viewing]] = defaultdict(list)
    for viewing in recent.select_related("user").order_by("-editing", "user__username"):
        found[viewing.rma_id, viewing.parcel_id].append(viewing)
    return found
