from datetime import UTC, datetime
from typing import Any

import pytest

from returns_ops.narvar import wire
from tests.narvar.wire.bodies import read, read_item, rma

MOMENT = datetime(2026, 10, 18, 16, 32, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "2026-10-18T16:32:32Z",
        "2026-10-18T16:32:32.000+00:00",
        "2026-10-18T12:32:32-04:00",
        "2026-10-18T16:32:32",
        1792341152,
        "1792341152",
        1792341152000,
        "1792341152000",
        1792341152000000,
        1792341152.0,
    ],
)
def test_every_shape_of_time_is_one_moment(told: Any) -> None:
    item, flags = read_item(current_processing_state=[{"status": "initiated", "timestamp": told}])

    assert item.states[0].at == MOMENT
    assert item.states[0].extra == {}
    assert flags == ()


def test_parts_of_a_second_are_kept() -> None:
    assert read(return_creation_date=1792341152.118).created_at == MOMENT.replace(
        microsecond=118000
    )


@pytest.mark.parametrize(
    "told",
    [
        16000012110,  # the spec's own example: 2477
        160012202,  # and its other one: 1975
        0,
        -1,
        99999999999999999999,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2477-01-01T00:00:00Z",
        "yesterday",
        "20261018",
        True,
        [],
    ],
)
def test_a_time_that_cannot_be_is_unknown_and_kept_aside(told: Any) -> None:
    item, flags = read_item(current_processing_state=[{"status": "initiated", "timestamp": told}])

    assert item.states[0].at is None
    assert item.states[0].extra == {"timestamp": told}
    assert len(flags) == 1


def test_money_may_have_moved_before_returns_began() -> None:
    old = 1300000000  # 2011
    found = read(
        return_creation_date=old,
        transactions=[{"id": "t", "currency": "USD", "timestamp": old}],
    )

    assert found.created_at is None
    assert found.transactions[0].at == datetime(2011, 3, 13, 7, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "until", "days"),
    [
        ("2026-10-18T16:32:32.000+00:00", MOMENT, None),
        ("1792341152", MOMENT, None),
        (30, None, 30),
        ("30", None, 30),
        (0, None, 0),
    ],
)
def test_an_automation_ends_at_a_date_or_after_days(
    told: Any, until: datetime | None, days: int | None
) -> None:
    found = read(policy={"refund_at": "approved", "refund_automation_until": told})

    assert (found.policy[0].until, found.policy[0].until_days) == (until, days)
    assert found.flags == ()


def test_an_end_that_is_neither_is_kept_aside() -> None:
    found = read(policy={"refund_at": "approved", "refund_automation_until": "soon"})

    assert found.extra == {"policy": {"refund_automation_until": "soon"}}
    assert found.flags == (
        'policy.refund_automation_until is "soon": neither a date nor a number of days, left empty',
    )


@pytest.mark.parametrize("key", ["reserve_automation_until", "reserve_inventory_automation_until"])
def test_the_reserve_automation_is_read_under_both_names(key: str) -> None:
    found = read(policy={key: 14})

    assert [(track.name, track.until_days) for track in found.policy] == [("reserve_inventory", 14)]
    assert found.extra == {}


def test_the_user_who_edited_is_read_from_either_place() -> None:
    outside = wire.parse_document(rma(previous_versions=[{"shopify_user_id": 7, "return": {}}]))
    inside = wire.parse_document(rma(previous_versions=[{"return": {"shopify_user_id": 7}}]))

    assert outside.versions[0].edited_by == inside.versions[0].edited_by == "7"
