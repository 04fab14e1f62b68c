"""Finding an RMA by any word on it: one token table, exact or by its beginning."""

import re
import unicodedata

from django.db.models import QuerySet

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma, SearchToken
from returns_ops.returns.snapshot import RmaSnapshot

LONGEST = 255
SHORTEST_PREFIX = 2


def normalise(text: str) -> str:
    """What a person or a scanner typed, and what we stored, brought to one form."""
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "")
    return re.sub(r"\s+", "", plain).lstrip("#").upper()[:LONGEST]


def tokens_of(snapshot: RmaSnapshot) -> set[tuple[str, str]]:
    """The (kind, token) pairs by which this RMA is found."""
    kind = SearchToken.Kind
    pairs = [
        (kind.RMA, snapshot.rma_number),
        (kind.ORDER, snapshot.order_number),
        (kind.EMAIL, snapshot.email),
        *((kind.TRACKING, package.tracking_number) for package in snapshot.packages),
        *((kind.SKU, item.sku) for item in snapshot.items),
    ]
    return {(name.value, normalise(text)) for name, text in pairs if normalise(text)}


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
