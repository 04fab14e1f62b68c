"""The numbers on the tabs: sums of deltas that a trigger writes, folded now and then."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction

from returns_ops.accounts.models import Shop
from returns_ops.returns.states import CaseState

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
# By the ORM it takes three times as long, on every page.
_COUNTS = """
SELECT 'work', work, sum(delta)::bigint FROM returns_workcount
WHERE shop_id = ANY(%s::bigint[]) GROUP BY work
UNION ALL
SELECT 'cause', cause, sum(delta)::bigint FROM returns_casecount
WHERE shop_id = ANY(%s::bigint[]) AND state = %s GROUP BY cause
"""


def fold() -> None:
    """Make one row of many; a reader sees the sum before or after, never a half."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOLD)
        cursor.execute(_FOLD_CASES)


class Counts(NamedTuple):
    """`work`: queue → RMAs that stand in it. `causes`: cause → open cases of the desk."""

    work: dict[str, int]
    causes: dict[str, int]


def counts(shops: Iterable[Shop], desks: Iterable[Shop]) -> Counts:
    """Of the queues of `shops`, and of the cases of `desks`. One query, on every page."""
    asked = ([shop.pk for shop in shops], [shop.pk for shop in desks], CaseState.OPEN.value)
    found: dict[str, dict[str, int]] = {"work": {}, "cause": {}}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, asked)
        for kind, name, count in cursor:
            found[kind][name] = count
    return Counts(found["work"], found["cause"])
