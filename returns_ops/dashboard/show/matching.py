"""A box beside a return that it may belong to: what it holds, and what the return expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.parcel_forms import MatchForm, Row
from returns_ops.returns.candidates import facts_of
from returns_ops.returns.codes import read_code
from returns_ops.returns.guessing import PackedItem
from returns_ops.returns.models import Parcel, ParcelItem, Rma, RmaItem
from returns_ops.returns.resolving import resolve
from returns_ops.returns.search import normalise
from returns_ops.returns.transitions.standing import counts_of


@dataclass(frozen=True)
class Matching:
    """`asked`: what was looked for. Without an RMA: several fit, or none."""

    asked: str
    rma: Rma | None = None
    form: MatchForm | None = None
    several: tuple[tuple[str, str], ...] = ()

    @property
    def nothing_to_give(self) -> bool:
        return self.form is not None and not self.form.rows

    @property
    def search_url(self) -> str:
        """Where Narvar can be asked for it."""
        return f"{reverse('rmas')}?{urlencode({'tab': 'all', 'q': self.asked})}"


def returns_named(shop: Shop, text: str) -> list[Rma]:
    """What this text names: an RMA, order or tracking number, or a SKU of open returns."""
    number = text.replace("\x00", "").strip()
    exact = Rma.objects.filter(shop=shop, rma_number=number).first()
    found = [exact] if exact else resolve(read_code(text), [shop]).rmas
    for rma in found:
        rma.shop = shop
    return found


def rows_of(parcel: Parcel, rma: Rma) -> list[Row]:
    """The lines of the return, then what of the parcel fits none of them. Four queries."""
    entries = [entry for entry in parcel.items.all() if entry.left]
    packed = dict(zip(entries, facts_of(parcel, entries).items, strict=True))
    items = list(rma.items.filter(removed_at=None))
    left = _left(rma, items)
    same = {item.pk: _same(item, packed) for item in items}
    strangers = [entry for entry in entries if entry not in same.values()]
    rows = [_line(item, left[item.pk], same[item.pk], strangers) for item in items]
    return rows + [_stranger(entry) for entry in strangers]


def _left(rma: Rma, items: Sequence[RmaItem]) -> dict[int, int]:
    counted = counts_of([rma]).get(rma.pk)
    if counted is None:
        return {item.pk: item.quantity for item in items}
    return {tally.item_id: tally.left for tally in counted.tallies}


def _same(item: RmaItem, packed: dict[ParcelItem, PackedItem]) -> ParcelItem | None:
    words = {normalise(item.sku), normalise(item.item_id)} - {""}
    return next((entry for entry, one in packed.items() if words & one.words), None)


def _line(
    item: RmaItem, left: int, same: ParcelItem | None, strangers: Sequence[ParcelItem]
) -> Row:
    others = () if same else tuple((one.pk, f"{one.left} × {one.sku}") for one in strangers)
    return Row(
        item_id=item.pk,
        name=item.sku or item.item_id or "Item without a SKU",
        expected=item.quantity,
        most=left,
        suggested=min(left, same.left) if same else 0,
        of_id=same.pk if same else None,
        entries=others,
        kept=item.keep_the_item,
    )


def _stranger(entry: ParcelItem) -> Row:
    return Row(
        item_id=None,
        name=entry.sku,
        expected=0,
        most=entry.left,
        suggested=0,
        of_id=entry.pk,
    )
