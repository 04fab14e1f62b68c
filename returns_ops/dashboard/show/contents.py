"""What is in an RMA: lines, parcels, what the shopper gets instead."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.safestring import SafeString

from returns_ops.dashboard.show.formats import Clock, decimal_of, moment_of, money
from returns_ops.dashboard.show.words import METHODS, TRANSACTION_TYPES, sentence, word
from returns_ops.returns.models import Package, Rma, RmaItem


class Price(NamedTuple):
    name: str
    paid: str
    booked: str


class State(NamedTuple):
    text: str
    at: SafeString | str


class Line(NamedTuple):
    name: str
    quantity: int
    total: str
    total_in_shop: str
    unit: str
    kind: str
    keeps: bool
    reason: str
    comment: str
    states: list[State]
    exchange: str
    exchange_options: list[tuple[str, str]]
    prices: list[Price]
    extra: list[tuple[str, str]]
    gone: bool


class Parcel(NamedTuple):
    letter: str
    tracking: str
    link: str
    carrier: str
    method: str
    destination: str
    fee: str
    extra: list[tuple[str, str]]
    gone: bool


PRICE_NAMES = {
    "original": "Original",
    "discount": "Discount",
    "discounted": "After discount",
    "tax": "Tax",
    "final": "Paid",
}


def lines_of(rma: Rma, items: Iterable[RmaItem], clock: Clock) -> list[Line]:
    return [_line(rma, item, clock) for item in items]


def _line(rma: Rma, item: RmaItem, clock: Clock) -> Line:
    reason = " · ".join(word({}, text) for text in (item.reason, item.child_reason) if text)
    booked = decimal_of(_prices(item, "shop").get("final"))
    in_shop = ""
    if rma.shop_currency and rma.shop_currency != rma.currency and booked is not None:
        in_shop = money(booked * item.quantity, rma.shop_currency)
    return Line(
        name=item.sku or item.item_id or "Item without a SKU",
        quantity=item.quantity,
        total=money(item.total_price, rma.currency),
        total_in_shop=in_shop,
        unit=money(item.unit_price, rma.currency) if item.quantity != 1 else "",
        kind=word(TRANSACTION_TYPES, item.transaction_type) if item.transaction_type else "",
        keeps=item.keep_the_item,
        reason=sentence(reason),
        comment=item.comment,
        states=[_state(state, item.quantity, clock) for state in item.states],
        exchange=_exchange(item),
        exchange_options=pairs(item.exchange.get("options") or {}),
        prices=_price_table(rma, item),
        extra=pairs(item.extra),
        gone=item.removed_at is not None,
    )


def _prices(item: RmaItem, side: str) -> Mapping[str, Any]:
    prices = item.prices.get(side) if isinstance(item.prices, dict) else None
    return prices if isinstance(prices, dict) else {}


def price_of(item: RmaItem, side: str, name: str) -> Decimal | None:
    """`side`: presentment, which the customer sees, or shop."""
    return decimal_of(_prices(item, side).get(name))


def _price_table(rma: Rma, item: RmaItem) -> list[Price]:
    paid, booked = _prices(item, "presentment"), _prices(item, "shop")
    two = bool(rma.shop_currency) and rma.shop_currency != rma.currency
    return [
        Price(
            name,
            money(decimal_of(paid[key]), rma.currency) if key in paid else "",
            money(decimal_of(booked[key]), rma.shop_currency) if two and key in booked else "",
        )
        for key, name in PRICE_NAMES.items()
        if key in paid or (two and key in booked)
    ]


def _state(state: Mapping[str, Any], quantity: int, clock: Clock) -> State:
    words = word({}, str(state.get("status", "")))
    count = state.get("quantity")
    text = f"{words} × {count}" if count is not None and count != quantity else words
    at = moment_of(state.get("at"))
    return State(sentence(text), clock.ago(at) if at else "")


def _exchange(item: RmaItem) -> str:
    if not item.exchange:
        return ""
    name = item.exchange.get("variant_title") or item.exchange.get("sku") or "another item"
    count = item.exchange_quantity or item.exchange.get("quantity") or 1
    return f"{count} × {name}"


def parcels_of(rma: Rma, packages: Iterable[Package]) -> list[Parcel]:
    return [_parcel(rma, package) for package in packages]


def _parcel(rma: Rma, package: Package) -> Parcel:
    place = (
        package.destination_city,
        package.destination_postal_code,
        package.destination_country,
    )
    where = ", ".join(part for part in place if part)
    return Parcel(
        letter=package.letter,
        tracking=package.tracking_number,
        link=safe_link(package.tracking_link),
        carrier=" · ".join(text for text in (package.carrier, package.service) if text),
        method=word(METHODS, package.return_method) if package.return_method else "",
        destination=" · ".join(text for text in (package.destination_id, where) if text),
        fee=money(package.shipping_fee, rma.currency) if package.shipping_fee else "",
        extra=pairs(package.extra),
        gone=package.removed_at is not None,
    )


def safe_link(url: str) -> str:
    """The address if a browser may be sent there, else nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return url if parts.scheme == "https" and host and "@" not in parts.netloc else ""


def pairs(document: object, prefix: str = "") -> list[tuple[str, str]]:
    """A document as lines of name and text: `customer.tags[0]`, `vip`."""
    if isinstance(document, Mapping):
        children = [(f"{prefix}.{key}" if prefix else str(key), v) for key, v in document.items()]
    elif isinstance(document, list | tuple):
        children = [(f"{prefix}[{place}]", value) for place, value in enumerate(document)]
    else:
        return [(prefix, _plain(document))] if prefix else []
    return [pair for name, value in children for pair in pairs(value, name)]


def _plain(value: object) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
