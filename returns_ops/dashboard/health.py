"""Whether a shop's messages flow: what the banner, the counters and the home page ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from returns_ops.accounts.models import Shop


@dataclass(frozen=True)
class ShopHealth:
    shop_id: int
    domain: str
    connected: bool
    paused: bool
    problem: str
    paused_kinds: list[str]
    breaker_open: bool
    probe_at: datetime | None
    dead_events: int
    stuck_commands: int
    last_event_at: datetime | None


# By hand: it runs on every page, and the ORM takes longer to write it than the database to answer.
# BETWEEN, though it is one shop: by `=` PostgreSQL drops the shop from the order, walks all events
# backwards by id, and of a shop that has none it reads those of all others.
_HEALTH = """
SELECT shop.id, shop.domain, link.paused, link.problem, link.paused_kinds,
    budget.breaker = 'open', budget.probe_at,
    (SELECT count(*) FROM messaging_event WHERE shop_id = shop.id AND state = 'dead'),
    (SELECT count(*) FROM messaging_command WHERE shop_id = shop.id AND state = 'attention'),
    (SELECT received_at FROM messaging_event WHERE shop_id BETWEEN shop.id AND shop.id
        ORDER BY shop_id, id DESC LIMIT 1)
FROM accounts_shop shop LEFT JOIN narvar_connection link ON link.shop_id = shop.id
LEFT JOIN narvar_budget budget ON budget.shop_id = shop.id
WHERE shop.id = ANY(%s) ORDER BY shop.domain
"""


def health_of(shops: Sequence[Shop]) -> list[ShopHealth]:
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, [[shop.pk for shop in shops]])
        return [
            ShopHealth(
                pk, domain, paused is not None, bool(paused), problem or "", kinds or [], *rest
            )
            for pk, domain, paused, problem, kinds, *rest in cursor.fetchall()
        ]
