"""The rows of a list, ready to print: flat strings, no filter left for the template."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.show.badges import badge, hint
from returns_ops.dashboard.show.formats import NOTHING, Clock, money
from returns_ops.returns.states import Money, Work


class Row(NamedTuple):
    url: str
    number: str
    shop: str
    order: str
    items: str
    units: str
    hints: SafeString | str
    total: str
    status: SafeString
    money: SafeString | str
    deadline: SafeString | str
    age: SafeString


HINTS = (
    ("gift", hint("gift", "Gift")),
    ("keeps", hint("home", "Keeps the item")),
    ("is_shop_now_return", hint("arrows-right-left", "Exchange")),
)


def rows_of(found: list[dict[str, Any]], shops: Sequence[Shop], now: datetime) -> list[Row]:
    clocks = {shop.pk: Clock(now, shop.timezone) for shop in shops}
    domains = {shop.pk: shop.domain for shop in shops}
    return [_row(rma, domains[rma["shop_id"]], clocks[rma["shop_id"]]) for rma in found]


def _row(rma: Mapping[str, Any], domain: str, clock: Clock) -> Row:
    facts = {**rma, "keeps": rma["return_method"] == "keep_the_item"}
    units = rma["item_count"]
    return Row(
        url=f"/rmas/{domain}/{quote(rma['rma_number'])}/",  # reverse() costs a tenth of the page
        number=rma["rma_number"],
        shop=domain.removesuffix(".myshopify.com"),
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
