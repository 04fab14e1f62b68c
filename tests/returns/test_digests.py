"""The daily summary: off by default, once a day, at an hour of one's own, without customers."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns import digests, transitions
from tests.builders import make_case, make_rma, make_staff

SEVEN_IN_BERLIN = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)


@pytest.fixture
def anton(shop: Shop) -> User:
    person = make_staff("anton", shop, Role.AGENT, email="anton@example.com")
    make_case(make_rma(shop, email="customer@example.com"), owner=person)
    return person


def test_nobody_is_written_to_who_did_not_ask(anton: User) -> None:
    assert digests.send_due(timezone.now()) == 0
    assert mail.outbox == []


def test_who_asked_is_written_to_once_a_day_at_their_hour(anton: User) -> None:
    transitions.save_desk_preference(anton, digest=True, hour=7, timezone="Europe/Berlin")

    assert digests.send_due(SEVEN_IN_BERLIN - timedelta(minutes=1)) == 0
    assert digests.send_due(SEVEN_IN_BERLIN) == 1
    assert digests.send_due(SEVEN_IN_BERLIN + timedelta(hours=5)) == 0
    assert digests.send_due(SEVEN_IN_BERLIN + timedelta(days=1)) == 1

    letter = mail.outbox[0]
    assert letter.to == ["anton@example.com"]
    assert "Yours: 1. Unassigned: 0." in letter.body
    assert "/exceptions/?tab=mine" in letter.body
    assert "customer@example.com" not in letter.body


def test_nothing_to_say_is_not_said(shop: Shop) -> None:
    idle = make_staff("idle", shop, Role.LOCATION_ADMIN, email="idle@example.com")
    transitions.save_desk_preference(idle, digest=True, hour=0)

    assert digests.send_due(timezone.now()) == 0


@pytest.mark.parametrize(("hour", "zone"), [(24, "UTC"), (-1, "UTC"), (7, "Mars/Base")])
def test_an_hour_or_zone_that_cannot_be_is_refused(anton: User, hour: int, zone: str) -> None:
    with pytest.raises(transitions.Refused):
        transitions.save_desk_preference(anton, digest=True, hour=hour, timezone=zone)
