"""By when a case is due and where it stands, by the hours that its own shop keeps."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.returns import transitions
from returns_ops.returns.desk_rules import due_at, languages_of, rank_at
from returns_ops.returns.models import Case, DeskRules
from returns_ops.returns.states import Cause, Work
from tests.builders import make_rma

FRIDAY_NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def of_its_own(shop: Shop) -> DeskRules:
    """Tuesday to Saturday, 8 to 14 in New York; three hours, one for money."""
    Shop.objects.filter(pk=shop.pk).update(timezone="America/New_York")
    shop.refresh_from_db()
    return DeskRules.objects.create(
        shop=shop,
        days=[2, 3, 4, 5, 6],
        opens=time(8),
        closes=time(14),
        holidays=[date(2026, 11, 28)],
        due_hours=9,
        money_due_hours=2,
        high_value=Decimal(100),
    )


def test_a_shop_without_rules_works_nine_to_five(shop: Shop) -> None:
    usual = DeskRules(shop=shop)

    assert due_at(Cause.EXCEPTION, FRIDAY_NOON, usual, shop) == datetime(
        2026, 11, 30, 12, tzinfo=UTC
    )
    assert due_at(Cause.MONEY_DIFFERS, FRIDAY_NOON, usual, shop) == FRIDAY_NOON + timedelta(hours=4)


def test_a_shop_of_its_own_hours_counts_in_them(shop: Shop) -> None:
    rules = of_its_own(shop)

    # Noon in London is 7 in New York, an hour before it opens; the Saturday is a holiday.
    assert due_at(Cause.MONEY_DIFFERS, FRIDAY_NOON, rules, shop) == datetime(
        2026, 11, 27, 15, tzinfo=UTC
    )
    assert due_at(Cause.EXCEPTION, FRIDAY_NOON, rules, shop) == datetime(
        2026, 12, 1, 16, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "hours"), [("0", 0), ("-5", 0), ("50", 2), ("100", 4), ("600", 24), ("90000", 24)]
)
def test_a_case_of_high_value_stands_ahead_of_its_time(value: str, hours: int) -> None:
    assert rank_at(FRIDAY_NOON, None, Decimal(value), Decimal(100)) == FRIDAY_NOON - timedelta(
        hours=hours
    )


@pytest.mark.parametrize(("hours", "first"), [(-3, -3), (3, 0)])
def test_an_automation_that_ends_before_is_what_counts(hours: int, first: int) -> None:
    deadline = FRIDAY_NOON + timedelta(hours=hours)

    ranked = rank_at(FRIDAY_NOON, deadline, Decimal(0), Decimal(100))

    assert ranked == FRIDAY_NOON + timedelta(hours=first)


def test_a_case_opens_with_what_its_shop_says(shop: Shop) -> None:
    rules = of_its_own(shop)
    make_rma(shop, work=Work.EXCEPTION, narvar_status="exception", total=Decimal("100.00"))

    transitions.adopt_strays()

    case = Case.objects.get()
    assert case.due_at == due_at(Cause(case.cause), case.opened_at, rules, shop)
    assert case.rank_at == rank_at(case.due_at, case.deadline_at, case.value, rules.high_value)
    assert case.due_at > timezone.now()


def test_a_shop_writes_in_its_own_languages(shop: Shop, client: Client) -> None:
    assert list(languages_of(shop)) == ["en", "de", "fr", "es"]

    DeskRules.objects.create(shop=shop, languages=["de", "fr"])

    assert list(languages_of(shop)) == ["de", "fr"]
