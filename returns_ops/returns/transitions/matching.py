"""A box finds its return: units of it, by quantity, into one return after another."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.returns.codes import read_code
from returns_ops.returns.models import (
    Package,
    Parcel,
    ParcelItem,
    ParcelMatch,
    Photo,
    ReceiptLine,
    Rma,
    RmaEvent,
    RmaItem,
    SearchToken,
)
from returns_ops.returns.search import normalise
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.evidence import lock_rma
from returns_ops.returns.transitions.lines import Outcome, add_units
from returns_ops.returns.transitions.parcels import SETTLED, lock_open_parcel, save, settle
from returns_ops.returns.transitions.receiving import (
    MOST_UNITS,
    Bench,
    count_units,
    first_decision,
    note_arrival,
)
from returns_ops.returns.transitions.standing import DERIVED, restate


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many units of the box. `item_id`: the line of the return they are, or None for what
    came with it but is not in it. `of_id`: the entry in the parcel's list, None if unlisted."""

    quantity: int
    item_id: int | None
    of_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a person found out, on which version of the parcel. `finish`: nothing more will come
    of it, whatever is left."""

    parcel_id: int
    rma_id: int
    shares: Sequence[Share]
    version: int
    finish: bool = False


@transaction.atomic
def match_parcel(match: Match, *, bench: Bench) -> Parcel:
    """Receive units of the box in this return. Raises Refused; TooMany when fewer are expected."""
    rma = lock_rma(match.rma_id)
    parcel = lock_open_parcel(match.parcel_id, by=bench.by, version=match.version)
    if rma.shop_id != parcel.shop_id:
        raise Refused(f"{rma} belongs to another shop.")
    shares = [share for share in match.shares if share.quantity]
    if not shares:
        raise Refused("Say how many units go into this return.")
    package = _box(rma, parcel)
    note_arrival(rma, bench=bench, package=package)
    for share in shares:
        _give(parcel, rma, share, bench, package)
    _carry_photos(parcel, rma)
    _link_tracking(parcel, rma)
    parcel.rma = parcel.rma or rma
    _settle_if_done(parcel, match, bench)
    _trace(parcel, rma, shares, bench)
    restate([rma])
    rma.version += 1
    rma.save(update_fields=[*DERIVED, "version"])
    return parcel


def _give(parcel: Parcel, rma: Rma, share: Share, bench: Bench, package: Package | None) -> None:
    if not 1 <= share.quantity <= MOST_UNITS:
        raise Refused(f"{share.quantity} units cannot be.")
    of = _listed(parcel, share)
    item = _item(rma, share.item_id) if share.item_id is not None else None
    line = _received(rma, item, of, share.quantity, bench, package)
    ParcelMatch.objects.create(
        parcel=parcel,
        of=of,
        rma=rma,
        item=item,
        line=line,
        quantity=share.quantity,
        by=bench.by,
    )


def _listed(parcel: Parcel, share: Share) -> ParcelItem | None:
    """The entry these units are taken from, with so many units less."""
    if share.of_id is None:
        return None
    of = parcel.items.filter(pk=share.of_id).first()
    if of is None:
        raise Refused("This is not in the parcel’s list any more.")
    if share.quantity > of.left:
        raise Refused(f"Only {of.left} of {of.sku} are left in this parcel.")
    of.matched += share.quantity
    of.save(update_fields=["matched"])
    return of


def _item(rma: Rma, item_id: int) -> RmaItem:
    found = rma.items.filter(pk=item_id, removed_at=None).first()
    if found is None:
        raise Refused("This item is not in the return any more.")
    return found


def _received(
    rma: Rma,
    item: RmaItem | None,
    of: ParcelItem | None,
    quantity: int,
    bench: Bench,
    package: Package | None,
) -> ReceiptLine:
    if item:
        decision = first_decision(rma)
        return count_units(rma, item, quantity, bench=bench, decision=decision, package=package)
    if of is None:
        raise Refused("Say what came with it: first put it on the parcel’s list.")
    stranger = Outcome(decision=Decision.INVALID_ITEM, package=package)
    return add_units(rma, None, quantity, stranger, by=bench.by, sku=of.sku)


def _box(rma: Rma, parcel: Parcel) -> Package | None:
    """The package that Narvar told us of under this tracking number."""
    words = read_code(parcel.tracking_number).candidates
    packages = rma.packages.filter(removed_at=None)
    return next((one for one in packages if normalise(one.tracking_number) in words), None)


def _link_tracking(parcel: Parcel, rma: Rma) -> None:
    """From now on a scan of this label opens the return."""
    if parcel.tracking_number:
        SearchToken.objects.get_or_create(
            rma=rma,
            kind=SearchToken.Kind.TRACKING,
            token=parcel.tracking_number,
            defaults={"shop_id": rma.shop_id},
        )


def _carry_photos(parcel: Parcel, rma: Rma) -> None:
    """The photos of the box are evidence of this return too: moved in, or copied to a second."""
    known = {bytes(sha256) for sha256 in rma.photos.values_list("sha256", flat=True)}
    for photo in parcel.photos.select_for_update(of=("self",)):
        if bytes(photo.sha256) in known:
            continue
        if photo.rma_id is None:
            photo.rma = rma
            photo.save(update_fields=["rma"])
        else:
            _copy_photo(photo, rma)


def _copy_photo(photo: Photo, rma: Rma) -> None:
    Photo.objects.create(
        shop_id=rma.shop_id,
        rma=rma,
        file=photo.file.name,
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
        size=photo.size,
        taken_by_id=photo.taken_by_id,
        taken_at=photo.taken_at,
    )


def _settle_if_done(parcel: Parcel, match: Match, bench: Bench) -> None:
    rows = list(parcel.items.all())
    if match.finish or (rows and not any(row.left for row in rows)):
        settle(parcel, by=bench.by)
    save(parcel, "rma", *SETTLED)


def _trace(parcel: Parcel, rma: Rma, shares: Sequence[Share], bench: Bench) -> None:
    units = sum(share.quantity for share in shares)
    counted = f"{units} {'unit' if units == 1 else 'units'}"
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="parcel",
        text=f"{counted} found in {str(parcel).lower()}, which had no return",
        actor=bench.by,
    )
    audit.record(
        "parcel.matched",
        str(parcel),
        shop=rma.shop,
        actor=bench.by,
        rma=rma.rma_number,
        shares=[vars(share) for share in shares],
        state=parcel.state,
    )
