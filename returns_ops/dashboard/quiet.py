"""Shops from which no news comes although it should, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.show.formats import span
from returns_ops.narvar import silence
from returns_ops.narvar.silence import Silence


class Quiet(NamedTuple):
    domain: str
    words: str


def quiet_among(shops: Sequence[Shop], now: datetime) -> list[Quiet]:
    """`No news from Narvar for 3 h; usually every 6 min`: one query for all."""
    domains = {shop.pk: shop.domain for shop in shops}
    found = silence.quiet_shops(shops, now=now) if shops else []
    return [Quiet(domains[one.shop_id], _words(one)) for one in found]


def _words(one: Silence) -> str:
    usually = f"; usually every {span(one.usual_gap)}" if one.usual_gap else ""
    return f"No news from Narvar for {span(one.gap)}{usually}" if one.gap else ""
