"""What changed meanwhile, beside what a person had entered."""

import re

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.show.merge import MOST, Merge, merge_of, newest_event_id, seen_from
from returns_ops.returns.models import Rma, RmaEvent
from tests.builders import make_rma, make_rma_event, make_staff


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam")


def merge(rma: Rma, seen: int, **entered: str) -> Merge:
    return merge_of(rma, timezone.now(), seen=seen, entered=entered)


def test_what_changed_stands_beside_what_was_entered(rma: Rma, sam: User) -> None:
    make_rma_event(rma, "Narvar says: arrived")
    seen = newest_event_id(rma)
    make_rma_event(rma, "Sam rejected 1 × JACKET-M", actor=sam, source=RmaEvent.Source.PERSON)
    make_rma_event(rma, "Narvar says: approved", changes={"narvar_status": ["a", "b"]})

    found = merge(rma, seen, Amount="41.25", Reason="Worn", Note="  ")

    assert [(one.who, one.text) for one in found.since] == [
        ("Sam", "Sam rejected 1 × JACKET-M"),
        ("Webhook", "Narvar says: approved"),
    ]
    assert found.since[1].fields[0].field == "Narvar status"
    assert found.entered == [("Amount", "41.25"), ("Reason", "Worn")]
    page = render_to_string("dashboard/rma/_merge.html", {"merge": found})
    for told in ("changed while you worked on it", "Nothing was sent", "41.25", "Sam rejected"):
        assert told in page
    assert "arrived" not in page


def test_nothing_new_in_the_timeline_is_said_as_well(rma: Rma) -> None:
    page = render_to_string("dashboard/rma/_merge.html", {"merge": merge(rma, 0)})

    assert "tells of nothing new" in page
    assert "You only pressed the button" in page


def test_of_very_many_changes_the_newest_are_shown_and_the_rest_counted(rma: Rma) -> None:
    for number in range(MOST + 3):
        make_rma_event(rma, f"Change {number}")

    found = merge(rma, 0)

    assert (len(found.since), found.missed) == (MOST, 3)
    assert found.since[-1].text == f"Change {MOST + 2}"
    assert "has 3 more" in render_to_string("dashboard/rma/_merge.html", {"merge": found})


def test_a_merge_costs_two_queries(
    rma: Rma, sam: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(MOST + 3):
        make_rma_event(rma, actor=sam)

    with django_assert_max_num_queries(2):
        merge(rma, 0)


def test_what_a_person_typed_is_shown_and_not_obeyed(rma: Rma) -> None:
    make_rma_event(rma, "<i>x</i>")

    found = merge(rma, 0, **{"<b>": "<script>alert(1)</script>"})

    page = render_to_string("dashboard/rma/_merge.html", {"merge": found})
    assert not re.search("<(script|b|i)>", page)


@given(st.one_of(st.none(), st.text(), st.integers().map(str)))
def test_what_a_form_says_it_saw_is_a_number_the_database_knows(text: str | None) -> None:
    assert 0 <= seen_from(text) <= 2**63 - 1


def test_a_form_that_lost_what_it_saw_shows_no_old_news(rma: Rma) -> None:
    event = make_rma_event(rma)

    assert merge(rma, seen_from("gone")).since == []
    assert len(merge(rma, seen_from(f"{event.pk - 1}")).since) == 1
    assert newest_event_id(make_rma(rma.shop)) == 0
