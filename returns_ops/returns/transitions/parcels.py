"""Boxes without a known return: described, looked after, and brought where they belong."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import locks
from returns_ops.returns.models import Parcel, ParcelItem
from returns_ops.returns.search import normalise
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.cases import settle_parcel
from returns_ops.returns.transitions.evidence import HANDLING, lock_parcel, permit_handling
from returns_ops.returns.transitions.receiving import MOST_UNITS, Bench

MOST_KINDS = 50
FACTS = ("carrier", "tracking_number", "origin_postal_code", "origin_country", "text")


class AlreadyThere(Refused):
    """A parcel with this tracking number waits already."""

    def __init__(self, parcel: Parcel) -> None:
        super().__init__(f"{parcel} has this tracking number already.")
        self.parcel = parcel


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is to be seen of a box: empty where nothing is. `items` are (SKU, units)."""

    carrier: str = ""
    tracking_number: str = ""
    origin_postal_code: str = ""
    origin_country: str = ""
    text: str = ""
    items: Sequence[tuple[str, int]] = field(default=())

    @property
    def facts(self) -> dict[str, str]:
        facts = {name: str(getattr(self, name)).strip() for name in FACTS}
        return {**facts, "tracking_number": normalise(facts["tracking_number"])}


@transaction.atomic
def register_parcel(
    shop: Shop, seen: Description, *, bench: Bench, submission_token: uuid.UUID
) -> Parcel:
    """Put a box on the shelf of the unknown. The same form sent twice is one parcel."""
    permit_handling(bench.by, shop)
    locks.wait_for(f"parcel {submission_token}")
    earlier = Parcel.objects.filter(submission_token=submission_token).first()
    if earlier:
        return _same_parcel(earlier, shop)
    _judge(seen)
    locks.wait_for(f"parcels of {shop.pk}")
    _is_new(shop, seen)
    parcel = Parcel.objects.create(
        shop=shop,
        found_by=bench.by,
        bench=bench.name,
        submission_token=submission_token,
        **seen.facts,
    )
    _list(parcel, seen.items)
    _record("parcel.registered", parcel, by=bench.by, **seen.facts)
    return parcel


@transaction.atomic
def edit_parcel(parcel_id: int, seen: Description, *, by: User, version: int) -> Parcel:
    """Describe it anew; units that went into a return stay listed."""
    parcel = lock_open_parcel(parcel_id, by=by, version=version)
    _judge(seen)
    locks.wait_for(f"parcels of {parcel.shop_id}")
    _is_new(parcel.shop, seen, but=parcel)
    before = {name: getattr(parcel, name) for name in FACTS}
    for name, value in seen.facts.items():
        setattr(parcel, name, value)
    _list(parcel, seen.items)
    save(parcel, *FACTS)
    after = seen.facts
    changes = {name: [before[name], after[name]] for name in FACTS if before[name] != after[name]}
    _record("parcel.described", parcel, by=by, changes=changes)
    return parcel


@transaction.atomic
def hand_over(parcel_id: int, to: User | None, *, by: User) -> Parcel:
    """Who looks after it from now on; nobody when `to` is None."""
    parcel = lock_open_parcel(parcel_id, by=by)
    if to and not any(to.may(permission, parcel.shop) for permission in HANDLING):
        raise Refused(f"{to.known_as} may not handle returns of {parcel.shop}.")
    if parcel.owner_id == (to.pk if to else None):
        return parcel
    parcel.owner = to
    save(parcel, "owner")
    _record("parcel.handed_over", parcel, by=by, to=to.username if to else None)
    return parcel


def own_parcel(parcel_id: int, *, by: User) -> Parcel:
    return hand_over(parcel_id, by, by=by)


@transaction.atomic
def close_parcel(parcel_id: int, because: str, *, by: User, version: int) -> Parcel:
    """No more of it will go into any return; the reason is kept with the name."""
    because = because.strip()[:500]
    if not because:
        raise Refused("Say why: it is kept with your name.")
    parcel = lock_open_parcel(parcel_id, by=by, version=version)
    settle(parcel, by=by, because=because)
    save(parcel, *SETTLED)
    _record("parcel.closed", parcel, by=by, because=because, state=parcel.state)
    return parcel


@transaction.atomic
def reopen_parcel(parcel_id: int, *, by: User) -> Parcel:
    """It was settled by mistake, or more is known now."""
    parcel = lock_parcel(parcel_id)
    permit_handling(by, parcel.shop)
    if parcel.state == Parcel.State.OPEN:
        return parcel
    parcel.state, parcel.closed_because = Parcel.State.OPEN, ""
    parcel.settled_by = parcel.settled_at = None
    save(parcel, *SETTLED)
    _record("parcel.reopened", parcel, by=by)
    return parcel


SETTLED = ("state", "closed_because", "settled_by", "settled_at")


def settle(parcel: Parcel, *, by: User, because: str = "") -> None:
    """In memory: its end depends on whether anything of it went into a return."""
    parcel.state = Parcel.State.MATCHED if parcel.rma_id else Parcel.State.CLOSED
    parcel.closed_because = because
    parcel.settled_by, parcel.settled_at = by, timezone.now()


def save(parcel: Parcel, *fields: str) -> None:
    parcel.version += 1
    parcel.save(update_fields=[*fields, "version"])
    settle_parcel(parcel)


def lock_open_parcel(parcel_id: int, *, by: User, version: int | None = None) -> Parcel:
    """Locked and judged: this person may handle it, and it waits as they saw it."""
    parcel = lock_parcel(parcel_id)
    permit_handling(by, parcel.shop)
    if version is not None and parcel.version != version:
        raise Stale(f"{parcel} changed while you looked at it. Look again.")
    if parcel.state != Parcel.State.OPEN:
        raise Refused(f"{parcel} is settled already. Open it again first.")
    return parcel


def _judge(seen: Description) -> None:
    if not any(seen.facts.values()) and not seen.items:
        raise Refused("Say at least one thing that is to be seen of it.")
    if len(seen.items) > MOST_KINDS:
        raise Refused(f"At most {MOST_KINDS} different items fit in one parcel.")
    for sku, quantity in seen.items:
        if not normalise(sku) or not 1 <= quantity <= MOST_UNITS:
            raise Refused("Each item needs its SKU and a number of units.")


def _same_parcel(earlier: Parcel, shop: Shop) -> Parcel:
    if earlier.shop_id != shop.pk:
        raise Refused("This form belongs to another parcel.")
    return earlier


def _is_new(shop: Shop, seen: Description, *, but: Parcel | None = None) -> None:
    for other in waiting_under([shop], seen.tracking_number):
        if other != but:
            raise AlreadyThere(other)


def waiting_under(shops: Collection[Shop], tracking: str) -> QuerySet[Parcel]:
    """Open parcels of these shops with this tracking number; none without a number."""
    if not normalise(tracking):
        return Parcel.objects.none()
    waiting = Parcel.objects.filter(shop__in=shops, state=Parcel.State.OPEN)
    return waiting.filter(tracking_number=normalise(tracking))


def _list(parcel: Parcel, items: Sequence[tuple[str, int]]) -> None:
    """One row per SKU. What went into a return already cannot be less than that."""
    wanted: dict[str, tuple[str, int]] = {}
    for sku, quantity in items:
        key = normalise(sku)
        before = wanted.get(key)
        wanted[key] = (before[0], before[1] + quantity) if before else (sku.strip()[:255], quantity)
    for row in parcel.items.all():
        _, quantity = wanted.pop(normalise(row.sku), (row.sku, 0))
        if quantity or row.matched:
            row.quantity = max(quantity, row.matched)
            row.save(update_fields=["quantity"])
        else:
            row.delete()
    ParcelItem.objects.bulk_create(
        ParcelItem(parcel=parcel, sku=sku, quantity=quantity) for sku, quantity in wanted.values()
    )


def _record(action: str, parcel: Parcel, *, by: User, **data: object) -> None:
    audit.record(action, str(parcel), shop=parcel.shop, actor=by, **data)
