"""Finding an RMA by any word on it: one token table, exact or by its beginning."""

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import QuerySet

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma, SearchToken
from returns_ops.returns.snapshot import RmaSnapshot

LONGEST = 255
SHORTEST_PREFIX = 2
TAIL = 6


def normalise(text: str) -> str:
    """What a person or a scanner typed, and what we stored, brought to one form."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "")
    return re.sub(r"\s+", "", plain).lstrip("#").upper()[:LONGEST]


def tokens_of(snapshot: RmaSnapshot) -> set[tuple[str, str]]:
    """The (kind, token) pairs by which this RMA is found."""
    return words_of(
        rma_number=snapshot.rma_number,
        order_number=snapshot.order_number,
        email=snapshot.email,
        tracking_numbers=[package.tracking_number for package in snapshot.packages],
        skus=[item.sku for item in snapshot.items],
    )


def words_of(
    *,
    rma_number: str,
    order_number: str,
    email: str,
    tracking_numbers: Iterable[str],
    skus: Iterable[str],
) -> set[tuple[str, str]]:
    """A tracking number is also found by its end, which is what people read off a label."""
    kind = SearchToken.Kind
    tracked = [normalise(number) for number in tracking_numbers]
    pairs = [
        (kind.RMA, normalise(rma_number)),
        (kind.ORDER, normalise(order_number)),
        (kind.EMAIL, normalise(email)),
        *((kind.TRACKING, number) for number in tracked),
        *((kind.TAIL, number[-TAIL:]) for number in tracked if len(number) > TAIL),
        *((kind.SKU, normalise(sku)) for sku in skus),
    ]
    return {(name.value, token) for name, token in pairs if token}


def find(query: str, shops: QuerySet[Shop]) -> QuerySet[Rma]:
    """RMAs of these shops with a token that equals the query or begins with it."""
    token = normalise(query)
    if not token:
        return Rma.objects.none()
    found = SearchToken.objects.filter(shop__in=shops)
    if len(token) < SHORTEST_PREFIX:
        found = found.filter(token=token)
    else:
        found = found.filter(token__startswith=token)
    return Rma.objects.filter(pk__in=found.values("rma"))
