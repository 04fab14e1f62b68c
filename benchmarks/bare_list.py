"""The best queries a person would write by hand for the same rows; the one value is the shop."""

_COLUMNS = """id, shop_id, rma_number, order_number, narvar_status, return_method, gift,
    is_shop_now_return, money, work, total, currency, item_count, items_text, deadline_at,
    created_at"""
_LIST = f"SELECT {_COLUMNS} FROM returns_rma WHERE shop_id = %s"
_NEWEST = " ORDER BY created_at DESC, id DESC LIMIT 51"

BARE = {
    "all": _LIST + _NEWEST,
    "tab to_receive": f"{_LIST} AND work = 'to_receive' {_NEWEST}",
    "tab exception": f"{_LIST} AND work = 'exception' {_NEWEST}",
    "tab done": f"{_LIST} AND work = 'done' {_NEWEST}",
    "common status": f"{_LIST} AND narvar_status = 'approved' {_NEWEST}",
    "rare status": f"{_LIST} AND narvar_status = 'out_of_stock_exception' {_NEWEST}",
}
