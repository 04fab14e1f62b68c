"""Open returns that are on their way to a location: by its ids for certain, else by a guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Replace, Upper

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Package, ReturnLocation, Rma
from returns_ops.returns.states import Work

LIMIT = 500  # a count beyond it says "or more": nobody decides otherwise at 501
FIRST = 10
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


@dataclass(frozen=True, kw_only=True)
class Use:
    certain: Heading
    guessed: Heading

    @property
    def any(self) -> bool:
        return bool(self.certain.count or self.guessed.count)


def use_of(location: ReturnLocation, *, limit: int = LIMIT) -> Use:
    """Two queries, each of which ends at its limit."""
    certain = _heading(_open(location.shop_id, _certain(location)), limit)
    guess = _guessed(location)
    if guess is None:
        return Use(certain=certain, guessed=_heading(Rma.objects.none(), limit))
    return Use(certain=certain, guessed=_heading(_open_with(location.shop_id, guess), limit))


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


def _open(shop_id: int, packages: QuerySet[Package]) -> QuerySet[Rma]:
    return Rma.objects.filter(shop=shop_id, work__in=OPEN, pk__in=packages.values("rma"))


def _open_with(shop_id: int, packages: QuerySet[Package]) -> QuerySet[Rma]:
    """The same, asked of each open return: a postcode may be that of most closed ones too."""
    hit = Subquery(packages.filter(rma=OuterRef("pk")).values("pk")[:1])
    rmas = Rma.objects.filter(shop=shop_id, work__in=OPEN)
    return rmas.annotate(hit=hit).filter(hit__isnull=False)


def _certain(location: ReturnLocation) -> QuerySet[Package]:
    there = Package.objects.filter(removed_at=None).exclude(destination_id="")
    return there.filter(destination_id__in=ids_of(location))


def _guessed(location: ReturnLocation) -> QuerySet[Package] | None:
    """The same postcode, and nothing that speaks against it; None: there is none to go by."""
    codes = {_compact(location.postal_code), _compact(location.shown.get("postal_code", ""))}
    codes.discard("")
    if not codes:
        return None
    there = Package.objects.filter(removed_at=None).exclude(destination_postal_code="")
    there = there.annotate(code=POSTAL_CODE).filter(code__in=codes)
    known = ReturnLocation.objects.filter(shop=location.shop_id).only("narvar_id", "other_ids")
    taken = {one for other in known for one in ids_of(other)}
    countries = Q(destination_country="")
    for name in {location.country_code, location.country} - {""}:
        countries |= Q(destination_country__iexact=name)
    cities = Q(destination_city="") | Q(destination_city__iexact=location.city)
    return there.filter(countries, cities).exclude(destination_id__in=taken)


def _compact(code: str) -> str:
    return code.replace(" ", "").upper()


def _heading(rmas: QuerySet[Rma], limit: int) -> Heading:
    found = list(rmas.select_related("shop").order_by("-created_at", "-id")[: limit + 1])
    counted = found[:limit]
    value: dict[str, Decimal] = defaultdict(Decimal)
    for rma in counted:
        if rma.estimated_refund is not None:
            value[rma.currency] += rma.estimated_refund
    return Heading(
        count=len(counted),
        capped=len(found) > limit,
        value=sorted(value.items()),
        first=counted[:FIRST],
    )
