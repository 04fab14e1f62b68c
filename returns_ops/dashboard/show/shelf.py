"""The list of parcels without a return."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.parcels import state_of, waited
from returns_ops.returns import shelf
from returns_ops.returns.models import Parcel
from returns_ops.returns.queues import Cursor
from returns_ops.returns.shelf import Part

NOTHING = {
    Part.OPEN: "No parcel waits for its return.",
    Part.MINE: "You look after no parcel.",
    Part.MATCHED: "No parcel has found its return yet.",
    Part.CLOSED: "No parcel was closed without a return.",
}


class Tab(NamedTuple):
    url: str
    name: str
    current: bool


class ShelfRow(NamedTuple):
    url: str
    name: str
    label: str
    contents: str
    place: str
    shop: str
    owner: str
    state: SafeString
    rma: str
    waited: SafeString
    thumbnail: str


@dataclass(frozen=True)
class Shelf:
    part: Part
    tabs: list[Tab]
    rows: list[ShelfRow]
    with_shop: bool
    more: str
    first_page: bool
    url: str

    @property
    def nothing(self) -> str:
        return NOTHING[self.part]

    @property
    def waits(self) -> bool:
        return self.part.oldest_first


def shelf_of(access: Access, wanted: str, after: str, now: datetime) -> Shelf:
    part = Part(wanted) if wanted in Part.values else Part.OPEN
    cursor = Cursor.parse(after)
    page = shelf.page(part, access.shown, access.user, after=cursor)
    return Shelf(
        part=part,
        tabs=[Tab(link(access, one), str(one.label), one == part) for one in Part],
        rows=[_row(parcel, now) for parcel in page.parcels],
        with_shop=len(access.shown) > 1,
        more=link(access, part, after=str(page.after)) if page.after else "",
        first_page=cursor is None,
        url=link(access, part),
    )


def link(access: Access, part: Part, **more: str) -> str:
    shop = {"shop": access.chosen} if access.chosen else {}
    return f"{reverse('parcels')}?{urlencode({'tab': part.value, **shop, **more})}"


def _row(parcel: Parcel, now: datetime) -> ShelfRow:
    items = [f"{item.quantity} × {item.sku}" for item in parcel.items.all()]
    photo: int | None = getattr(parcel, "first_photo", None)
    return ShelfRow(
        url=parcel.get_absolute_url(),
        name=str(parcel),
        label=" ".join(one for one in (parcel.carrier, parcel.tracking_number) if one),
        contents=", ".join(items) or parcel.text,
        place=" ".join(one for one in (parcel.origin_postal_code, parcel.origin_country) if one),
        shop=parcel.shop.domain.removesuffix(".myshopify.com"),
        owner=parcel.owner.known_as if parcel.owner else "",
        state=state_of(parcel),
        rma=parcel.rma.rma_number if parcel.rma else "",
        waited=waited(parcel, now),
        thumbnail=f"{reverse('photo', args=[photo])}?size=small" if photo else "",
    )
