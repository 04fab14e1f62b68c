"""Whether a shop's messages flow: what the banner, the counters and the home page ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from returns_ops.accounts.models import Shop

SILENCE = timedelta(hours=6)


@dataclass(frozen=True)
class ShopHealth:
    shop_id: int
    domain: str
    connected: bool
    paused: bool
    problem: str
    dead_events: int
    stuck_commands: int
    last_event_at: datetime | None

    def silent(self, now: datetime) -> bool:
        return self.last_event_at is not None and now - self.last_event_at > SILENCE

    @property
    def broken(self) -> int:
        return self.dead_events + self.stuck_commands


# By hand: it runs on every page, and the ORM takes longer to write it than the database to answer.
_HEALTH = """
SELECT shop.id, shop.domain, link.paused, link.problem,
    (SELECT count(*) FROM messaging_event WHERE shop_id = shop.id AND state = 'dead'),
    (SELECT count(*) FROM messaging_command WHERE shop_id = shop.id AND state = 'attention'),
    (SELECT received_at FROM messaging_event WHERE shop_id = shop.id ORDER BY id DESC LIMIT 1)
FROM accounts_shop shop LEFT JOIN narvar_connection link ON link.shop_id = shop.id
WHERE shop.id = ANY(%s) ORDER BY shop.domain
"""


def health_of(shops: Sequence[Shop]) -> list[ShopHealth]:
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, [[shop.pk for shop in shops]])
        return [
            ShopHealth(pk, domain, paused is not None, bool(paused), problem or "", *rest)
            for pk, domain, paused, problem, *rest in cursor.fetchall()
        ]
