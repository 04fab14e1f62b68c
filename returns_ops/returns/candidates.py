"""The open returns that a box may belong to, found by index at a cost that does not grow."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, JSONObject

from returns_ops.returns.codes import CodeKind, read_code
from returns_ops.returns.guessing import (
    AwaitedItem,
    Candidate,
    PackedItem,
    ParcelFacts,
    postcode_key,
)
from returns_ops.returns.models import Parcel, ParcelItem, Rma, RmaItem, SearchToken
from returns_ops.returns.search import normalise
from returns_ops.returns.states import Decision, Work

MOST = 200
LOOKED_AT = 500  # of the returns that share a word, those that came last
MOST_HITS = 1000
MOST_ITEMS = 50
MOST_WORDS = 12
SHORTEST_START = 10  # with less of a tracking number it is anybody's
POSTCODE = "postcode"
# What is worth more comes first when there are too many.
WORTH: dict[str, int] = {
    SearchToken.Kind.TRACKING: 8,
    SearchToken.Kind.RMA: 8,
    SearchToken.Kind.ORDER: 6,
    SearchToken.Kind.EMAIL: 6,
    POSTCODE: 3,
    SearchToken.Kind.SKU: 2,
}
NAMES = {"rma_number": "RMA number", "order_number": "order number", "email": "e-mail address"}
Slice = QuerySet[Any, tuple[Any, ...]]


class Hit(NamedTuple):
    rma_id: int
    kind: str
    word: str


def facts_of(parcel: Parcel, items: Collection[ParcelItem]) -> ParcelFacts:
    """What is left in the box is what a return may be waiting for."""
    return ParcelFacts(
        items=tuple(
            PackedItem(sku=item.sku, units=item.left, words=frozenset(_readings(item.sku)))
            for item in items
            if item.left
        ),
        tracking=frozenset(_readings(parcel.tracking_number)),
        postcode=postcode_key(parcel.origin_postal_code),
        country=parcel.origin_country.strip().upper(),
        words=frozenset(_written(parcel.text)),
        found_at=parcel.found_at,
    )


def candidates_for(parcel: Parcel, facts: ParcelFacts) -> list[Candidate]:
    """At most 200 open returns of its shop, in three queries."""
    slices = list(_slices(parcel, facts))
    if not slices:
        return []
    hits = [Hit(*row) for row in slices[0].union(*slices[1:], all=True)]
    ids = _best(hits, MOST_HITS)
    waiting = set(_open(ids).values_list("pk", flat=True))
    best = [pk for pk in ids if pk in waiting][:MOST]
    return [_candidate(row) for row in _read(best)]


def _readings(code: str) -> tuple[str, ...]:
    read = read_code(code)
    if read.kind == CodeKind.THING:
        return read.candidates
    return (normalise(code),) if normalise(code) else ()


def _written(text: str) -> Iterator[str]:
    """Words that may be a number of ours or an address; a name is in no index."""
    words = dict.fromkeys(normalise(word.strip(".,;:!?()")) for word in re.split(r"[\s,;]+", text))
    telling = [word for word in words if len(word) >= 4 and re.search(r"[\d@]", word)]
    yield from telling[:MOST_WORDS]


def _slices(parcel: Parcel, facts: ParcelFacts) -> Iterator[Slice]:
    """One walk along an index each; without the limits, a SKU would gather every return of it."""
    shop = parcel.shop_id
    codes = {word for item in facts.items for word in item.words}
    for word in sorted({*codes, *facts.tracking, *facts.words}):
        tokens = SearchToken.objects.filter(shop=shop, token=word).order_by("-rma_id")
        yield tokens.values_list("rma_id", "kind", "token")[:LOOKED_AT]
    start = normalise(parcel.tracking_number)
    if len(start) >= SHORTEST_START:
        tokens = SearchToken.objects.filter(shop=shop, token__startswith=start).order_by()
        yield tokens.values_list("rma_id", "kind", "token")[:MOST]
    for spelling in _spellings(parcel.origin_postal_code):
        yield _from_there(shop).filter(**spelling)[:MOST]


def _from_there(shop_id: int) -> Slice:
    # Said in the words of the index `rma_by_origin`, which holds open returns only.
    rmas = Rma.objects.filter(shop=shop_id).exclude(work=Work.DONE).exclude(origin_postal_code="")
    kind = Value(POSTCODE, output_field=CharField())
    return rmas.order_by().values_list("pk", kind, "origin_postal_code")


def _spellings(postcode: str) -> list[dict[str, str]]:
    """As others may have typed it; a ZIP also with its four more digits."""
    key = postcode_key(postcode)
    if not key:
        return []
    if len(key) == 5 and key.isdigit():
        return [{"origin_postal_code__startswith": key}]
    forms = [" ".join(postcode.split()).upper(), key, f"{key[:-3]} {key[-3:]}"]
    forms += [f"{key[:-2]} {key[-2:]}", f"{key[:3]}-{key[3:]}"]
    return [{"origin_postal_code": form} for form in dict.fromkeys(forms)]


def _best(hits: Collection[Hit], most: int) -> list[int]:
    """Ids, those with the most that speaks for them first, then the newest."""
    kinds: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for hit in hits:
        kinds[hit.rma_id].add((hit.kind, hit.word))
    worth = {pk: sum(WORTH.get(kind, 0) for kind, _ in found) for pk, found in kinds.items()}
    return sorted(worth, key=lambda pk: (-worth[pk], -pk))[:most]


def _open(ids: Collection[int]) -> QuerySet[Rma]:
    return Rma.objects.filter(pk__in=ids).exclude(work=Work.DONE)


def _read(ids: Collection[int]) -> QuerySet[Rma, Any]:
    counted = Sum("receipt_lines__quantity", filter=~Q(receipt_lines__decision=Decision.CLAIM))
    items = RmaItem.objects.filter(rma=OuterRef("pk"), removed_at=None).order_by()
    items = items.annotate(counted=Coalesce(counted, 0))
    awaited = items.values(json=JSONObject(sku="sku", left=F("quantity") - F("counted")))
    labels = SearchToken.objects.filter(rma=OuterRef("pk"), kind=SearchToken.Kind.TRACKING)
    return Rma.objects.filter(pk__in=ids).values(
        "pk",
        "rma_number",
        "order_number",
        "email",
        "origin_postal_code",
        "origin_country",
        "narvar_status",
        "receipt",
        "return_method",
        "created_at",
        awaited=ArraySubquery(awaited[:MOST_ITEMS]),
        labels=ArraySubquery(labels.values("token")[:MOST_ITEMS]),
    )


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(
        rma_id=row["pk"],
        number=row["rma_number"],
        names={normalise(row[field]): name for field, name in NAMES.items() if row[field]},
        items=tuple(
            AwaitedItem(sku=normalise(item["sku"]), left=max(item["left"], 0))
            for item in row["awaited"]
        ),
        tracking=tuple(row["labels"]),
        postcode=postcode_key(row["origin_postal_code"]),
        country=row["origin_country"].strip().upper(),
        narvar_status=row["narvar_status"],
        receipt=row["receipt"],
        return_method=row["return_method"],
        created_at=row["created_at"],
    )
