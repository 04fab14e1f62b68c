"""The numbers on the tabs: sums of deltas that a trigger writes, folded now and then."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Sum

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import WorkCount

_FOLD_CASES = """
WITH gone AS (
    DELETE FROM returns_casecount
    WHERE id IN (SELECT id FROM returns_casecount ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING shop_id, cause, state, owner_id, delta
)
INSERT INTO returns_casecount (shop_id, cause, state, owner_id, delta)
SELECT shop_id, cause, state, owner_id, sum(delta) FROM gone
GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0
"""
_FOLD = """
WITH gone AS (
    DELETE FROM returns_workcount
    WHERE id IN (SELECT id FROM returns_workcount ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING shop_id, work, delta
)
INSERT INTO returns_workcount (shop_id, work, delta)
SELECT shop_id, work, sum(delta) FROM gone GROUP BY shop_id, work HAVING sum(delta) <> 0
"""


def fold() -> None:
    """Make one row of many; a reader sees the sum before or after, never a half."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOLD)
        cursor.execute(_FOLD_CASES)


def counts(shops: Iterable[Shop]) -> dict[str, int]:
    """Queue → how many RMAs of these shops stand in it."""
    rows = WorkCount.objects.filter(shop__in=shops).values_list("work").annotate(n=Sum("delta"))
    found: dict[str, int] = defaultdict(int)
    for work, count in rows:
        found[work] += count
    return dict(found)
