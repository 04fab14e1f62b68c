"""The rows of a list, ready to print."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.show.badges import badge, hint
from returns_ops.dashboard.show.formats import NOTHING, Clock, money
from returns_ops.returns.states import Money, Work

HINTS = (
    ("gift", hint("gift", "Gift")),
    ("keeps", hint("home", "Keeps the item")),
    ("is_shop_now_return", hint("arrows-right-left", "Exchange")),
)


# Written here and not in a template, which takes more than twice as long (profiled).
_ROW = """<tr role="row"><th role="rowheader" scope="row"><a href="{url}" data-row>\
<bdi>{number}</bdi></a></th>{shop}<td role="cell" class="c-order"><bdi>{order}</bdi></td>\
<td role="cell" class="c-items"><bdi class="clip">{items}</bdi>\
<span class="muted">{units}{hints}</span></td><td role="cell" class="c-total number">{total}</td>\
<td role="cell" class="c-status">{status}{money}</td><td role="cell" class="c-due">{deadline}</td>\
<td role="cell" class="c-age number">{age}</td></tr>
"""
_SHOP = '<td role="cell" class="c-shop">{}</td>'


def rows_of(found: list[dict[str, Any]], shops: Sequence[Shop], now: datetime) -> list[SafeString]:
    """A table row for each; the shop is named where there is more than one."""
    clocks = {shop.pk: Clock(now, shop.timezone) for shop in shops}
    domains = {shop.pk: shop.domain for shop in shops}
    named = len(shops) > 1
    return [
        _row(rma, domains[rma["shop_id"]], clocks[rma["shop_id"]], named=named) for rma in found
    ]


def _row(rma: Mapping[str, Any], domain: str, clock: Clock, *, named: bool) -> SafeString:
    facts = {**rma, "keeps": rma["return_method"] == "keep_the_item"}
    units = rma["item_count"]
    return format_html(
        _ROW,
        url=f"/rmas/{domain}/{quote(rma['rma_number'])}/",  # reverse() costs a tenth of the page
        number=rma["rma_number"],
        shop=format_html(_SHOP, domain.removesuffix(".myshopify.com")) if named else "",
        order=rma["order_number"] or NOTHING,
        items=rma["items_text"] or "No items known",
        units=f"{units} unit" if units == 1 else f"{units} units",
        hints=format_html_join("", "{}", ((shown,) for fact, shown in HINTS if facts[fact])),
        total=money(rma["total"], rma["currency"]),
        status=badge("narvar_status", rma["narvar_status"]),
        money="" if rma["money"] == Money.NONE else badge("money", rma["money"]),
        deadline=_due(rma, clock),
        age=clock.age(rma["created_at"]),
    )


def _due(rma: Mapping[str, Any], clock: Clock) -> SafeString | str:
    if rma["deadline_at"] is None or rma["work"] == Work.DONE:
        return ""
    return format_html('<span class="only-card">Due </span>{}', clock.until(rma["deadline_at"]))
