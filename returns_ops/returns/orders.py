"""What we ask of Narvar, in our words. A wrong order cannot be made: it raises ValueError."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from returns_ops.returns.currency import decimals_of
from returns_ops.returns.location_snapshot import DEGREES, FIELDS

DECISIONS = (
    "approved",
    "approved_no_restock",
    "rejected",
    "not_received",
    "exception",
    "invalid_item",
    "claim",
)
# `approved` is not among them: only an approval approves.
SETTABLE_STATUSES = (
    "cancelled_by_retailer",
    "cancelled_by_user",
    "delivered_to_retailer",
    "exception",
    "initiated",
    "on_its_way_to_retailer",
    "out_of_stock_exception",
    "received_by_retailer",
    "rejected",
    "resolve_manually_without_automation",
)
LONGEST_NOTE = 500
LONGEST_TEXT = 255
MOST_MONEY = Decimal(10) ** 14
# A Shopify id, bare or as a GID. No zero in front: as a number it would be another id.
SHOPIFY_ID = re.compile(r"(?:gid://[^\s?#]+/)?([1-9][0-9]{0,18})")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class ItemDecision:
    """One outcome for some units of one line."""

    item_id: str
    sku: str
    quantity: int
    decision: str

    def __post_init__(self) -> None:
        _need_count(self.quantity, f"The quantity of {self.sku or self.item_id}")
        _need(self.decision in DECISIONS, f"{self.decision!r} is not a decision")

    @property
    def line(self) -> tuple[str, str]:
        return self.item_id, self.sku


@dataclass(frozen=True, kw_only=True)
class ApprovalOrder:
    """`partial_amount` replaces the refund Narvar calculated; in major units of `currency`."""

    rma_number: str
    call_reference_id: UUID
    items: tuple[ItemDecision, ...]
    refund: bool
    partial_amount: Decimal | None = None
    currency: str = ""
    auto_approve: bool = False

    def __post_init__(self) -> None:
        _need_text(self.rma_number, "The RMA number")
        _need(isinstance(self.call_reference_id, UUID), "The call reference is not a UUID")
        _need(bool(self.items), f"The approval of {self.rma_number} decides no item")
        # Rows with one item id are one line, and add up. Rows without any may be two lines.
        nameless = [(item.sku, item.decision) for item in self.items if not item.item_id]
        _need(
            len(set(nameless)) == len(nameless),
            "Two entries without item id share SKU and decision: Narvar could not tell them apart",
        )
        _need_flags(refund=self.refund, auto_approve=self.auto_approve)
        if self.partial_amount is not None:
            _need(self.refund, "An amount was given, but no refund is asked for")
            _need_amount(self.partial_amount, self.currency)


@dataclass(frozen=True, kw_only=True)
class ShipmentStatusOrder:
    """A new status, a note to append, or both."""

    rma_number: str
    status: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        _need_text(self.rma_number, "The RMA number")
        _need(
            self.status is not None or self.note is not None,
            f"Neither a status nor a note for {self.rma_number}",
        )
        if self.status is not None:
            _need(self.status in SETTABLE_STATUSES, f"The status {self.status!r} cannot be set")
        if self.note is not None:
            _need_text(self.note, "The note", LONGEST_NOTE)


@dataclass(frozen=True, kw_only=True)
class LocationOrder:
    """A return location, whole: Narvar replaces all of it. `location_id` when it exists."""

    name: str
    address1: str
    city: str
    state: str
    state_code: str
    postal_code: str
    country: str
    country_code: str
    latitude: Decimal
    longitude: Decimal
    phone: str
    accepts_in_store: bool
    accepts_mail: bool
    address2: str = ""
    location_id: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "address1", "city", "state", "postal_code", "country"):
            _need_text(getattr(self, name), f"The {name.replace('_', ' ')}")
        _need_clean(self.address2, "The second address line", LONGEST_TEXT)
        _need_clean(self.location_id, "The location id", LONGEST_TEXT)
        _need_form(self.country_code, "[A-Z]{2}", "a country code of two capital letters")
        _need_form(self.state_code, "[A-Z0-9]{1,3}", "a state code without its country")
        _need_form(self.phone, r"\+[1-9][0-9]{6,14}", "a phone number like +14155550100")
        _need_degrees(self.latitude, 90, "The latitude")
        _need_degrees(self.longitude, 180, "The longitude")
        _need_flags(accepts_in_store=self.accepts_in_store, accepts_mail=self.accepts_mail)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """From what JSON holds of a location; raises ValueError when it is not whole."""
        plain = {name: facts[name] for name in FIELDS}
        degrees = {name: Decimal(str(plain[name] or "NaN")) for name in DEGREES}
        return cls(**{**plain, **degrees})


@dataclass(frozen=True, kw_only=True)
class ReturnLine:
    item_id: str
    quantity: int
    reason: str = ""
    reason_id: str = ""

    def __post_init__(self) -> None:
        _need_text(self.item_id, "The item id")
        _need_count(self.quantity, f"The quantity of {self.item_id}")
        _need_texts_clean(self, "reason", "reason_id")


@dataclass(frozen=True, kw_only=True)
class ExchangeLine:
    """One unit of a line against another product."""

    item_id: str
    product_id: str
    variant_id: str
    reason: str = ""
    reason_id: str = ""
    options: tuple[tuple[str, str], ...] = ()  # name and value
    sku: str = ""
    name: str = ""
    image_url: str = ""
    price: int | None = None  # Narvar takes whole units only
    price_currency: str = ""

    def __post_init__(self) -> None:
        for name in ("item_id", "product_id", "variant_id"):
            _need_text(getattr(self, name), f"The {name.replace('_', ' ')}")
        _need_texts_clean(self, "reason", "reason_id", "sku", "name")
        _need_clean(self.image_url, "The image URL", 2_000)
        for option in self.options:
            _need_text(option[0], "The name of an option")
            _need_text(option[1], "The value of an option")
        if self.price is not None:
            whole = isinstance(self.price, int) and not isinstance(self.price, bool)
            _need(whole and self.price >= 0, "The price is not a whole amount")
            _need_currency(self.price_currency)


@dataclass(frozen=True, kw_only=True)
class FromAddress:
    """Needed only where the order's own address is at fault."""

    address1: str = ""
    address2: str = ""
    company: str = ""
    province_code: str = ""
    city: str = ""
    country_code: str = ""
    postal_code: str = ""
    name: str = ""
    phone: str = ""

    def __post_init__(self) -> None:
        _need_texts_clean(self, *self.__dataclass_fields__)
        _need(any(vars(self).values()), "The address is empty")


@dataclass(frozen=True, kw_only=True)
class ReturnOrder:
    """A new return or exchange; Narvar buys a label for it."""

    locale: str
    shipping_method: str
    order_number: str
    returns: tuple[ReturnLine, ...] = ()
    exchanges: tuple[ExchangeLine, ...] = ()
    email: str = ""
    shipping_price: Decimal | None = None
    refund_method: str = ""
    from_address: FromAddress | None = None

    def __post_init__(self) -> None:
        _need_text(self.locale, "The locale")
        _need_text(self.order_number, "The order number")
        # Open: Narvar names further carriers on request.
        _need_form(self.shipping_method, "[a-z][a-z0-9_]*", "a shipping method")
        _need(bool(self.returns or self.exchanges), "Nothing to return or exchange")
        _need(self.refund_method in ("", "original_payment", "gift_card"), "No such refund method")
        _need(not self.email or "@" in self.email, f"{self.email!r} is not an e-mail address")
        _need_texts_clean(self, "email")
        if self.shipping_price is not None:
            _need_finite(self.shipping_price, "The shipping price")
            _need(self.shipping_price >= 0, "The shipping price is below zero")


def _need(held: bool, otherwise: str) -> None:
    if not held:
        raise ValueError(otherwise)


def _need_text(text: str, name: str, longest: int = LONGEST_TEXT) -> None:
    _need(isinstance(text, str) and bool(text.strip()), f"{name} is missing")
    _need_clean(text, name, longest)


def _need_clean(text: str, name: str, longest: int) -> None:
    _need(len(text) <= longest, f"{name} is longer than {longest} characters")
    _need(not CONTROL.search(text), f"{name} has characters that cannot be sent")


def _need_texts_clean(order: object, *names: str) -> None:
    for name in names:
        _need_clean(getattr(order, name), f"The {name.replace('_', ' ')}", LONGEST_TEXT)


def _need_form(text: str, form: str, meant: str) -> None:
    _need(re.fullmatch(form, text) is not None, f"{text!r} is not {meant}")


def _need_flags(**flags: bool) -> None:
    for name, flag in flags.items():
        _need(isinstance(flag, bool), f"{name} is neither true nor false")


def _need_count(quantity: int, name: str) -> None:
    whole = isinstance(quantity, int) and not isinstance(quantity, bool)
    _need(whole and quantity >= 1, f"{name} is {quantity}, not one or more")


def _need_finite(number: Decimal, name: str) -> None:
    held = isinstance(number, Decimal) and number.is_finite()
    _need(held, f"{name} is {number}, not a decimal number")
    exponent = number.as_tuple().exponent
    written = len(number.as_tuple().digits) + abs(exponent if isinstance(exponent, int) else 0)
    _need(written <= 30, f"{name} has too many digits")


def _need_currency(currency: str) -> int:
    decimals = decimals_of(currency)
    if decimals is None:
        raise ValueError(f"{currency!r} is not a currency we know")
    return decimals


def _need_amount(amount: Decimal, currency: str) -> None:
    _need_finite(amount, "The amount")
    _need(amount > 0, f"The amount is {amount}, not above zero")
    _need(amount < MOST_MONEY, f"The amount is {amount}, more than we can hold")
    decimals = _need_currency(currency)
    fits = amount == amount.quantize(Decimal(1).scaleb(-decimals))
    _need(fits, f"{amount} {currency} is finer than the currency: {decimals} decimals")


def _need_degrees(degrees: Decimal, most: int, name: str) -> None:
    _need_finite(degrees, name)
    _need(-most <= degrees <= most, f"{name} is {degrees}, outside of ±{most}")
