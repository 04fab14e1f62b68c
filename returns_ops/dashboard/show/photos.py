"""The photos of a return or of a parcel, and who may add to them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns.models import Parcel, Photo, ReceiptLine, Rma, RmaItem
from returns_ops.returns.transitions.evidence import HANDLING, MOST_PHOTOS, may_remove


class Shot(NamedTuple):
    id: int
    url: str
    who: str
    at: SafeString | str
    mark: str
    of: str
    removable: bool

    @property
    def alt(self) -> str:
        of = f" of {self.of}" if self.of else ""
        return f"Photo {self.mark}{of}, taken by {self.who}"


@dataclass(frozen=True)
class Photos:
    """`back` names the page it stands on; `lines` are what a photo can be of, (id, words)."""

    url: str
    back: str
    shots: list[Shot]
    lines: list[tuple[int, str]]
    may_add: bool

    @property
    def full(self) -> bool:
        return len(self.shots) >= MOST_PHOTOS

    @property
    def most(self) -> int:
        return MOST_PHOTOS


def photos_of(
    access: Access,
    rma: Rma,
    clock: Clock,
    lines: Iterable[ReceiptLine],
    items: Iterable[RmaItem],
) -> Photos:
    """One query: its receipt lines and items are at hand."""
    known = {item.pk: item for item in items}
    return Photos(
        url=reverse("rma_photos", args=[rma.shop.domain, rma.rma_number]),
        back="rma",
        shots=_shots(access, rma.photos.all(), clock),
        lines=[(line.pk, name_of(line, known.get(line.item_id or 0))) for line in lines],
        may_add=may_handle(access, rma.shop),
    )


def photos_to_look_at(access: Access, rma: Rma, clock: Clock) -> Photos:
    """For who judges elsewhere, and changes nothing of the evidence there."""
    photos = photos_of(access, rma, clock, (), ())
    shots = [shot._replace(removable=False) for shot in photos.shots]
    return replace(photos, shots=shots, may_add=False)


def photos_of_parcel(access: Access, parcel: Parcel, clock: Clock) -> Photos:
    return Photos(
        url=reverse("parcel_photos", args=[parcel.pk]),
        back="parcel",
        shots=_shots(access, parcel.photos.all(), clock),
        lines=[],
        may_add=may_handle(access, parcel.shop),
    )


def may_handle(access: Access, shop: Shop) -> bool:
    return any(access.may(permission, shop) for permission in HANDLING)


def name_of(line: ReceiptLine, item: RmaItem | None) -> str:
    what = item.sku or item.item_id if item else line.sku
    outcome = f", {line.get_decision_display()}" if line.decision else ""
    return f"{line.quantity} × {what}{outcome}"


def _shots(access: Access, photos: QuerySet[Photo], clock: Clock) -> list[Shot]:
    return [
        Shot(
            id=photo.pk,
            url=reverse("photo", args=[photo.pk]),
            who=photo.taken_by.known_as,
            at=clock.ago(photo.taken_at),
            mark=photo.mark,
            of=name_of(photo.line, photo.line.item) if photo.line else "",
            removable=may_remove(photo, access.user),
        )
        for photo in photos.select_related("taken_by", "line__item")
    ]
