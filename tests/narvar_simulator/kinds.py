"""Every kind of return that the simulator can make."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tests.narvar_simulator import catalogue
from tests.narvar_simulator.carriers import CANADA_POST, FEDEX, JAPAN_POST, USPS
from tests.narvar_simulator.lines import Currencies, exchange, line
from tests.narvar_simulator.money import estimated_refund, words
from tests.narvar_simulator.payloads import Draft, digits
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import iso_millis

Shape = Callable[[Draft], None]
# What happened to a body: when the return was created, and when this happened.
Event = Callable[[Json, float, float], None]


@dataclass(frozen=True)
class Kind:
    """`shape` decides before the body is built; the events happen at birth and at the status."""

    shape: Shape
    status: str = "initiated"
    at_birth: Event | None = None
    at_status: Event | None = None


def _add(draft: Draft, product: catalogue.Product | None = None, quantity: int = 1) -> Json:
    row = line(
        draft.rng, item_id=draft.item_id(), money=draft.money, product=product, quantity=quantity
    )
    draft.lines.append(row)
    return row


def _mail(draft: Draft) -> None:
    _add(draft)


def _multi_item(draft: Draft) -> None:
    for product in draft.rng.sample(catalogue.PRODUCTS, 3):
        _add(draft, product)


def _quantities(draft: Draft) -> None:
    draft.carrier = USPS
    for product in draft.rng.sample(catalogue.PRODUCTS, 2):
        _add(draft, product, draft.rng.randint(2, 5))


def _several_packages(draft: Draft) -> None:
    draft.boxes = draft.rng.randint(2, 3)
    for product in draft.rng.sample(catalogue.PRODUCTS, draft.boxes + 1):
        _add(draft, product, draft.rng.randint(1, 2))


def _twin_sku(draft: Draft) -> None:
    first = _add(draft, draft.rng.choice(catalogue.SIZED))
    _add(draft, draft.rng.choice(catalogue.SIZED))["sku"] = first["sku"]


def _exchange(draft: Draft) -> None:
    product = draft.rng.choice(catalogue.SIZED)
    _add(draft, product)
    draft.lines[-1] = exchange(draft.rng, draft.lines[-1], product)
    draft.carrier, draft.label_fee, draft.refund_method = FEDEX, 0, None
    draft.policy |= {
        "refund_at": None,
        "mark_as_paid_at": "delivered_to_retailer",
        "restock_at": "approved",
        "reserve_inventory_at": "initiated",
        "reserve_automation_until": iso_millis(draft.created + 14 * 86_400),
        "reserve_inventory_succeeded_at": iso_millis(draft.created + 4.5),
    }


def _exchange_and_refund(draft: Draft) -> None:
    _exchange(draft)
    draft.policy |= {"refund_at": "approved", "reserve_inventory_succeeded_at": None}
    draft.policy["reserve_automation_until"] = iso_millis(draft.created + 86_400)
    draft.refund_method = "gift_card"
    _add(draft)


def _gift(draft: Draft) -> None:
    _add(draft)
    draft.lines[-1] |= {"reason": catalogue.GIFT.words, "reason_code": catalogue.GIFT.code}
    draft.gift, draft.refund_method, draft.label_fee = True, "gift_card", 0
    draft.email = "gift." + draft.email.replace("example.com", "example.net")


def _keep_the_item(draft: Draft) -> None:
    cheap = [product for product in catalogue.PRODUCTS if product.price < 35]
    _add(draft, draft.rng.choice(cheap))["keep_the_item"] = True
    draft.method, draft.boxes, draft.label_fee = "keep_the_item", 0, 0
    draft.policy["refund_at"] = "initiated"


def _in_store(draft: Draft) -> None:
    _add(draft)
    draft.method, draft.label_fee = "in_store", 0
    draft.origin = catalogue.STORE


def _printerless(draft: Draft) -> None:
    _add(draft)
    draft.method, draft.label_fee = "printerless_mail", 0


def _cad_order(draft: Draft) -> None:
    draft.money = Currencies("CAD", "USD", Decimal("0.73078"))
    draft.origin = draft.rng.choice(catalogue.CANADA)
    draft.email = draft.email.replace("example.com", "example.ca")
    draft.carrier, draft.label_fee = CANADA_POST, 1250
    _quantities(draft)
    draft.carrier = CANADA_POST


def _jpy_order(draft: Draft) -> None:
    draft.money = Currencies("JPY", "USD", Decimal("0.0067"))
    draft.origin = draft.rng.choice(catalogue.JAPAN)
    draft.carrier, draft.label_fee = JAPAN_POST, 800
    _add(draft)


def _restocking_fee(draft: Draft) -> None:
    _add(draft, next(p for p in catalogue.PRODUCTS if p.sku == "DRIFT-PARKA-SND"))
    draft.restocking_fee = "12.00"


def _with_restock(draft: Draft) -> None:
    _multi_item(draft)
    draft.policy["restock_at"] = "approved"


def _instant(draft: Draft) -> None:
    _add(draft)
    draft.policy["refund_at"] = "initiated"


def transaction(body: Json, at: float, source: str, amount: Decimal, method: str) -> Json:
    number = len(body["transactions"]) + 1
    first = body["items"][0]
    shop_paid = Decimal(first["unit_final_shop"])
    order_paid = Decimal(first["unit_final_presentment"]) or Decimal(1)
    rate = shop_paid / order_paid if body["currency"] != body["shop_currency"] else Decimal(1)
    row: Json = {
        "id": f"txn_{body['rma_number']}_{number}",
        "timestamp": int(at),
        "source": source,
        "amount": float(amount),
        "currency": body["currency"],
        "refund_method": method,
        "issued_refund_gateway": "gift_card" if method == "gift_card" else "shopify_payments",
        "conversion_rate_to_shop": float(round(rate, 5)),
    }
    if source == "api":
        row["authorization"] = f"ch_sim_{digits(body['order_number'])}_{number}"
    if method == "gift_card":
        row["giftcard_id"] = str(560010000000 + digits(body["order_number"]) * 10 + number)
    return row


def _instantly_refunded(body: Json, created: float, now: float) -> None:
    at = created + 5
    amount = Decimal(body["estimated_refund"])
    row = transaction(body, at, "narvar", amount, "narvar_instant_refund")
    body["transactions"].append(row)
    body["policy"]["refund_succeeded_at"] = iso_millis(at)


def _reversed(body: Json, created: float, now: float) -> None:
    amount = Decimal(body["estimated_refund"])
    row = transaction(body, now, "narvar", amount, "narvar_instant_refund_reversal")
    body["transactions"].append(row)
    body["policy"]["refund_succeeded_at"] = None


def _refunded_by_rule(body: Json, created: float, now: float) -> None:
    at = created + 7
    amount = Decimal(body["estimated_refund"])
    row = transaction(body, at, "narvar", amount, body["refund_method"])
    body["transactions"].append(row)
    body["policy"]["refund_succeeded_at"] = iso_millis(at)


def _failed(*messages: str) -> Event:
    def event(body: Json, created: float, now: float) -> None:
        body["errors"] += [
            {"message": message, "timestamp": iso_millis(now + place / 10)}
            for place, message in enumerate(messages)
        ]

    return event


def _out_of_stock(body: Json, created: float, now: float) -> None:
    wanted = body["items"][0].get("exchange_item", {}).get("variant_sku", "the new item")
    _failed(f"Exchange could not be completed: {wanted} is out of stock.")(body, created, now)


UNATTRIBUTED = (
    "Refund could not be automated: a manual refund on the order is not attributed to a line item."
)


def _unattributed(body: Json, created: float, now: float) -> None:
    amount = min(Decimal("25.00"), Decimal(body["estimated_refund"]) / 2).quantize(Decimal("0.01"))
    at = created + (now - created) / 2
    row = transaction(body, at, "shopify_webhook", amount, "original_payment")
    body["transactions"].append(row)
    _failed(UNATTRIBUTED)(body, created, now)


def _edited(body: Json, created: float, now: float) -> None:
    """The retailer took one unit off the first line."""
    first = body["items"][0]
    before = copy.deepcopy(first)
    first["quantity"] = max(1, first["quantity"] - 1)
    unit = Decimal(first["unit_price"])
    first["total_item_price"] = words(unit * first["quantity"], body["currency"])
    for state in first["current_processing_state"]:
        state["quantity"] = first["quantity"]
    at = iso_millis(created + 60)
    old_refund = body["estimated_refund"]
    body["estimated_refund"] = words(estimated_refund(body), body["currency"])
    old_item = {key: before[key] for key in ("sku", "item_id", "quantity", "total_item_price")}
    body["previous_versions"].append(
        {
            "created_at": at,
            "return": {
                "return_status": "initiated",
                "estimated_refund": old_refund,
                "item_versions": [{"created_at": at, "item": old_item}],
            },
            "shopify_user_id": 88120033,
        }
    )


KINDS: dict[str, Kind] = {
    "mail": Kind(_mail),
    "multi_item": Kind(_multi_item),
    "quantities": Kind(_quantities),
    "several_packages": Kind(_several_packages),
    "twin_sku": Kind(_twin_sku),
    "exchange": Kind(_exchange),
    "out_of_stock_exception": Kind(
        _exchange_and_refund, "out_of_stock_exception", at_status=_out_of_stock
    ),
    "exception": Kind(
        _quantities,
        "exception",
        at_status=_failed("Refund could not be issued: the payment gateway declined it."),
    ),
    "gift": Kind(_gift),
    "keep_the_item": Kind(_keep_the_item, "approved", at_status=_refunded_by_rule),
    "in_store": Kind(_in_store, "delivered_to_retailer"),
    "printerless_mail": Kind(_printerless),
    "cad_order": Kind(_cad_order),
    "jpy_order": Kind(_jpy_order),
    "restocking_fee": Kind(_restocking_fee),
    "with_restock": Kind(_with_restock),
    "cancelled_by_user": Kind(_quantities, "cancelled_by_user"),
    "instant_refund": Kind(_instant, at_birth=_instantly_refunded),
    "instant_refund_reversed": Kind(
        _instant, "delivered_to_retailer", at_birth=_instantly_refunded, at_status=_reversed
    ),
    "edited": Kind(_quantities, at_birth=_edited),
    "unattributed_refund": Kind(_quantities, "exception", at_status=_unattributed),
    "resolve_manually": Kind(_multi_item, "resolve_manually_without_automation"),
    "unknown_status": Kind(_mail, "returned"),
}
