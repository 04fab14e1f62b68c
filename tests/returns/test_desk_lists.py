"""The desk's lists, numbers and cards; and that they stay quick with twenty thousand open cases."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns import clocks, counters, desk, transitions
from returns_ops.returns.desk import Tab, Wanted
from returns_ops.returns.models import Case, CaseEvent
from returns_ops.returns.queues import Cursor
from returns_ops.returns.states import Cause, Work
from tests.builders import make_case, make_rma, make_shop, make_staff, make_token

MANY = 20_000


@pytest.fixture
def anton(shop: Shop) -> User:
    return make_staff("anton", shop, Role.AGENT)


def ids(wanted: Wanted, shops: list[Shop], user: User, **more: Any) -> list[int]:
    found = desk.page(wanted, shops, user, timezone.now(), **more)
    return [row["id"] for row in found.rows]


def test_each_tab_shows_its_cases_and_counts_them(shop: Shop, anton: User) -> None:
    now = timezone.now()
    mine, free, late, asleep, done, watched = (
        make_case(make_rma(shop), rank_at=now + timedelta(hours=n)) for n in range(6)
    )
    transitions.claim(mine.pk, by=anton)
    berta = make_staff("berta", shop, Role.AGENT)
    for case in (late, watched):
        transitions.assign(case.pk, berta, by=anton)
    Case.objects.filter(pk=late.pk).update(due_at=now - timedelta(hours=1))
    transitions.snooze(asleep.pk, by=anton, until_change=True)
    transitions.resolve(done.pk, by=anton, because="Done", version=done.version)
    transitions.watch(watched.pk, by=anton)
    make_case(make_rma(make_shop()))

    shown = {tab: ids(Wanted(tab=tab), [shop], anton) for tab in Tab}
    assert shown == {
        Tab.ALL: [mine.pk, free.pk, late.pk, watched.pk],
        Tab.MINE: [mine.pk],
        Tab.UNASSIGNED: [free.pk],
        Tab.LATE: [late.pk],
        Tab.SNOOZED: [asleep.pk],
        Tab.WATCHING: [watched.pk],
        Tab.RESOLVED: [done.pk],
    }
    for _ in range(2):
        found = desk.tabs([shop], anton, now)
        counted = (found.all, found.mine, found.unassigned, found.late, found.snoozed)
        assert counted == (4, 1, 1, 1, 1)
        assert (found.watching, found.by_cause) == (1, {Cause.EXCEPTION: 4})
        counters.fold()


def test_narrowed_by_cause_group_owner_and_words(shop: Shop, anton: User) -> None:
    rma = make_rma(shop, "RM-77")
    make_token(rma, "RM-77")
    wanted = make_case(rma, Cause.REFUSED, text="Return 5 is locked", owner=anton)
    make_case(make_rma(shop), Cause.REFUSED, text="No such item")
    make_case(rma, Cause.BENCH)

    assert ids(Wanted(cause=Cause.REFUSED, query="rm-7"), [shop], anton) == [wanted.pk]
    assert ids(Wanted(fingerprint=wanted.fingerprint), [shop], anton) == [wanted.pk]
    assert ids(Wanted(owner_id=anton.pk), [shop], anton) == [wanted.pk]
    assert ids(Wanted(query="nothing"), [shop], anton) == []


def test_pages_follow_each_other_without_a_gap(shop: Shop, anton: User) -> None:
    other = make_shop()
    at = timezone.now()
    made = [make_case(make_rma(one), rank_at=at) for one in (shop, other) * 3]
    seen: list[int] = []
    after: Cursor | None = None
    for _ in range(3):
        found = desk.page(Wanted(), [shop, other], anton, at, after=after, size=2)
        seen += [row["id"] for row in found.rows]
        after = Cursor.parse(str(found.after)) if found.after else None
    assert seen == [case.pk for case in made]
    assert after is None


def test_a_card_for_each_cause(shop: Shop, anton: User) -> None:
    now = timezone.now()
    old = make_case(make_rma(shop), text="Order 1 failed", opened_at=now - timedelta(days=3))
    make_case(make_rma(shop), text="Order 2 failed", value=Decimal(10), currency="EUR")
    make_case(make_rma(shop), text="Gateway gone")
    make_case(make_rma(shop), Cause.BENCH)
    for case, days in ((old, 3), (old, 0)):
        CaseEvent.objects.create(
            case=case, shop=shop, cause=case.cause, verb="opened", text="", at=now - timedelta(days)
        )

    card, other = desk.cards([shop], now)

    assert (card.cause, card.count, other.cause) == (Cause.EXCEPTION, 3, Cause.BENCH)
    assert card.values == {"USD": Decimal("99.98"), "EUR": Decimal(10)}
    assert card.oldest == old.opened_at
    assert [(one.text, one.count) for one in card.groups] == [
        ("order <id> failed", 2),
        ("gateway gone", 1),
    ]
    assert card.trend == (0, 0, 0, 1, 0, 0, 1)


def test_automations_that_end_soon(shop: Shop) -> None:
    now = timezone.now()
    ends = now + timedelta(hours=5)
    policy = [
        {"name": "refund", "fires_at": "approved", "until": ends.isoformat()},
        {"name": "restock", "fires_at": "approved", "until": (ends + timedelta(1)).isoformat()},
    ]
    soon = make_rma(shop, deadline_at=ends, policy=policy, refunded=Decimal("9.99"))
    make_rma(shop, deadline_at=now + timedelta(days=4))
    make_rma(shop, deadline_at=ends, work=Work.DONE)

    found = clocks.clocks([shop], now)

    assert found.rows == [soon]
    assert vars(found.rows[0])["ending"] == ("refund",)
    assert clocks.count([shop], now) == 1
    (at_shop,) = clocks.per_shop([shop], now)
    assert (at_shop.count, at_shop.value, at_shop.first) == (1, Decimal("40.00"), ends)


def test_twenty_thousand_open_cases_cost_no_more_queries_and_are_read_by_index(
    shop: Shop, anton: User
) -> None:
    make_case(make_rma(shop), owner=anton)
    few = _queries(shop, anton)

    _multiply(make_case(make_rma(shop)))
    assert Case.objects.count() == MANY + 2
    assert _queries(shop, anton) == few
    for wanted in (*(Wanted(tab=tab) for tab in Tab), Wanted(cause=Cause.EXCEPTION)):
        order = ("-closed_at", "-id") if wanted.tab == Tab.RESOLVED else ("rank_at", "id")
        rows = desk.matching(wanted, [shop], anton, timezone.now())
        plan = rows.order_by(*order)[:51].explain()
        assert "Seq Scan on returns_case " not in plan, wanted
        if wanted.tab not in (Tab.WATCHING, Tab.LATE):  # they sort the few that they find
            assert "Sort" not in plan, wanted
    assert desk.tabs([shop], anton, timezone.now()).all == MANY + 2
    assert desk.cards([shop], timezone.now())[0].count == MANY + 2


def _queries(shop: Shop, user: User) -> int:
    now = timezone.now()
    with CaptureQueriesContext(connection) as seen:
        desk.page(Wanted(), [shop], user, now)
        desk.tabs([shop], user, now)
        desk.cards([shop], now)
        transitions.work_next([shop], by=user)
    return len(seen)


def _multiply(case: Case) -> None:
    """So many more of its kind, by one statement a table."""
    assert case.rma is not None
    with connection.cursor() as cursor:
        cursor.execute(_copies(case.rma, {"rma_number": "'COPY-' || n"}))
        case_fields = {
            "rma_id": "(SELECT id FROM returns_rma WHERE rma_number = 'COPY-' || n)",
            "rank_at": "rank_at + n * interval '1 minute'",
        }
        cursor.execute(_copies(case, case_fields))
        cursor.execute("ANALYZE returns_case; ANALYZE returns_rma")


def _copies(row: models.Model, but: dict[str, str]) -> str:
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = ", ".join(but.get(f"{column}", f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        f'INSERT INTO "{row._meta.db_table}" ({names}) SELECT {values} '
        f'FROM "{row._meta.db_table}", generate_series(1, {MANY}) n WHERE id = {row.pk}'
    )


def test_saved_views_are_replaced_shared_and_removed(shop: Shop, anton: User) -> None:
    berta = make_staff("berta", shop, Role.AGENT)
    transitions.save_view("Late in EUR", "?tab=late&currency=EUR", by=anton)
    view = transitions.save_view("Late in EUR", "tab=late", by=anton, shop=shop)

    assert [(one.name, one.query, one.shared) for one in desk.views_of(berta, [shop])] == [
        ("Late in EUR", "tab=late", True)
    ]
    assert not transitions.remove_view(view.pk, by=berta)
    assert transitions.remove_view(view.pk, by=anton)
    assert desk.views_of(anton, [shop]) == []
    with pytest.raises(transitions.Refused):
        transitions.save_view("Theirs", "tab=all", by=anton, shop=make_shop())
