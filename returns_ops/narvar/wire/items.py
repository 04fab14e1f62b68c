"""The lines of an RMA."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.words import ITEM_STATES, TRANSACTION_TYPES
from returns_ops.returns.snapshot import ItemSnapshot, ItemState

NAMES = {"sku": "sku", "item_id": "item_id"}
TEXTS = {"reason": "reason", "reason_code": "reason_code", "comment": "comment"}
PRICES = {
    "original": "unit_price_original",
    "discount": "unit_discount",
    "discounted": "unit_price_discounted",
    "tax": "unit_tax",
    "final": "unit_final",
}
EXCHANGE = {"variant_title": "variant_title", "variant_id": "variant_id", "sku": "variant_sku"}
EXCHANGE_KEY = "exchange_item"


def read_items(rma: Section) -> tuple[ItemSnapshot, ...]:
    return tuple(_item(row) for row in rma.rows("items"))


def _item(row: Section) -> ItemSnapshot:
    exchange = row.section(EXCHANGE_KEY) or Section({}, "", row.remarks)
    return ItemSnapshot(
        **row.names(NAMES),
        **row.texts(TEXTS),
        quantity=_quantity(row),
        child_reason=row.text("child reason", "child_reason"),
        child_reason_code=row.text("child_reason_code", "child reason code"),
        transaction_type=row.word("transaction_type", TRANSACTION_TYPES),
        unit_price=row.take("unit_price", values.money, None),
        total_price=row.take("total_item_price", values.money, None),
        prices_presentment=_prices(row, "presentment"),
        prices_shop=_prices(row, "shop"),
        exchange_quantity=_place(row, exchange, "exchange_quantity").take(
            "exchange_quantity", values.units, None
        ),
        keep_the_item=_place(row, exchange, "keep_the_item").take(
            "keep_the_item", values.boolean, False
        ),
        exchange=_exchange(row, exchange),
        states=tuple(_state(state) for state in row.rows("current_processing_state")),
        extra=row.extra(),
    )


def _quantity(row: Section) -> int:
    if not row.has("quantity"):
        row.remarks.add(f"{row.label('quantity')} is left out: read as 0")
    return row.take("quantity", values.units, 0)


def _prices(row: Section, side: str) -> Mapping[str, Decimal]:
    found = {
        ours: row.take(f"{theirs}_{side}", values.money, None) for ours, theirs in PRICES.items()
    }
    return {name: price for name, price in found.items() if price is not None}


def _place(row: Section, exchange: Section, key: str) -> Section:
    """Where the key is: the page of the spec has lost its indentation, so it may be either.

    Where it is in both, `row` counts.
    """
    if row.has(key) and exchange.peek(key) == row.peek(key):
        exchange.drop(key)
    return row if row.has(key) or not exchange.has(key) else exchange


def _exchange(row: Section, exchange: Section) -> Mapping[str, Any]:
    """What the customer gets instead."""
    found: dict[str, Any] = exchange.texts(EXCHANGE)
    found["product_id"] = _place(exchange, row, "product_id").text("product_id")
    found["options"] = [option for option, _ in exchange.elements("exchange_option")]
    row.keep(EXCHANGE_KEY, exchange.extra())
    return {name: value for name, value in found.items() if value}


def _state(row: Section) -> ItemState:
    return ItemState(
        status=row.word("status", ITEM_STATES),
        quantity=row.take("quantity", values.units, None),
        at=row.take("timestamp", values.historic_moment, None),
        extra=row.extra(),
    )
