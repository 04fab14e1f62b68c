"""The words that the spec lists. None of these lists closes a field: they only tell what is odd."""

RETURN_STATUSES = frozenset(
    {
        "initiated",
        "on_its_way_to_retailer",
        "delivered_to_retailer",
        "received_by_retailer",  # only in the other endpoint's list, but it must come back
        "approved",
        "cancelled_by_retailer",
        "cancelled_by_user",
        "rejected",
        "exception",
        "out_of_stock_exception",
        "resolve_manually_without_automation",
    }
)
ITEM_DECISIONS = frozenset(
    {
        "approved",
        "approved_no_restock",
        "rejected",
        "not_received",
        "exception",
        "invalid_item",
        "claim",
    }
)
ITEM_STATES = RETURN_STATUSES | ITEM_DECISIONS
RETURN_METHODS = frozenset({"mail", "in_store", "self", "printerless_mail", "keep_the_item"})
REFUND_METHODS = frozenset({"gift_card", "original_payment"})
REVERSAL = "narvar_instant_refund_reversal"
TRANSACTION_METHODS = REFUND_METHODS | {"narvar_instant_refund", REVERSAL}
TRANSACTION_SOURCES = frozenset({"narvar", "narvar_agent", "shopify_webhook", "api"})
TRANSACTION_TYPES = frozenset({"return", "exchange"})
AUTOMATIONS = ("refund", "mark_as_paid", "restock", "reserve_inventory")
