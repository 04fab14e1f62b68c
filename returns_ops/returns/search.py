"""Finding an RMA by any word on it: one token table, exact or by its beginning."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma, SearchToken
from returns_ops.returns.snapshot import RmaSnapshot

LONGEST = 255
SHORTEST_PREFIX = 2
FEW = 5_000
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


def find(query: str, shops: Collection[Shop] | QuerySet[Shop]) -> QuerySet[Rma]:
    """RMAs of these shops with a token that equals the query or begins with it."""
    token = normalise(query)
    if not token:
        return Rma.objects.none()
    return Rma.objects.filter(pk__in=_tokens(token).filter(shop__in=shops).values("rma"))


def is_frequent(query: str, shops: Collection[Shop]) -> bool:
    """Whether so many RMAs have such a token that a list is better asked row by row."""
    tokens = _tokens(normalise(query)).filter(shop__in=shops).order_by()
    return bool(tokens.values_list("rma")[FEW : FEW + 1])


def carries(query: str) -> IsNull:
    """Whether one RMA has such a token: asked of row after row, it stops at the end of a page.

    A scalar subquery, since PostgreSQL would make a join of `EXISTS` and read all tokens for it.
    """
    mine = _tokens(normalise(query)).filter(rma=OuterRef("pk"))
    return IsNull(Subquery(mine.values("pk")[:1]), False)


def _tokens(token: str) -> QuerySet[SearchToken]:
    if len(token) < SHORTEST_PREFIX:
        return SearchToken.objects.filter(token=token)
    return SearchToken.objects.filter(token__startswith=token)
