"""Items, packages, transactions and search tokens of a batch of RMAs, in bulk."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from returns_ops.messaging import bulk
from returns_ops.returns.documents import plain
from returns_ops.returns.models import Package, Rma, RmaItem, SearchToken, Transaction
from returns_ops.returns.search import tokens_of
from returns_ops.returns.snapshot import (
    ItemSnapshot,
    PackageSnapshot,
    RmaSnapshot,
    TransactionSnapshot,
)

Fresh = tuple[Rma, RmaSnapshot, datetime]

# What a newer snapshot replaces.
ITEM_FIELDS = [
    field.name for field in RmaItem._meta.fields if field.name not in ("id", "rma", "line_key")
]
PACKAGE_FIELDS = [
    field.name for field in Package._meta.fields if field.name not in ("id", "rma", "package_key")
]


def replace_items(fresh: list[Fresh]) -> None:
    """The lines of the newest snapshot; one that is gone is marked: our work may hang on it."""
    rows = [
        item_row(rma, key, position, item)
        for rma, snapshot, _ in fresh
        for position, (key, item) in enumerate(keyed_items(snapshot.items))
    ]
    _mark_vanished(RmaItem, "line_key", fresh, {(row.rma_id, row.line_key) for row in rows})
    bulk.upsert(rows, unique=["rma", "line_key"], update=ITEM_FIELDS)


def keyed_items(items: Iterable[ItemSnapshot]) -> Iterator[tuple[str, ItemSnapshot]]:
    """Item id, else SKU; lines that share one are told apart by their order."""
    seen: Counter[str] = Counter()
    for item in items:
        name = (item.item_id or f"sku:{item.sku}")[:250]
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), item


def item_row(rma: Rma, key: str, position: int, item: ItemSnapshot) -> RmaItem:
    return RmaItem(
        rma=rma,
        line_key=key,
        position=min(position, 32_000),
        sku=item.sku,
        item_id=item.item_id,
        quantity=item.quantity,
        reason=item.reason,
        reason_code=item.reason_code,
        child_reason=item.child_reason,
        child_reason_code=item.child_reason_code,
        comment=item.comment,
        transaction_type=item.transaction_type,
        keep_the_item=item.keep_the_item,
        unit_price=item.unit_price,
        total_price=item.total_price,
        unit_final=item.prices_presentment.get("final"),
        prices=plain({"presentment": item.prices_presentment, "shop": item.prices_shop}),
        exchange=plain(item.exchange),
        exchange_quantity=item.exchange_quantity,
        states=[plain(vars(state)) for state in item.states],
        extra=plain(item.extra),
    )


def replace_packages(fresh: list[Fresh]) -> None:
    rows = [
        package_row(rma, key, position, package)
        for rma, snapshot, _ in fresh
        for position, (key, package) in enumerate(keyed_packages(snapshot.packages))
    ]
    _mark_vanished(Package, "package_key", fresh, {(row.rma_id, row.package_key) for row in rows})
    bulk.upsert(rows, unique=["rma", "package_key"], update=PACKAGE_FIELDS)


def keyed_packages(packages: Iterable[PackageSnapshot]) -> Iterator[tuple[str, PackageSnapshot]]:
    seen: Counter[str] = Counter()
    for package in packages:
        name = (package.tracking_number or f"box:{package.letter}")[:250]
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), package


def package_row(rma: Rma, key: str, position: int, package: PackageSnapshot) -> Package:
    copied = {
        name: getattr(package, name)
        for name in PACKAGE_FIELDS
        if name not in ("position", "extra", "removed_at")
    }
    return Package(
        rma=rma,
        package_key=key,
        position=min(position, 32_000),
        extra=plain(package.extra),
        **copied,
    )


def _mark_vanished(
    model: type[RmaItem] | type[Package],
    key_name: str,
    fresh: list[Fresh],
    kept: set[tuple[int, str]],
) -> None:
    at = {rma.pk: received_at for rma, _, received_at in fresh}
    present = model._default_manager.filter(rma__in=at, removed_at=None)
    gone = [
        (pk, rma_id)
        for pk, rma_id, key in present.values_list("pk", "rma_id", key_name)
        if (rma_id, key) not in kept
    ]
    for pk, rma_id in gone:
        model._default_manager.filter(pk=pk).update(removed_at=at[rma_id])


def add_transactions(seen: Iterable[tuple[Rma, RmaSnapshot, datetime]]) -> None:
    """A union over every snapshot, old ones too: money that moved stays moved."""
    rows = [
        transaction_row(rma, row, received_at)
        for rma, snapshot, received_at in seen
        for row in snapshot.transactions
    ]
    bulk.upsert(rows, unique=["rma", "narvar_id"])


def transaction_row(rma: Rma, row: TransactionSnapshot, received_at: datetime) -> Transaction:
    fields: dict[str, Any] = {**vars(row), "extra": plain(row.extra)}
    fields["narvar_id"] = id_of(row)
    return Transaction(shop_id=rma.shop_id, rma=rma, first_seen_at=received_at, **fields)


def id_of(row: TransactionSnapshot) -> str:
    """Without an id of Narvar's, what it says names it, so that a repeat is the same row."""
    if row.narvar_id:
        return row.narvar_id
    said = f"{row.at}|{row.amount}|{row.currency}|{row.source}|{row.refund_method}"
    return f"unnamed-{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def add_tokens(fresh: list[Fresh]) -> None:
    rows = [
        SearchToken(shop_id=rma.shop_id, rma=rma, kind=kind, token=token)
        for rma, snapshot, _ in fresh
        for kind, token in sorted(tokens_of(snapshot))
    ]
    bulk.upsert(rows, unique=["rma", "kind", "token"])
