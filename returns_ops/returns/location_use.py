"""Open returns that are on their way to a location: by its ids for certain, else by a guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Replace, Upper

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Package, ReturnLocation, Rma
from returns_ops.returns.states import Work

LIMIT = 500  # a count beyond it says "or more": nobody decides otherwise at 501
FIRST = 10
LOOKED_AT = 5000  # parcels to one place, the newest first: older ones are hardly open any more
# Said one by one: only so the index of the queues finds the few among a million.
OPEN = [work for work in Work.values if work != Work.DONE]
GID = "gid://"  # how an id of Shopify begins
SHOPIFY = "gid://shopify/Location/"
POSTAL_CODE = Replace(Upper("destination_postal_code"), Value(" "), output_field=TextField())


@dataclass(frozen=True, kw_only=True)
class Heading:
    """Open returns that go there. `capped`: there are more than were counted."""

    count: int
    capped: bool
    value: list[tuple[str, Decimal]]  # what they are worth, by currency
    first: list[Rma]  # the newest


NONE = Heading(count=0, capped=False, value=[], first=[])


@dataclass(frozen=True, kw_only=True)
class Use:
    certain: Heading
    guessed: Heading

    @property
    def any(self) -> bool:
        return bool(self.certain.count or self.guessed.count)


def use_of(location: ReturnLocation, *, limit: int = LIMIT) -> Use:
    """However many parcels ever went there, only the newest are looked at."""
    there = Package.objects.filter(removed_at=None)
    named = there.exclude(destination_id="")
    placed = there.exclude(destination_postal_code="").annotate(code=POSTAL_CODE)
    certain = [named.filter(destination_id=one) for one in ids_of(location)]
    guessed = [placed.filter(code=one) for one in _codes(location)]
    return Use(
        certain=_heading(location.shop_id, certain, Q(), limit),
        guessed=_heading(location.shop_id, guessed, _may_be(location), limit),
    )


def ids_of(location: ReturnLocation) -> list[str]:
    """What a parcel may call it."""
    named = [one for one in (location.narvar_id, *location.other_ids) if one]
    return list(dict.fromkeys([*named, *spellings(location.other_ids)]))


def spellings(ids: Collection[str]) -> list[str]:
    """An id of Shopify comes bare and as a GID."""
    bare = [one.removeprefix(SHOPIFY) for one in ids]
    numbers = [one for one in bare if one.isdecimal()]
    return [*ids, *numbers, *(f"{SHOPIFY}{one}" for one in numbers)]


def ids_in_use(shops: Iterable[Shop], among: Iterable[str] | None = None) -> set[str]:
    """Destination ids that open returns name; `among` these, for the rows of one page."""
    packages = Package.objects.filter(removed_at=None, rma__shop__in=list(shops))
    packages = packages.exclude(destination_id="").filter(rma__work__in=OPEN)
    if among is not None:
        packages = packages.filter(destination_id__in=list(among))
    return set(packages.order_by().values_list("destination_id", flat=True).distinct())


def _codes(location: ReturnLocation) -> set[str]:
    """Its postcode here and at Narvar."""
    codes = {_compact(location.postal_code), _compact(location.shown.get("postal_code", ""))}
    return codes - {""}


def _may_be(location: ReturnLocation) -> Q:
    """Nothing on the parcel speaks against it."""
    known = ReturnLocation.objects.filter(shop=location.shop_id).only("narvar_id", "other_ids")
    taken = {one for other in known for one in ids_of(other)}
    countries = Q(destination_country="")
    for name in {location.country_code, location.country} - {""}:
        countries |= Q(destination_country__iexact=name)
    cities = Q(destination_city="") | Q(destination_city__iexact=location.city)
    return countries & cities & ~Q(destination_id__in=taken)


def _compact(code: str) -> str:
    return code.replace(" ", "").upper()


def _heading(shop_id: int, places: Sequence[QuerySet[Package]], fits: Q, limit: int) -> Heading:
    """`places`: each in the order of an index, which is left after the newest; all else after."""
    if not places:
        return NONE
    newest = Q()
    for place in places:
        newest |= Q(pk__in=place.order_by("-rma_id").values("pk")[:LOOKED_AT])
    packages = Package.objects.filter(newest).filter(fits)
    rmas = Rma.objects.filter(shop=shop_id, work__in=OPEN, pk__in=packages.values("rma"))
    found = list(rmas.select_related("shop").order_by("-created_at", "-id")[: limit + 1])
    return _counted(found[:limit], capped=len(found) > limit or any(map(_has_more, places)))


def _has_more(place: QuerySet[Package]) -> bool:
    return place.order_by("-rma_id")[LOOKED_AT : LOOKED_AT + 1].exists()


def _counted(rmas: list[Rma], *, capped: bool) -> Heading:
    value: dict[str, Decimal] = defaultdict(Decimal)
    for rma in rmas:
        if rma.estimated_refund is not None:
            value[rma.currency] += rma.estimated_refund
    return Heading(count=len(rmas), capped=capped, value=sorted(value.items()), first=rmas[:FIRST])
