"""The rows of a synthetic return: itself, its lines, box, money, timeline and words."""

from datetime import datetime, timedelta

from returns_ops.accounts.models import Shop
from returns_ops.returns.copying import Sheet
from returns_ops.returns.generated import Line, Made
from returns_ops.returns.models import (
    Package,
    Rma,
    RmaEvent,
    RmaItem,
    SearchToken,
    Transaction,
)
from returns_ops.returns.search import words_of
from returns_ops.returns.states import Money, NarvarStatus, Standing, label_of, work_of

AUTOMATION_ENDS = timedelta(days=14)


class Sheets:
    def __init__(self) -> None:
        self.rmas, self.items, self.packages = Sheet(Rma), Sheet(RmaItem), Sheet(Package)
        self.money, self.history, self.tokens = (
            Sheet(Transaction),
            Sheet(RmaEvent),
            Sheet(SearchToken),
        )
        self.all = [self.rmas, self.items, self.packages, self.money, self.history, self.tokens]
        self._ids: list[int] = []

    def add(self, one: Made, shop: Shop) -> None:
        if not self._ids:
            self._ids = self.rmas.new_ids(1_000)
        pk = self._ids.pop()
        self.rmas.add(**_rma(one, pk, shop))
        for place, line in enumerate(one.lines):
            self.items.add(**_item(one, line, pk, place))
        self.packages.add(**_package(one, pk))
        if one.refunded_at:
            self.money.add(**_transaction(one, pk, shop, one.refunded_at))
        for row in _history(one, pk):
            self.history.add(**row)
        for kind, token in _words(one):
            self.tokens.add(shop_id=shop.pk, rma_id=pk, kind=kind, token=token)

    def write(self) -> None:
        for sheet in self.all:
            sheet.write()


def _units(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _changed_at(one: Made) -> datetime:
    return one.refunded_at or one.created_at


def _rma(one: Made, pk: int, shop: Shop) -> dict[str, object]:
    total, refunded = _units(one.cents), one.refunded_at is not None
    work = work_of(Standing(narvar_status=one.status, return_method=one.method))
    ends = one.created_at + AUTOMATION_ENDS if one.status == NarvarStatus.DELIVERED else None
    return {
        "id": pk,
        "shop_id": shop.pk,
        "rma_number": one.rma_number,
        "narvar_status": one.status,
        "order_number": one.order_number,
        "created_at": one.created_at,
        "return_method": one.method,
        "email": one.email,
        "locale": "en",
        "origin_postal_code": one.place[0],
        "origin_city": one.place[1],
        "origin_country": one.place[2],
        "refund_method": "original_payment",
        "estimated_refund": total,
        "first_cap": total,
        "currency": "USD",
        "shop_currency": "USD",
        "as_of": _changed_at(one),
        "item_count": one.units,
        "total": total,
        "items_text": one.items_text,
        "deadline_at": ends,
        "refunded": total if refunded else "0",
        "money": Money.MOVED_ELSEWHERE if refunded else Money.NONE,
        "work": work,
        "first_seen_at": one.created_at,
        "changed_at": _changed_at(one),
    }


def _item(one: Made, line: Line, pk: int, place: int) -> dict[str, object]:
    name, price = f"9{one.number:08d}{place}", _units(line.cents)
    return {
        "rma_id": pk,
        "line_key": name,
        "position": place,
        "sku": line.sku,
        "item_id": name,
        "quantity": line.quantity,
        "reason": line.reason.replace("_", " ").capitalize(),
        "reason_code": line.reason,
        "transaction_type": "return",
        "unit_price": price,
        "total_price": _units(line.quantity * line.cents),
        "unit_final": price,
    }


def _package(one: Made, pk: int) -> dict[str, object]:
    return {
        "rma_id": pk,
        "package_key": one.tracking,
        "position": 0,
        "letter": "A",
        "tracking_number": one.tracking,
        "carrier": one.carrier,
        "return_method": one.method,
        "destination_city": "Reno",
        "destination_postal_code": "89502",
        "destination_country": "US",
    }


def _transaction(one: Made, pk: int, shop: Shop, at: datetime) -> dict[str, object]:
    return {
        "shop_id": shop.pk,
        "rma_id": pk,
        "narvar_id": f"txn-{one.number}",
        "amount": _units(one.cents),
        "currency": "USD",
        "source": "refund_automation",
        "refund_method": "original_payment",
        "at": at,
        "first_seen_at": at,
    }


def _history(one: Made, pk: int) -> list[dict[str, object]]:
    told = [(one.created_at, "Narvar told us of this return")]
    if one.status != NarvarStatus.INITIATED:
        told.append((_changed_at(one), f"Status is now {label_of(one.status)}"))
    return [
        {
            "rma_id": pk,
            "at": at,
            "source": RmaEvent.Source.WEBHOOK,
            "verb": "snapshot",
            "text": text,
        }
        for at, text in told
    ]


def _words(one: Made) -> set[tuple[str, str]]:
    return words_of(
        rma_number=one.rma_number,
        order_number=one.order_number,
        email=one.email,
        tracking_numbers=[one.tracking],
        skus=[line.sku for line in one.lines],
    )
