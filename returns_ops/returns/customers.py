"""What is known of a customer from the returns of a shop: counts and sums, no score."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum

from returns_ops.returns.models import Rma, SearchToken
from returns_ops.returns.search import normalise
from returns_ops.returns.states import CANCELLED, NarvarStatus

NEWEST = 10
# Somebody with more returns than this is a reseller or a test: the counts say "at least".
MOST = 500


@dataclass(frozen=True, kw_only=True)
class CustomerFacts:
    """All returns with the same e-mail address in the same shop, this one among them."""

    returns: int
    more: bool  # there are more than were counted
    first: datetime | None
    approved: int
    rejected: int
    cancelled: int
    in_trouble: int
    kept: int  # the customer kept what was returned
    refunded: dict[str, Decimal]  # currency: sum of what Narvar shows as paid
    others: list[Rma]  # the newest, without this one


def customer_of(rma: Rma) -> CustomerFacts | None:
    """None without an address. Three queries, by the index of the search."""
    token = normalise(rma.email)
    if not token:
        return None
    same = SearchToken.objects.filter(shop=rma.shop_id, kind=SearchToken.Kind.EMAIL, token=token)
    ids = list(same.order_by("-rma").values_list("rma", flat=True)[: MOST + 1])
    known = Rma.objects.filter(pk__in={rma.pk, *ids[:MOST]})
    by_currency = (
        known.order_by()
        .values("currency")
        .annotate(paid=Sum("refunded"), oldest=Min("created_at"), **_counts())
    )
    counted: list[Any] = list(by_currency)
    others = known.exclude(pk=rma.pk).select_related("shop").order_by("-created_at", "-id")
    return CustomerFacts(
        more=len(ids) > MOST,
        first=min(row["oldest"] for row in counted),
        refunded={row["currency"]: row["paid"] for row in counted if row["paid"]},
        others=list(others[:NEWEST]),
        **{name: sum(row[name] for row in counted) for name in _counts()},
    )


def _counts() -> dict[str, Count]:
    of_status = {
        "approved": [NarvarStatus.APPROVED],
        "rejected": [NarvarStatus.REJECTED],
        "cancelled": list(CANCELLED),
        "in_trouble": [NarvarStatus.EXCEPTION, NarvarStatus.OUT_OF_STOCK, NarvarStatus.BY_HAND],
    }
    counts = {
        name: Count("id", filter=Q(narvar_status__in=statuses))
        for name, statuses in of_status.items()
    }
    return {
        "returns": Count("id"),
        **counts,
        "kept": Count("id", filter=Q(return_method="keep_the_item")),
    }
