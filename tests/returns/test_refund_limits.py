"""How much a person may refund alone: in one refund, and in a day of the shop."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import requests
from returns_ops.returns.limits import limits_of, midnight, why_second_person
from returns_ops.returns.models import RefundLimit, Rma
from returns_ops.returns.transitions import NeedsSecondPerson
from returns_ops.returns.transitions.approval import facts_hash
from tests.builders import give_role, make_command, make_item, make_rma, make_shop, make_staff
from tests.returns.asking import Team, ask, decide, everything, limit, make_return

DAY = timedelta(days=1)


def refund(team: Team, amount: str) -> Command:
    return decide(make_return(team.shop, estimate=amount), team.ana)


def assert_too_much(team: Team, amount: str) -> None:
    rma = make_return(team.shop, estimate=amount)
    before = everything()
    with pytest.raises(NeedsSecondPerson):
        decide(rma, team.ana)
    assert everything() == before


def test_exactly_the_limit_passes_and_one_cent_more_does_not(team: Team) -> None:
    assert refund(team, "30.00").amount == Decimal("30.00")

    assert_too_much(team, "30.01")


@pytest.mark.parametrize(
    ("currency", "each", "more"), [("JPY", "3000", "3001"), ("KWD", "3", "3.001")]
)
def test_the_limit_is_exact_in_a_currency_of_other_decimals(
    team: Team, currency: str, each: str, more: str
) -> None:
    limit(team.shop, each=each, day="100000", currency=currency)

    decide(make_return(team.shop, estimate=each, currency=currency), team.ana)
    with pytest.raises(NeedsSecondPerson):
        decide(make_return(team.shop, estimate=more, currency=currency), team.ana)


def test_a_partial_refund_counts_with_what_is_paid(team: Team) -> None:
    rma = make_return(team.shop)

    command = decide(rma, team.ana, partial_amount=Decimal("30.00"), reason="Worn")

    assert command.amount == Decimal("30.00")


def test_the_refunds_of_a_day_add_up_to_its_limit(team: Team) -> None:
    for amount in ("30.00", "30.00", "30.00"):
        refund(team, amount)
    assert_too_much(team, "10.01")

    refund(team, "10.00")
    assert_too_much(team, "0.01")


def test_the_refunds_of_all_add_up_to_the_limit_of_their_shop(team: Team) -> None:
    limit(team.shop, each="100.00", day="50.00", role=RefundLimit.EVERYBODY)
    refund(team, "30.00")
    decide(make_return(team.shop, estimate="15.00"), team.peter)

    rma = make_return(team.shop, estimate="5.01")
    before = everything()
    with pytest.raises(NeedsSecondPerson, match=r"The shop has refunded 45\.00 USD today; over 50"):
        decide(rma, team.peter)
    assert everything() == before
    asked = ask(rma, team.peter)

    limits = requests.limits_when_asked(list(requests.requests()))[asked.pk]
    assert limits == limits_of(team.peter, team.shop, "USD")
    assert (limits.spent, limits.shop_spent, limits.alone) == (
        Decimal("15.00"),
        Decimal("45.00"),
        Decimal("5.00"),
    )
    assert refund(team, "5.00").amount == Decimal("5.00")


def test_nobody_refunds_more_at_a_time_than_their_shop_allows(team: Team) -> None:
    limit(team.shop, each="10.00", day="1000.00", role=RefundLimit.EVERYBODY)

    assert_too_much(team, "10.01")
    refund(team, "10.00")


def test_a_decision_without_refund_needs_nobody(team: Team) -> None:
    rma = make_return(team.shop)

    assert decide(rma, team.ana, refund=False).state == CommandState.QUEUED


def test_what_was_undone_or_refused_does_not_count(team: Team) -> None:
    for _ in range(3):
        refund(team, "30.00")
    undone = Command.objects.order_by("id")[0]
    decisions.undo(undone.pk, by=team.ana)
    refund(team, "30.00")
    assert_too_much(team, "20.00")

    refused = Command.objects.order_by("id")[1]
    for state in (CommandState.SENDING, CommandState.REFUSED):
        Command.objects.filter(pk=refused.pk).update(state=state)
    refund(team, "20.00")


def test_what_a_second_person_approved_does_not_count(team: Team) -> None:
    asked = ask(make_return(team.shop, estimate="500.00"), team.ana)
    decisions.approve_request(asked.pk, by=team.paula)

    assert limits_of(team.ana, team.shop, "USD").spent == 0


@pytest.mark.parametrize("other", ["shop", "currency", "person"])
def test_only_what_one_person_refunds_in_one_shop_and_currency_adds_up(
    team: Team, other: str
) -> None:
    rma = make_rma(make_shop() if other == "shop" else team.shop)
    currency = "EUR" if other == "currency" else "USD"
    by = team.peter if other == "person" else team.ana
    make_command(rma, by=by, amount=Decimal("49.00"), currency=currency)

    assert limits_of(team.ana, team.shop, "USD").spent == 0


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])
def test_at_midnight_of_the_shop_the_day_starts_anew(team: Team, zone: str) -> None:
    Shop.objects.filter(pk=team.shop.pk).update(timezone=zone)
    team.shop.refresh_from_db()
    made = refund(team, "30.00").created_at
    next_midnight = midnight(team.shop, midnight(team.shop, made) + 1.5 * DAY)

    with time_machine.travel(next_midnight - timedelta(seconds=1), tick=False):
        assert limits_of(team.ana, team.shop, "USD").spent == Decimal("30.00")
    with time_machine.travel(next_midnight, tick=False):
        assert limits_of(team.ana, team.shop, "USD").spent == 0


def test_a_day_that_changes_its_clock_begins_at_its_midnight() -> None:
    shop = Shop(timezone="America/New_York")
    new_york = ZoneInfo("America/New_York")

    begun = midnight(shop, datetime(2026, 11, 1, 23, 30, tzinfo=new_york))

    assert begun == datetime(2026, 11, 1, 0, 0, tzinfo=new_york)
    assert datetime(2026, 11, 1, 23, 30, tzinfo=new_york) - begun == timedelta(hours=23.5)


def test_of_two_roles_the_wider_limit_holds(team: Team) -> None:
    give_role(team.ana, team.shop, Role.APPROVER)

    assert limits_of(team.ana, team.shop, "USD").each == Decimal(1000)


def test_without_a_role_at_the_shop_nothing_may_be_refunded(team: Team) -> None:
    limits = limits_of(make_staff(), team.shop, "USD")

    assert limits.alone == 0
    assert why_second_person(Decimal("0.01"), limits)


# For many at once, the same


def test_the_limits_of_many_requests_are_those_of_each(team: Team) -> None:
    give_role(team.peter, team.shop, Role.WAREHOUSE)
    other = make_team_elsewhere()
    people = [(team.shop, team.ana), (team.shop, team.peter), other]
    refund(team, "12.50")
    asked = [
        ask(make_return(shop, estimate=amount), by)
        for shop, by in people
        for amount in ("20.00", "99999.00")
    ]

    found = requests.limits_when_asked(list(requests.requests()))

    for command in asked:
        one = limits_of(command.requested_by, command.shop, "USD")
        many = found[command.pk]
        assert (many.each, many.day, many.currency) == (one.each, one.day, one.currency)
        if command.amount == Decimal("20.00"):  # else the day was not what it is about
            assert many.spent == one.spent


def make_team_elsewhere() -> tuple[Shop, User]:
    shop = make_shop()
    return shop, make_staff(shop=shop, role=Role.WAREHOUSE)


def test_what_was_refunded_after_asking_is_not_why_it_was_asked(team: Team) -> None:
    refund(team, "30.00")
    asked = ask(make_return(team.shop, estimate="20.00"), team.ana)
    refund(team, "30.00")

    limits = requests.limits_when_asked(list(requests.requests()))[asked.pk]

    assert limits.spent == Decimal("30.00")


@pytest.mark.parametrize("many", [1, 12])
def test_many_requests_ask_the_database_no_more_than_one(team: Team, many: int) -> None:
    for _ in range(many):
        ask(make_return(team.shop, estimate="20.00"), team.ana)
    waiting = list(requests.waiting([team.shop]))

    with CaptureQueriesContext(connection) as queries:
        requests.limits_when_asked(waiting)
        requests.changed_since(waiting)
        requests.answers_to(waiting)

    assert (len(waiting), len(queries)) == (many, 7)


AMOUNTS = st.none() | st.decimals("0", "99999", places=4)
WORDS = st.text("abc|_-é", max_size=8)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    amounts=st.tuples(AMOUNTS, AMOUNTS, st.decimals("0", "9", places=4)),
    words=st.tuples(WORDS, WORDS),
    quantities=st.lists(st.integers(1, 9999), max_size=4),
)
def test_what_is_compared_for_many_is_what_was_judged(
    team: Team,
    amounts: tuple[Decimal | None, Decimal | None, Decimal],
    words: tuple[str, str],
    quantities: list[int],
) -> None:
    rma = make_rma(
        team.shop,
        estimated_refund=amounts[0],
        first_cap=amounts[1],
        refunded=amounts[2],
        narvar_status=words[0],
        refund_method=words[1],
    )
    for quantity in quantities:
        make_item(rma, quantity=quantity)
    judged = facts_hash(Rma.objects.get(pk=rma.pk))
    command = make_command(
        rma, by=team.ana, second_person=True, state="needs_approval", summary={"facts": judged}
    )

    assert requests.changed_since([command]) == {command.pk: ()}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("delivered|USD|card|1|2|0|7x1", ()),
        ("received|USD|card|1|2|0|7x1", ("Narvar’s status",)),
        ("delivered|USD|card|9|2|0|7x2", ("Narvar’s estimate", "the items")),
        ("delivered|USD|card|1|2|0", ("the items",)),
        ("delivered|USD|card|1|2|5|7x1", ("what was refunded already",)),
    ],
)
def test_what_differs_is_named(now: str, words: tuple[str, ...]) -> None:
    assert requests.differences("delivered|USD|card|1|2|0|7x1", now) == words
