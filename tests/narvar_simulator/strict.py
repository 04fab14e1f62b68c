"""What the spec says a request must look like, and what an approval may ask for."""

from __future__ import annotations

from decimal import Decimal

from tests.narvar_simulator import money, refunds
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.shapes import Field, Problem
from tests.narvar_simulator.world import Rma

ITEM_STATUSES = (
    "approved",
    "approved_no_restock",
    "rejected",
    "not_received",
    "exception",
    "invalid_item",
    "claim",
)
SHIPMENT_STATUSES = (
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
_STRING = Field("string")
_NEEDED = Field("string", required=True)
_OBSOLETE = Field("anything", obsolete=True)

APPROVAL = {
    "rma_number": _NEEDED,
    "call_reference_id": Field("uuid", required=True),
    "process_refund": Field("boolean"),
    "process_refund_override": Field("boolean"),
    "total_refund_override_amount": Field("number"),
    "total_refund_override_currency": _STRING,
    "auto_approve": Field("boolean"),
    "refund_adjustment_amount": _OBSOLETE,
    "refund_adjustment_currency": _OBSOLETE,
    "override_note": _OBSOLETE,
    "items": Field(
        "array",
        required=True,
        at_least=1,
        fields={
            "item_id": Field("number"),
            "item_sku": _STRING,
            "quantity": Field("number", required=True),
            "status": Field("string", required=True, choices=ITEM_STATUSES),
            "refund_override_amount": _OBSOLETE,
            "refund_override_currency": _OBSOLETE,
            "override_note": _OBSOLETE,
        },
    ),
}
_RETURN_ITEM = {"returnReason": _STRING, "returnReasonId": _STRING, "lineItemId": _STRING}
_VARIANT = Field("array", fields={"name": _STRING, "value": _STRING})
CREATE_RETURN = {
    "locale": _NEEDED,
    "exchangeItems": Field(
        "array",
        required=True,
        fields=_RETURN_ITEM
        | {
            "returnItem": Field("object", fields=_RETURN_ITEM | {"quantity": Field("integer")}),
            "newProductId": _STRING,
            "newProductVariantId": _STRING,
            "newProductVariantInfo": _VARIANT,
            "newProductSku": _STRING,
            "newProductName": _STRING,
            "newProductImage": _STRING,
            "newProductPriceAmount": Field("integer"),
            "newProductPriceCurrency": _STRING,
        },
    ),
    "returnItems": Field(
        "array", required=True, fields=_RETURN_ITEM | {"quantity": Field("integer")}
    ),
    "orderNumber": _STRING,
    "email": _STRING,
    "shippingPrice": Field("number"),
    "shippingMethod": Field(
        "string",
        required=True,
        choices=(
            "usps_returns",
            "fedex",
            "ups",
            "keep_the_item",
            "return_in_store",
            "ship_on_your_own",
        ),
    ),
    "selectedRefundMethod": Field("string", choices=("original_payment", "gift_card")),
    "fromAddress": Field(
        "object",
        fields={
            "address1": _STRING,
            "address2": Field("anything"),
            "companyName": _STRING,
            "provinceCode": _STRING,
            "city": _STRING,
            "countryCode": Field("anything"),
            "postalCode": _STRING,
            "name": _STRING,
            "phone": Field("anything"),
        },
    ),
}
LOCATION = {
    "location": Field(
        "object",
        required=True,
        fields={
            "address1": _NEEDED,
            "address2": _STRING,
            "city": _NEEDED,
            "latitude": Field("number", required=True),
            "longitude": Field("number", required=True),
            "phone": _NEEDED,
            "state": _NEEDED,
            "state_code": _NEEDED,
            "zip": _NEEDED,
            "country_code": _NEEDED,
            "country": _NEEDED,
        },
    ),
    "accept_in_store_returns": Field("boolean", required=True),
    "accept_mail_in_returns": Field("boolean", required=True),
    "name": _NEEDED,
}
LOCATION_UPDATE = LOCATION | {"id": _NEEDED}


def approval_problems(document: Json, rma: Rma) -> list[Problem]:
    """What is wrong with a well-formed approval, given the RMA that it is about."""
    problems: list[Problem] = []
    if "process_refund" not in document:
        problems.append(Problem("process_refund not sent", refused=False))
    listed: dict[int, Decimal] = {}
    for place, entry in enumerate(document["items"]):
        where = f"items[{place}]"
        problems += _item_problems(entry, rma, where)
        if entry["status"] != "invalid_item" and len(found := matching_lines(rma, entry)) == 1:
            key = id(found[0])
            listed[key] = listed.get(key, money.ZERO) + Decimal(entry["quantity"])
            if listed[key] > int(found[0]["quantity"]):
                problems.append(Problem(f"{where}: more units than the line has"))
    return problems + _override_problems(document, rma)


def matching_lines(rma: Rma, entry: Json) -> list[Json]:
    item_id, sku = entry.get("item_id"), entry.get("item_sku")
    return [
        row
        for row in rma.body["items"]
        if (item_id is None or str(row.get("item_id")) == str(item_id))
        and (sku is None or row.get("sku") == sku)
    ]


def _item_problems(entry: Json, rma: Rma, where: str) -> list[Problem]:
    problems: list[Problem] = []
    quantity = Decimal(entry["quantity"])
    if quantity <= 0 or quantity != quantity.to_integral_value():
        problems.append(Problem(f"{where}.quantity is not a count: {quantity}"))
    if entry.get("item_id") is None and not entry.get("item_sku"):
        return [*problems, Problem(f"{where} has neither item_id nor item_sku")]
    found = matching_lines(rma, entry)
    named = entry.get("item_id") if entry.get("item_id") is not None else entry.get("item_sku")
    if not found and entry["status"] != "invalid_item":
        problems.append(Problem(f"{where}: unknown item {named}"))
    if len(found) > 1:
        problems.append(Problem(f"{where}: ambiguous SKU {named}, {len(found)} lines have it"))
    return problems


def _override_problems(document: Json, rma: Rma) -> list[Problem]:
    amount = document.get("total_refund_override_amount")
    currency = document.get("total_refund_override_currency")
    if not document.get("process_refund_override"):
        if amount is not None or currency is not None:
            return [Problem("an override amount or currency without process_refund_override")]
        return []
    if document.get("process_refund") is False:
        return [Problem("process_refund_override while process_refund is false")]
    if amount is None:
        return [Problem("process_refund_override without total_refund_override_amount")]
    problems: list[Problem] = []
    amount = Decimal(amount)
    own = rma.body["currency"]
    if amount <= 0:
        problems.append(Problem(f"the override amount is not above zero: {amount}"))
    if amount > (most := refunds.remaining(rma)):
        problems.append(Problem(f"the override amount {amount} exceeds what is left, {most}"))
    if money.decimals_used(amount) > money.decimals_of(own):
        problems.append(Problem(f"the override amount has more decimals than {own}: {amount}"))
    if currency is None:
        problems.append(Problem("total_refund_override_currency not sent", refused=False))
    elif currency != own:
        problems.append(Problem(f"the override currency {currency} is not the order's, {own}"))
    return problems
