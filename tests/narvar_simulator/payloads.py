"""The body that webhooks carry and GET /api/returns answers, built from a draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.narvar_simulator import catalogue
from tests.narvar_simulator.carriers import UPS, Carrier, service_name, tracking_number
from tests.narvar_simulator.catalogue import Place
from tests.narvar_simulator.lines import Currencies, add_state
from tests.narvar_simulator.money import estimated_refund, formatted_fee, from_minor, words
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import iso_millis, iso_seconds

DAY = 86_400
PATHS = {
    "initiated": ["initiated"],
    "on_its_way_to_retailer": ["initiated", "on_its_way_to_retailer"],
    "cancelled_by_user": ["initiated", "cancelled_by_user"],
    "cancelled_by_retailer": ["initiated", "cancelled_by_retailer"],
}
ARRIVED = ["initiated", "on_its_way_to_retailer", "delivered_to_retailer"]
# States of the RMA that never become a state of its items.
ONLY_OF_THE_RMA = {
    "exception",
    "out_of_stock_exception",
    "resolve_manually_without_automation",
    "returned",
}


@dataclass
class Draft:
    rng: Random
    rma_number: str
    order_number: str
    retailer: str
    created: float
    now: float
    status: str = "initiated"
    money: Currencies = field(default_factory=Currencies)
    method: str = "mail"
    gift: bool = False
    email: str = ""
    origin: Place = catalogue.PLACES[0]
    carrier: Carrier = UPS
    boxes: int = 1
    label_fee: int = 695
    restocking_fee: str = "0"
    refund_method: str | None = "original_payment"
    lines: list[Json] = field(default_factory=list)
    policy: Json = field(default_factory=dict)
    item_base: int = 13882200000000

    def item_id(self) -> str:
        self.item_base += 1
        return str(self.item_base)


def digits(text: str) -> int:
    """Order numbers may carry a # or a prefix; the ids made from them may not."""
    return int("".join(char for char in text if char in "0123456789") or "0")


def body(draft: Draft) -> Json:
    found: Json = {
        "return_status": draft.status,
        "rma_number": draft.rma_number,
        "order_number": draft.order_number,
        "return_creation_date": iso_seconds(draft.created),
        "retailer_name": draft.retailer,
    }
    boxes = [_box(draft, letter) for letter in "ABCDEFGH"[: draft.boxes]]
    if draft.method == "mail":
        found["package"] = _legacy_package(draft, boxes[0]["return_tracking_number"])
    found |= _customer(draft) | _promise(draft)
    found |= {
        "is_shop_now_return": False,
        "items": draft.lines,
        "policy": _policy(draft),
        "transactions": [],
        "shopify_order_id": 6120044800000 + digits(draft.order_number),
    }
    if any(row["transaction_type"] == "exchange" for row in draft.lines):
        found["original_shopify_order_id"] = str(found["shopify_order_id"])
    found |= {"currency": draft.money.order, "shop_currency": draft.money.shop}
    found |= {"packages": boxes, "errors": [], "fee_breakdown": _fees(draft)}
    found["previous_versions"] = []
    found["estimated_refund"] = words(estimated_refund(found), draft.money.order)
    _live_through(draft)
    return found


def _customer(draft: Draft) -> Json:
    return {
        "return_method": draft.method,
        "gift": draft.gift,
        "email": draft.email,
        "locale": draft.origin.locale,
        "origin_zip": draft.origin.zip,
        "origin_city": draft.origin.city,
        "origin_country": draft.origin.country,
    }


def _promise(draft: Draft) -> Json:
    """What the shopper is told; the estimate keeps its place until the rest is known."""
    found: Json = {"estimated_refund": "", "restocking_fee": draft.restocking_fee}
    if draft.method in ("mail", "printerless_mail"):
        kind = "-qr" if draft.method == "printerless_mail" else ""
        host = f"https://{draft.retailer}.narvar.example"
        found["label_url"] = f"{host}/labels/{draft.rma_number}{kind}.pdf"
    if draft.refund_method:
        found["refund_method"] = draft.refund_method
    return found


def _legacy_package(draft: Draft, tracking: str) -> Json:
    return {
        "tracking_number": tracking,
        "carrier": draft.carrier.name,
        "carrier_service_method": draft.carrier.service,
        "destination_zip": catalogue.WAREHOUSE.zip,
        "destination_city": catalogue.WAREHOUSE.city,
        "destination_country": catalogue.WAREHOUSE.country,
        "shipping_fee": words(from_minor(draft.label_fee, draft.money.order), draft.money.order),
        "destination_id": "71120044",
    }


def _box(draft: Draft, letter: str) -> Json:
    by_mail = draft.method in ("mail", "printerless_mail")
    to = catalogue.WAREHOUSE if by_mail else catalogue.STORE
    code = draft.carrier.code
    tracking = tracking_number(draft.rng, draft.carrier) if by_mail else None
    link = f"https://{draft.retailer}.narvar.example/tracking/{code}?tracking_numbers={tracking}"
    return {
        "carrier_service_name": service_name(draft.carrier) if by_mail else None,
        "destination_city": to.city,
        "destination_country_code": to.country,
        "destination_gid": f"gid://shopify/Location/{71120044 if by_mail else 71120051}",
        "destination_postal_code": to.zip,
        "estimated_actual_shipping_fee": None,
        "letter": letter,
        "return_method": draft.method,
        "return_tracking_company": code if by_mail else None,
        "return_tracking_number": tracking,
        "shipping_fee": None,
        "tracking_link": link if by_mail else None,
    }


def _fees(draft: Draft) -> list[Json]:
    rows = (("Return Fee", 0), ("Shipping Fee", draft.label_fee))
    return [
        {
            "fee": float(fee),
            "currency": draft.money.order,
            "description": description,
            "tax_code": None,
            "display_with_return_method": True,
            "formatted_fee": formatted_fee(fee, draft.money.order),
        }
        for description, fee in rows
    ]


def _policy(draft: Draft) -> Json:
    until = iso_millis(draft.created + 90 * DAY)
    policy: Json = {
        "refund_at": "approved",
        "refund_automation_until": until,
        "refund_succeeded_at": None,
        "mark_as_paid_at": None,
        "mark_as_paid_automation_until": None,
        "mark_as_paid_succeeded_at": None,
        "restock_at": None,
        "restock_automation_until": None,
        "restock_succeeded_at": None,
        "reserve_inventory_at": None,
        "reserve_automation_until": None,
        "reserve_inventory_succeeded_at": None,
    }
    policy |= draft.policy
    for event in ("mark_as_paid", "restock"):
        if policy[f"{event}_at"] and not policy[f"{event}_automation_until"]:
            policy[f"{event}_automation_until"] = until
    return policy


def _live_through(draft: Draft) -> None:
    """Item states from the creation up to the status, spread over the time in between."""
    steps = list(PATHS.get(draft.status, ARRIVED))
    if draft.method in ("in_store", "keep_the_item", "self"):
        steps = [step for step in steps if step != "on_its_way_to_retailer"]
    if draft.method == "keep_the_item":
        steps = ["initiated"]
    if draft.status not in steps and draft.status not in ONLY_OF_THE_RMA:
        steps.append(draft.status)
    pace = (draft.now - draft.created) / max(1, len(steps) - 1)
    for row in draft.lines:
        for count, step in enumerate(steps):
            add_state(row, step, int(row["quantity"]), draft.created + count * pace)
