"""What a scanned code means: which RMA, which box of it, or which line of the open one."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Case, QuerySet, When

from returns_ops.accounts.models import Shop
from returns_ops.returns.codes import Code, CodeKind, product_word
from returns_ops.returns.models import Barcode, Package, Rma, RmaItem, SearchToken
from returns_ops.returns.queues import OPEN_WORK
from returns_ops.returns.search import normalise
from returns_ops.returns.states import Work

SHOWN = 9  # a chooser answers to the digits 1 to 9
LOOKED_AT = 500
BOXED = re.compile(r"(.{3,}?)(-?)([A-Z])")


class ResolutionKind(StrEnum):
    RMA = "rma"
    TRACKING = "tracking"
    ORDER = "order"
    ITEM = "item"
    SKU = "sku"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What was found: RMAs of one kind of word, or lines of the open RMA.

    `rmas` are at most nine, open ones first, then the newest; `more` says that there are others.
    `items` are the lines of the open RMA that carry the word: two lines may share a SKU.
    `package` is the box whose label was scanned, if that is one box of one RMA. `word` is the
    candidate that matched, in normal form; an RMA number stands without the letter of its box.
    `sku`: what a taught code means, also where no return that is not done has it.
    """

    kind: ResolutionKind = ResolutionKind.NONE
    rmas: list[Rma] = field(default_factory=list)
    more: bool = False
    items: list[RmaItem] = field(default_factory=list)
    package: Package | None = None
    word: str = ""
    sku: str = ""


class Hit(NamedTuple):
    rma_id: int
    kind: str
    word: str
    shop_id: int


class Boxed(NamedTuple):
    """An RMA number with the letter of a box behind it, if that is what a word is."""

    number: str
    dash: str
    letter: str


def resolve(code: Code, shops: Collection[Shop], *, open_rma: Rma | None = None) -> Resolution:
    """Looks a code up in these shops by exact words; what is not a thing is not looked up.

    RMA number, then tracking number, then a line of the open RMA by SKU or item id, then order
    number, RMA number with the letter of a box, a SKU in RMAs that are not done, and last what
    somebody once said that a product's code means.

    Costs three queries at most (five by a code that was taught), and one for the lines of the
    open RMA unless they were prefetched. Of the RMAs that share one word, only the 500 that came
    last are looked at.
    """
    words = code.candidates if code.kind == CodeKind.THING else ()
    hits = _hits(words, shops)
    found = (
        _by_kind(hits, words, SearchToken.Kind.RMA)
        or _by_kind(hits, words, SearchToken.Kind.TRACKING)
        or _line(words, open_rma)
        or _by_kind(hits, words, SearchToken.Kind.ORDER)
        or _by_box(hits, words)
        or _by_kind(hits, words, SearchToken.Kind.SKU)
        or _taught(code, shops, open_rma)
        or Resolution()
    )
    _give_shops(found.rmas, shops)
    return found


def _give_shops(rmas: Sequence[Rma], shops: Collection[Shop]) -> None:
    # They are at hand; a join would have the planner guess how many there are.
    by_id = {shop.pk: shop for shop in shops}
    for rma in rmas:
        if rma.shop_id in by_id:
            rma.shop = by_id[rma.shop_id]


def _hits(words: Sequence[str], shops: Collection[Shop]) -> list[Hit]:
    # One slice per shop and word: each is a walk from the end of an index, however often the
    # word occurs. With `IN`, a SKU would gather every RMA that ever had it.
    wanted = dict.fromkeys([*words, *(boxed.number for boxed in _boxed(words))])
    tokens = SearchToken.objects.order_by("-rma_id").values_list(
        "rma_id", "kind", "token", "shop_id"
    )
    slices = [tokens.filter(shop=shop, token=word)[:LOOKED_AT] for shop in shops for word in wanted]
    if not slices:
        return []
    return [Hit(*row) for row in slices[0].union(*slices[1:], all=True)]


def _by_kind(hits: Sequence[Hit], words: Sequence[str], kind: str) -> Resolution | None:
    found = [hit for hit in hits if hit.kind == kind and hit.word in words]
    rmas = _in_order(found, kind)
    if not rmas:
        return None
    shown = {rma.pk for rma in rmas}
    matched = {hit.word for hit in found if hit.rma_id in shown}
    return Resolution(
        kind=ResolutionKind(kind),
        rmas=rmas[:SHOWN],
        more=len(rmas) > SHOWN,
        package=_tracked(rmas, matched) if kind == SearchToken.Kind.TRACKING else None,
        word=min(matched, key=words.index),
    )


def _in_order(hits: Sequence[Hit], kind: str) -> list[Rma]:
    """The RMAs of these hits, open and new ones first, one more than are shown."""
    ids = {hit.rma_id for hit in hits}
    if not ids:
        return []
    if len(ids) == 1 and kind != SearchToken.Kind.SKU:
        # Whoever opens it reads it under its lock: the rest is read only if it is asked for.
        return [Rma.from_db("default", ["id", "shop_id"], [hits[0].rma_id, hits[0].shop_id])]
    rmas = Rma.objects.filter(pk__in=ids)
    if kind == SearchToken.Kind.SKU:
        rmas = rmas.filter(work__in=OPEN_WORK)
    done_last = Case(When(work=Work.DONE, then=1), default=0)
    return list(rmas.order_by(done_last, "-created_at", "-id")[: SHOWN + 1])


def _tracked(rmas: Sequence[Rma], words: Collection[str]) -> Package | None:
    if len(rmas) != 1:
        return None
    boxes = _packages([rmas[0].pk])
    return next((box for box in boxes if normalise(box.tracking_number) in words), None)


def _packages(rma_ids: Collection[int]) -> QuerySet[Package]:
    # Django asks nothing when there are none.
    return Package.objects.filter(rma_id__in=list(rma_ids), removed_at=None)


def _line(words: Sequence[str], rma: Rma | None) -> Resolution | None:
    """The lines of this RMA that carry the first of the words that any line carries."""
    if rma is None or not words:
        return None
    lines = [line for line in rma.items.all() if line.removed_at is None]
    names = [(normalise(line.sku), normalise(line.item_id)) for line in lines]
    for word in words:
        found = [line for line, own in zip(lines, names, strict=True) if word in own]
        if found:
            return Resolution(kind=ResolutionKind.ITEM, rmas=[rma], items=found, word=word)
    return None


def _taught(code: Code, shops: Collection[Shop], open_rma: Rma | None) -> Resolution | None:
    """By the SKU that a bench of the same shop said this code stands for."""
    word = product_word(code)
    if not word:
        return None
    known = Barcode.objects.filter(shop__in=shops, code=word)
    skus = dict(known.values_list("shop_id", "sku"))
    if not skus:
        return None
    own = skus.get(open_rma.shop_id) if open_rma else None
    wanted = tuple(dict.fromkeys(normalise(sku) for sku in skus.values()))
    hits = _hits(wanted, [shop for shop in shops if shop.pk in skus])
    found = (
        (_line((normalise(own),), open_rma) if own else None)
        or _by_kind(hits, wanted, SearchToken.Kind.SKU)
        or Resolution(word=word)
    )
    return replace(found, sku=own or next(iter(skus.values())))


def _boxed(words: Sequence[str]) -> Iterator[Boxed]:
    for word in words:
        if found := BOXED.fullmatch(word):
            yield Boxed(found[1], found[2], found[3])


def _by_box(hits: Sequence[Hit], words: Sequence[str]) -> Resolution | None:
    """An RMA number that is no word itself, but with the letter of a box behind it.

    A dash announces the letter; without one, it has to be the letter of a box we know.
    """
    boxed = {one.number: one for one in _boxed(words)}
    found = [hit for hit in hits if hit.kind == SearchToken.Kind.RMA and hit.word in boxed]
    letters = {hit.rma_id: boxed[hit.word].letter for hit in found}
    named = [box for box in _packages(letters) if normalise(box.letter) == letters[box.rma_id]]
    boxes = {box.rma_id: box for box in named}
    meant = [hit for hit in found if hit.rma_id in boxes or boxed[hit.word].dash]
    rmas = _in_order(meant, SearchToken.Kind.RMA)
    if not rmas:
        return None
    return Resolution(
        kind=ResolutionKind.RMA,
        rmas=rmas[:SHOWN],
        more=len(rmas) > SHOWN,
        package=boxes.get(rmas[0].pk) if len(rmas) == 1 else None,
        word=next(hit.word for hit in meant if hit.rma_id == rmas[0].pk),
    )
