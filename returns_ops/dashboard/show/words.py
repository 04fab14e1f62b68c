"""Narvar's words and ours in one vocabulary for all screens. An unknown word shows as it came."""

METHODS = {
    "mail": "By mail",
    "printerless_mail": "By mail, QR code",
    "in_store": "In store",
    "self": "Ships it themselves",
    "keep_the_item": "Keeps the item",
}
REFUND_METHODS = {
    "original_payment": "Original payment",
    "gift_card": "Gift card",
    "narvar_instant_refund": "Instant refund by Narvar",
    "narvar_instant_refund_reversal": "Reversal of the instant refund",
    "exchange": "Exchange",
}
SOURCES = {
    "narvar": "Automation",
    "narvar_agent": "Narvar agent",
    "shopify_webhook": "Shopify",
    "api": "API",
}
TRACKS = {
    "refund": "Refund",
    "mark_as_paid": "Mark as paid",
    "restock": "Restock",
    "reserve_inventory": "Reserve stock",
}
KINDS = {
    "approval": "Approval",
    "approve": "Approval",
    "approval_with_refund": "Approval with refund",
    "approval_without_refund": "Approval without refund",
    "shipment_status": "Status",
    "shipment_note": "Note",
    "create_return": "New return",
    "create_location": "New return location",
    "update_location": "Return location",
    "delete_location": "Removal of a return location",
}
TRANSACTION_TYPES = {"refund": "Refund", "exchange": "Exchange", "return": "Return"}
AS_OF = {"webhook": "by webhook", "api": "read from Narvar"}
REASONS = {
    "empty": "The body is empty",
    "not_utf8": "The body is not UTF-8 text",
    "not_json": "The body is not JSON",
    "too_deep": "The body is nested too deep",
    "not_an_object": "JSON, but not one return",
    "wrong_product": "From another product of Narvar",
    "no_rma_number": "No RMA number",
    "number_too_long": "The RMA number is too long",
    "no_status": "No return status",
    "status_too_long": "The return status is too long",
    "too_many_items": "Too many items",
    "failed_repeatedly": "Failed again and again",
    "killed_its_worker": "Ended its worker each time",
    "shop_inactive": "The shop is switched off",
}
CAUSES = {
    "no_clear_answer": "No clear answer after all tries",
    "maybe_done": "It may have been done, and cannot be repeated safely",
    "refused_after_unclear_try": "Refused, but an earlier try may have acted",
    "not_confirmed": "Accepted, and nothing is seen of it",
    "other_amount": "Narvar shows another amount",
}


def word(known: dict[str, str], value: str) -> str:
    return known.get(value.lower()) or value.replace("_", " ")


def sentence(value: str) -> str:
    words = value.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
