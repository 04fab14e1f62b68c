"""A body of Narvar's into an RMA of ours. Tolerant: only what an RMA cannot lack is refused."""

from collections.abc import Mapping
from typing import Any

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.decode import clean, decode
from returns_ops.narvar.wire.history import read_errors, read_policy, read_versions
from returns_ops.narvar.wire.items import read_items
from returns_ops.narvar.wire.ledger import read_currency, read_fees, read_transactions
from returns_ops.narvar.wire.packages import read_packages
from returns_ops.narvar.wire.remarks import Remarks
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.unreadable import Unreadable
from returns_ops.narvar.wire.words import REFUND_METHODS, RETURN_METHODS, RETURN_STATUSES
from returns_ops.returns.snapshot import RmaSnapshot

MOST_ITEMS = 2_000
LONGEST_STATUS = 100
WRAPPERS = ("rma", "return")
NAMES = {
    "order_number": "order_number",
    "shopify_order_id": "shopify_order_id",
    "original_shopify_order_id": "original_shopify_order_id",
    "charge_payment_id": "charge_payment_id",
    "transaction_id": "transaction_id",
}
TEXTS = {
    "retailer_name": "retailer_name",
    "email": "email",
    "locale": "locale",
    "origin_postal_code": "origin_zip",
    "origin_city": "origin_city",
    "origin_country": "origin_country",
    "label_url": "label_url",
}


def parse(body: bytes) -> RmaSnapshot:
    """The RMA that a webhook carries. Raises Unreadable."""
    return parse_document(decode(body))


def parse_document(document: Any) -> RmaSnapshot:
    """The same from a document that was decoded already."""
    remarks = Remarks()
    cleaned = clean(document, remarks)
    if not isinstance(cleaned, dict):
        raise Unreadable("not_an_object", "The body is JSON, but not an object")
    return _snapshot(Section(_unwrapped(cleaned, remarks), "", remarks))


def is_wrapped(document: Mapping[str, Any]) -> str:
    """The key under which the whole RMA stands, if it is wrapped."""
    if "rma_number" in document and "return_status" in document:
        return ""
    return next((key for key in WRAPPERS if _looks_like_rma(document.get(key))), "")


def _looks_like_rma(value: Any) -> bool:
    return isinstance(value, dict) and ("rma_number" in value or "return_status" in value)


def _unwrapped(document: dict[str, Any], remarks: Remarks) -> dict[str, Any]:
    """What stands beside the wrapped RMA is read with it."""
    key = is_wrapped(document)
    if not key:
        return document
    inside = document[key]
    beside = {name: value for name, value in document.items() if name != key}
    for name in sorted(beside.keys() & inside.keys()):
        if beside[name] != inside[name]:
            remarks.add(f"{name} stands beside {key} and inside it: the inner one counts")
    return {**beside, **inside}


def _snapshot(rma: Section) -> RmaSnapshot:
    rma_number, narvar_status = _rma_number(rma), _status(rma)
    _refuse_too_many_items(rma)
    currency = read_currency(rma, "currency")
    return RmaSnapshot(
        rma_number=rma_number,
        narvar_status=narvar_status,
        **rma.names(NAMES),
        **rma.texts(TEXTS),
        **_facts(rma),
        currency=currency,
        shop_currency=read_currency(rma, "shop_currency"),
        items=read_items(rma),
        packages=read_packages(rma),
        transactions=read_transactions(rma, currency),
        policy=read_policy(rma),
        fees=read_fees(rma, currency),
        errors=read_errors(rma),
        versions=read_versions(rma),
        extra=rma.extra(),
        flags=rma.remarks.told(),
    )


def _facts(rma: Section) -> dict[str, Any]:
    return {
        "created_at": rma.take("return_creation_date", values.moment, None),
        "return_method": _return_method(rma),
        "gift": rma.take("gift", values.boolean, False),
        "is_shop_now_return": rma.take("is_shop_now_return", values.boolean, False),
        "estimated_refund": rma.take("estimated_refund", values.money, None),
        "restocking_fee": rma.take("restocking_fee", values.money, None),
        "refund_method": rma.word("refund_method", REFUND_METHODS),
    }


def _rma_number(rma: Section) -> str:
    if rma.has("return_tracking_status") and not rma.has("return_status"):
        raise Unreadable(
            "wrong_product",
            "The body has return_tracking_status and no return_status: "
            "it comes from Narvar's enterprise product, not from Shopify RMA",
        )
    number = rma.take("rma_number", values.text, "").strip()
    if not number:
        raise Unreadable("no_rma_number", "The body has no rma_number")
    if len(number) > values.LONGEST_NAME:
        raise Unreadable(
            "number_too_long", f"rma_number is longer than {values.LONGEST_NAME} characters"
        )
    return number


def _status(rma: Section) -> str:
    status = rma.word("return_status", RETURN_STATUSES).strip()
    if not status:
        raise Unreadable("no_status", "The body has no return_status")
    if len(status) > LONGEST_STATUS:
        raise Unreadable(
            "status_too_long", f"return_status is longer than {LONGEST_STATUS} characters"
        )
    return status


def _refuse_too_many_items(rma: Section) -> None:
    items = rma.peek("items")
    if isinstance(items, list) and len(items) > MOST_ITEMS:
        raise Unreadable(
            "too_many_items", f"The body has {len(items)} items, more than {MOST_ITEMS}"
        )


def _return_method(rma: Section) -> str:
    method = rma.take("return_method", values.lower, "")
    if method and method not in RETURN_METHODS:
        rma.remarks.unknown_word(rma.label("return_method"), method)
    return method
