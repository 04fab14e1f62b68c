"""One RMA as Narvar told it, in our words. Pure: no Django, no field name of Narvar's."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ItemSnapshot:
    """One line. Prices are per unit, in major units of the named currency side."""

    sku: str
    item_id: str = ""
    quantity: int = 0
    reason: str = ""
    reason_code: str = ""
    child_reason: str = ""
    child_reason_code: str = ""
    comment: str = ""
    transaction_type: str = ""
    keep_the_item: bool = False
    unit_price: Decimal | None = None
    total_price: Decimal | None = None
    # original, discount, discounted, tax, final: what the customer paid (presentment) and what
    # the shop books; absent prices are absent keys.
    prices_presentment: Mapping[str, Decimal] = field(default_factory=dict)
    prices_shop: Mapping[str, Decimal] = field(default_factory=dict)
    # variant_title, variant_id, sku, product_id as text, options as given
    exchange: Mapping[str, Any] = field(default_factory=dict)
    exchange_quantity: int | None = None
    states: tuple["ItemState", ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ItemState:
    status: str
    quantity: int | None = None
    at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PackageSnapshot:
    letter: str = ""
    tracking_number: str = ""
    carrier: str = ""
    service: str = ""
    tracking_link: str = ""
    return_method: str = ""
    destination_id: str = ""
    destination_city: str = ""
    destination_postal_code: str = ""
    destination_country: str = ""
    shipping_fee: Decimal | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TransactionSnapshot:
    """Money that moved. `amount` is in major units; reversals come back negative."""

    narvar_id: str
    amount: Decimal | None
    currency: str
    source: str = ""
    refund_method: str = ""
    at: datetime | None = None
    gift_card_id: str = ""
    gateway: str = ""
    authorization: str = ""
    conversion_rate_to_shop: Decimal | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PolicyTrack:
    """One automation: refund, mark_as_paid, restock or reserve_inventory."""

    name: str
    fires_at: str = ""  # a return status; empty: no automation
    until: datetime | None = None
    until_days: int | None = None
    succeeded_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FeeSnapshot:
    amount: Decimal  # major units
    currency: str
    description: str = ""
    formatted: str = ""
    tax_code: str = ""
    shown_with_return_method: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ErrorSnapshot:
    message: str
    at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class VersionSnapshot:
    """An earlier version of the return, as an edit left it."""

    at: datetime | None
    changes: Mapping[str, Any] = field(default_factory=dict)  # Narvar's subset, kept as given
    edited_by: str = ""


@dataclass(frozen=True, kw_only=True)
class RmaSnapshot:
    rma_number: str
    narvar_status: str
    order_number: str = ""
    created_at: datetime | None = None
    retailer_name: str = ""
    return_method: str = ""
    gift: bool = False
    is_shop_now_return: bool = False
    email: str = ""
    locale: str = ""
    origin_postal_code: str = ""
    origin_city: str = ""
    origin_country: str = ""
    estimated_refund: Decimal | None = None
    restocking_fee: Decimal | None = None
    refund_method: str = ""
    label_url: str = ""
    currency: str = ""
    shop_currency: str = ""
    shopify_order_id: str = ""
    original_shopify_order_id: str = ""
    charge_payment_id: str = ""
    transaction_id: str = ""
    items: tuple[ItemSnapshot, ...] = ()
    packages: tuple[PackageSnapshot, ...] = ()
    transactions: tuple[TransactionSnapshot, ...] = ()
    policy: tuple[PolicyTrack, ...] = ()
    fees: tuple[FeeSnapshot, ...] = ()
    errors: tuple[ErrorSnapshot, ...] = ()
    versions: tuple[VersionSnapshot, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # unknown keys, kept
    flags: tuple[str, ...] = ()  # what was odd, one sentence each

    def fingerprint(self) -> bytes:
        """The same for the same content, whatever envelope and spacing it came in."""
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).digest()

    def newest_instant(self) -> datetime | None:
        """The latest moment that the content itself speaks of, edits apart."""
        moments = [state.at for item in self.items for state in item.states]
        moments += [transaction.at for transaction in self.transactions]
        moments += [error.at for error in self.errors]
        moments += [track.succeeded_at for track in self.policy]
        return max((moment for moment in moments if moment), default=None)

    def newest_version(self) -> datetime | None:
        return max((version.at for version in self.versions if version.at), default=None)
