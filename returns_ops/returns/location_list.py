"""Which locations a person asks to see."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import FloatField, Q, QuerySet
from django.db.models.functions import Abs, Cast, Least, Power

from returns_ops.accounts.models import Shop
from returns_ops.returns.coordinates import Point
from returns_ops.returns.location_use import ids_in_use, spellings
from returns_ops.returns.models import ReturnLocation

Sync = ReturnLocation.Sync
# Beside the states of sync: in sync, because we followed, and nobody has looked at it.
FOLLOWED = "followed"
NEAR = 20
SEARCHED = ("name", "address1", "city", "postal_code", "phone", "narvar_id")


@dataclass(frozen=True, kw_only=True)
class LocationFilter:
    """`sync`: a state of sync or FOLLOWED; nothing: all that are not removed."""

    q: str = ""
    country_code: str = ""
    accepts_in_store: bool | None = None
    accepts_mail: bool | None = None
    sync: str = ""
    in_use: bool | None = None


def find_locations(
    shops: Iterable[Shop], wanted: LocationFilter, *, after: tuple[str, int] | None = None
) -> QuerySet[ReturnLocation]:
    """By name and id; `after` is the name and id of the last row of the page before."""
    shops = list(shops)
    found = ReturnLocation.objects.filter(shop__in=shops).filter(_standing(wanted.sync))
    for word in wanted.q.split()[:8]:
        found = found.filter(_says(word))
    if wanted.country_code:
        found = found.filter(country_code=wanted.country_code)
    if wanted.accepts_in_store is not None:
        found = found.filter(accepts_in_store=wanted.accepts_in_store)
    if wanted.accepts_mail is not None:
        found = found.filter(accepts_mail=wanted.accepts_mail)
    if wanted.in_use is not None:
        used = spellings(ids_in_use(shops))
        named = Q(narvar_id__in=used) | Q(other_ids__overlap=used)
        found = found.filter(named) if wanted.in_use else found.exclude(named)
    if after:
        found = found.filter(Q(name__gt=after[0]) | Q(name=after[0], pk__gt=after[1]))
    return found.select_related("shop").order_by("name", "pk")


def nearest(shop_id: int, point: Point, *, but: int | None = None) -> list[ReturnLocation]:
    """The few that are about the nearest; how far each is, whoever shows them measures."""
    latitude, longitude = float(point.latitude), float(point.longitude)
    up = Cast("latitude", FloatField()) - latitude
    across = Abs(Cast("longitude", FloatField()) - longitude)
    # Degrees of longitude are shorter towards the poles, and meet at the date line.
    narrow = math.cos(math.radians(min(abs(latitude), 90)))
    away = Power(up, 2) + Power(Least(across, 360.0 - across) * narrow, 2)
    placed = ReturnLocation.objects.filter(shop=shop_id, removed_at=None)
    placed = placed.exclude(Q(latitude=None) | Q(longitude=None))
    if but is not None:
        placed = placed.exclude(pk=but)
    found = placed.alias(away=away).order_by("away", "pk")
    return list(found.only("name", "latitude", "longitude")[:NEAR])


def countries_of(shops: Iterable[Shop]) -> list[tuple[str, str]]:
    """(code, name) of the countries that the shops have locations in."""
    rows = ReturnLocation.objects.filter(shop__in=list(shops), removed_at=None)
    named = rows.exclude(country_code="").order_by("country_code", "country")
    return list(dict(named.values_list("country_code", "country").distinct()).items())


def _standing(sync: str) -> Q:
    if sync == FOLLOWED:
        return ~Q(followed={}) & Q(removed_at=None)
    return Q(sync=sync) if sync else Q(removed_at=None)


def _says(word: str) -> Q:
    found = Q()
    for name in SEARCHED:
        found |= Q(**{f"{name}__icontains": word})
    return found
