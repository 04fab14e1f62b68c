"""Photos of a return or of a parcel: added by whoever handles it, taken away only at once."""

from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.messaging import locks
from returns_ops.returns import photo_files
from returns_ops.returns.models import Parcel, Photo, ReceiptLine, Rma, RmaEvent
from returns_ops.returns.pictures import Picture
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.receiving import Bench

HANDLING = (Permission.RECEIVE, Permission.RESOLVE)
MOST_PHOTOS = 20
REGRET = timedelta(minutes=10)


class Subject(NamedTuple):
    """What a photo shows; one of the two is there, or both. Locked."""

    shop: Shop
    rma: Rma | None = None
    parcel: Parcel | None = None

    @property
    def shown_by(self) -> dict[str, Rma | Parcel | None]:
        """By which photos belong to it."""
        return {"rma": self.rma} if self.rma else {"parcel": self.parcel}

    @property
    def name(self) -> str:
        return self.rma.rma_number if self.rma else f"{self.parcel}"


def permit_handling(user: User, shop: Shop) -> None:
    if not any(user.may(permission, shop) for permission in HANDLING):
        raise Refused(f"{user.known_as} may not handle returns of {shop}.")


def lock_rma(rma_id: int) -> Rma:
    return Rma.objects.select_for_update(of=("self",)).select_related("shop").get(pk=rma_id)


def lock_parcel(parcel_id: int) -> Parcel:
    """After its return, where both are locked."""
    parcels = Parcel.objects.select_for_update(of=("self",)).select_related("shop")
    return parcels.get(pk=parcel_id)


@transaction.atomic
def add_photo(
    picture: Picture, of: Rma | Parcel, *, bench: Bench, line_id: int | None = None
) -> Photo:
    """Keep a picture as evidence; the same picture again is the same photo. Raises Refused.

    It leaves the RMA's version alone, so that a photo makes nobody's open form stale.
    """
    subject = _lock(of)
    permit_handling(bench.by, subject.shop)
    shown = Photo.objects.filter(**subject.shown_by)
    known = shown.filter(sha256=picture.sha256).first()
    if known:
        return known
    line = _line(subject.rma, line_id) if line_id is not None else None
    if shown.count() >= MOST_PHOTOS:
        raise Refused(f"{subject.name} has {MOST_PHOTOS} photos already: no more are kept.")
    photo = Photo.objects.create(
        shop=subject.shop,
        rma=subject.rma,
        parcel=subject.parcel,
        line=line,
        file=_kept(picture),
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        size=len(picture.data),
        taken_by=bench.by,
    )
    what = f" of {line.quantity} × {_sku(line)}" if line else ""
    _trace(subject, photo, "photo_added", f"Photo {photo.mark}{what} added", by=bench.by)
    return photo


def remove_photo(photo_id: int, *, by: User) -> None:
    """Whoever took it thinks better of it, at once. Raises Refused, or Photo.DoesNotExist."""
    photo = _remove(photo_id, by)
    _drop_if_unused(photo)


def may_remove(photo: Photo, user: User) -> bool:
    return not _why_not_remove(photo, user)


@transaction.atomic
def _remove(photo_id: int, by: User) -> Photo:
    seen = Photo.objects.get(pk=photo_id)
    rma = lock_rma(seen.rma_id) if seen.rma_id else None
    parcel = lock_parcel(seen.parcel_id) if seen.parcel_id else None
    photos = Photo.objects.select_for_update(of=("self",)).select_related("shop", "line__item")
    photo = photos.get(pk=photo_id)
    if photo.rma_id != seen.rma_id:
        raise Refused("Its parcel was matched at this moment. Look again.")
    permit_handling(by, photo.shop)
    why = _why_not_remove(photo, by)
    if why:
        raise Refused(why)
    photo.delete()
    _trace(
        Subject(photo.shop, rma, parcel),
        photo,
        "photo_removed",
        f"Photo {photo.mark} removed by who took it",
        by=by,
    )
    return photo


@transaction.atomic
def _drop_if_unused(photo: Photo) -> None:
    """After the row is gone for good. Who adds the same picture meanwhile waits, or is seen."""
    locks.wait_for(_content(bytes(photo.sha256)))
    if not Photo.objects.filter(sha256=photo.sha256).exists():
        photo_files.drop(photo_files.name_of(bytes(photo.sha256)))


def _why_not_remove(photo: Photo, user: User) -> str:
    if photo.taken_by_id != user.pk:
        return "Only who took a photo can remove it."
    if timezone.now() - photo.taken_at > REGRET:
        return "A photo can be removed for 10 minutes; after that it stays as evidence."
    if photo.line and photo.line.command_id:
        return "What it shows was decided already, so it stays as evidence."
    return ""


def _lock(of: Rma | Parcel) -> Subject:
    if isinstance(of, Rma):
        rma = lock_rma(of.pk)
        return Subject(rma.shop, rma=rma)
    parcel = lock_parcel(of.pk)
    return Subject(parcel.shop, parcel=parcel)


def _line(rma: Rma | None, line_id: int) -> ReceiptLine:
    lines = ReceiptLine.objects.select_related("item")
    line = lines.filter(pk=line_id, rma=rma).first() if rma else None
    if line is None:
        raise Refused("These units are not entered any more. Choose again what the photo shows.")
    return line


def _sku(line: ReceiptLine) -> str:
    return line.item.sku if line.item else line.sku


def _kept(picture: Picture) -> str:
    """On the disk before its row: a row without its file would be no evidence."""
    locks.wait_for(_content(picture.sha256))
    try:
        return photo_files.keep(picture)
    except OSError as problem:
        raise Refused("The photo could not be stored: the disk takes no more.") from problem


def _content(sha256: bytes) -> str:
    return f"photo {sha256.hex()}"


def _trace(subject: Subject, photo: Photo, verb: str, text: str, *, by: User) -> None:
    if subject.rma:
        RmaEvent.objects.create(
            rma=subject.rma, source=RmaEvent.Source.PERSON, verb=verb, text=text, actor=by
        )
    audit.record(
        f"{'rma' if subject.rma else 'parcel'}.{verb}",
        subject.name,
        shop=subject.shop,
        actor=by,
        sha256=bytes(photo.sha256).hex(),
        line=photo.line_id,
    )
