"""The parcels without a return, by key and never by offset: what waits longest comes first."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery, TextChoices

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import Parcel, Photo
from returns_ops.returns.queues import Cursor

PAGE = 50


class Part(TextChoices):
    OPEN = "open", "Open"
    MINE = "mine", "Mine"
    MATCHED = "matched", "Matched"
    CLOSED = "closed", "Closed"

    @property
    def state(self) -> str:
        """Mine are open ones."""
        return Parcel.State.OPEN if self == Part.MINE else self.value

    @property
    def oldest_first(self) -> bool:
        return self.state == Parcel.State.OPEN


class Page(NamedTuple):
    """`first_photo`, an id or None, hangs on each parcel; their items are at hand."""

    parcels: list[Parcel]
    after: Cursor | None


def page(
    part: Part, shops: Sequence[Shop], user: User, *, after: Cursor | None = None, size: int = PAGE
) -> Page:
    """In three queries."""
    keys = _keys(part, shops, user, after, size + 1)
    shown = keys[:size]
    parcels = {parcel.pk: parcel for parcel in _read([key.id for key in shown])}
    found = [parcels[key.id] for key in shown if key.id in parcels]
    return Page(found, shown[-1] if len(keys) > size else None)


def _keys(
    part: Part, shops: Sequence[Shop], user: User, after: Cursor | None, size: int
) -> list[Cursor]:
    # One slice per shop, each a walk along the index, and then the first of them.
    order = ("found_at", "id") if part.oldest_first else ("-found_at", "-id")
    slices = [
        _from(part, shop, user, after).order_by(*order).values_list("found_at", "id")[:size]
        for shop in shops
    ]
    if not slices:
        return []
    merged = slices[0].union(*slices[1:], all=True).order_by(*order) if slices[1:] else slices[0]
    return [Cursor(*row) for row in merged[:size]]


def _from(part: Part, shop: Shop, user: User, after: Cursor | None) -> QuerySet[Parcel]:
    parcels = Parcel.objects.filter(shop=shop, state=part.state)
    if part == Part.MINE:
        parcels = parcels.filter(owner=user)
    if after is None:
        return parcels
    if part.oldest_first:
        return parcels.filter(found_at__gte=after.at).exclude(found_at=after.at, id__lte=after.id)
    return parcels.filter(found_at__lte=after.at).exclude(found_at=after.at, id__gte=after.id)


def _read(ids: Sequence[int]) -> QuerySet[Parcel]:
    first = Photo.objects.filter(parcel=OuterRef("pk")).order_by("id").values("pk")[:1]
    return (
        Parcel.objects.filter(pk__in=ids)
        .annotate(first_photo=Subquery(first))
        .select_related("shop", "owner", "rma")
        .prefetch_related("items")
    )
