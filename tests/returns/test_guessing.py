"""Which return a box may belong to: the weighing, and the search for candidates by index."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.candidates import MOST, candidates_for, facts_of
from returns_ops.returns.guessing import (
    AwaitedItem,
    Candidate,
    Guess,
    PackedItem,
    ParcelFacts,
    guess,
    postcode_key,
)
from returns_ops.returns.models import Parcel, Rma, SearchToken
from returns_ops.returns.states import NarvarStatus, Receipt, Work
from tests.builders import (
    at,
    make_item,
    make_parcel,
    make_receipt_line,
    make_rma,
    make_shop,
    make_token,
)

TODAY = at("2026-11-21 09:00")


def parcel(*skus: str, found_at: datetime = TODAY, **facts: Any) -> ParcelFacts:
    items = tuple(PackedItem(sku=sku, units=1, words=frozenset([sku])) for sku in skus)
    return ParcelFacts(items=items, found_at=found_at, **facts)


def candidate(number: str = "RM-1", *skus: str, days: int = 4, **facts: Any) -> Candidate:
    known: dict[str, Any] = {
        "rma_id": sum(number.encode()),
        "items": tuple(AwaitedItem(sku=sku, left=1) for sku in skus),
        "narvar_status": NarvarStatus.ON_ITS_WAY,
        "created_at": TODAY - timedelta(days=days),
    }
    return Candidate(number=number, **{**known, **facts})


def numbers(guesses: Iterable[Guess]) -> list[str]:
    return [one.candidate.number for one in guesses]


def test_what_speaks_for_a_return_is_said_in_words() -> None:
    found = guess(
        parcel("JACKET-M", "CAP", tracking=frozenset(["99912345678"]), postcode="01810"),
        [candidate("RM-1", "JACKET-M", tracking=("1Z12345678",), postcode="01810")],
    )

    assert found[0].reasons == (
        "The last 8 of the tracking number fit",
        "Same postcode",
        "SKU JACKET-M is in it",
        "On its way, started 4 days earlier",
    )
    assert found[0].how_likely == "Very likely"


def test_the_one_that_expects_exactly_this_comes_first() -> None:
    found = guess(
        parcel("CAP", "SOCKS"),
        [
            candidate("SOME", "CAP"),
            candidate("MORE", "CAP", "SOCKS", "JACKET-M"),
            candidate("EXACT", "CAP", "SOCKS"),
        ],
    )

    assert numbers(found) == ["EXACT", "MORE", "SOME"]
    assert "It is exactly what is still expected" in found[0].reasons


def test_the_label_says_more_than_the_content() -> None:
    found = guess(
        parcel("CAP", tracking=frozenset(["1Z999"])),
        [candidate("CONTENT", "CAP"), candidate("LABEL", "SOCKS", tracking=("1Z999",))],
    )

    assert numbers(found) == ["LABEL", "CONTENT"]


def test_a_torn_label_is_compared_by_its_beginning() -> None:
    found = guess(
        parcel(tracking=frozenset(["1Z999AA10"])), [candidate(tracking=("1Z999AA10123456784",))]
    )

    assert found[0].reasons[0] == "Its tracking number begins with 1Z999AA10"


@pytest.mark.parametrize("kind", ["RMA number", "order number", "e-mail address"])
def test_what_is_written_on_it_counts(kind: str) -> None:
    found = guess(parcel(words=frozenset(["70074401"])), [candidate(names={"70074401": kind})])

    assert found[0].reasons[0] == f"Its {kind} is written on the parcel"


def test_what_could_be_any_return_is_no_guess() -> None:
    assert guess(parcel(), [candidate()]) == []
    assert guess(parcel("CAP"), [candidate("RM-1", "SOCKS")]) == []


def test_what_speaks_against_it_is_said_too() -> None:
    old = candidate("OLD", "CAP", days=200)
    received = candidate("RECEIVED", "CAP", receipt=Receipt.RECEIVED)
    kept = candidate("KEPT", "CAP", return_method="keep_the_item")
    later = candidate("LATER", "CAP", days=-3)
    abroad = candidate("ABROAD", "CAP", country="CA")

    found = guess(parcel("CAP", country="US"), [old, received, kept, later, abroad])

    said = {one.candidate.number: one.reasons[-1] for one in found}
    assert said == {
        "OLD": "But that is long ago",
        "RECEIVED": "But all of it was received already",
        "KEPT": "But nothing of it should arrive",
        "LATER": "But the parcel was here before",
        "ABROAD": "But it comes from CA",
    }


def test_units_that_were_counted_already_are_not_expected_again() -> None:
    counted = candidate("RM-1", items=(AwaitedItem(sku="CAP", left=0),), postcode="01810")

    found = guess(parcel("CAP", postcode="01810"), [counted])

    assert "SKU CAP was in it, but all of it was counted already" in found[0].reasons


def test_nine_are_shown_at_most() -> None:
    many = [candidate(f"RM-{number}", "CAP", days=number) for number in range(30)]

    assert numbers(guess(parcel("CAP"), many)) == [f"RM-{number}" for number in range(9)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sw1a 1aa", "SW1A1AA"),
        ("01810-1234", "01810"),
        (" 1234 ab", "1234AB"),
        ("018101234", "01810"),
    ],
)
def test_a_postcode_is_the_same_in_every_spelling(one: str, other: str) -> None:
    assert postcode_key(one) == postcode_key(other) != ""


def test_a_missing_postcode_is_not_the_same_as_another_missing_one() -> None:
    assert guess(parcel(postcode=postcode_key(" ")), [candidate(postcode="")]) == []


words = st.text(st.sampled_from("AB1 "), max_size=12)


@given(
    st.lists(words, max_size=3),
    st.lists(st.tuples(words, st.integers(0, 9)), max_size=3),
    words,
    words,
    st.integers(-400, 400),
)
def test_any_facts_are_weighed_and_the_order_is_by_weight(
    packed: list[str], awaited: list[tuple[str, int]], tracking: str, postcode: str, days: int
) -> None:
    items = tuple(AwaitedItem(sku=sku, left=left) for sku, left in awaited)
    candidates = [
        candidate("RM-1", items=items, tracking=(tracking,), days=days),
        candidate("RM-2", *packed, postcode=postcode),
    ]
    facts = parcel(*packed, tracking=frozenset([tracking]) - {""}, postcode=postcode)

    found = guess(facts, candidates)

    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 and one.reasons for score, one in zip(scores, found, strict=True))


# The search


def candidates(of: Parcel) -> list[Candidate]:
    return candidates_for(of, facts_of(of, list(of.items.all())))


def found_numbers(of: Parcel) -> set[str]:
    return {one.number for one in candidates(of)}


def make_open(shop: Shop, number: str, **fields: Any) -> Rma:
    return make_rma(shop, number, **{"work": Work.TO_RECEIVE, **fields})


def make_known_item(rma: Rma, sku: str, **fields: Any) -> None:
    make_item(rma, sku, **fields)
    make_token(rma, sku, SearchToken.Kind.SKU)


@pytest.fixture
def everything(shop: Shop) -> Shop:
    """One return for each way of being found, and one that is not."""
    make_known_item(make_open(shop, "BY-SKU"), "CAP-1")
    make_known_item(make_open(shop, "BY-EAN"), "0012345678905")
    make_token(make_open(shop, "BY-LABEL"), "1Z999AA10123456784", SearchToken.Kind.TRACKING)
    make_token(make_open(shop, "BY-ORDER"), "70074401", SearchToken.Kind.ORDER)
    make_open(shop, "BY-POSTCODE", origin_postal_code="01810-1234")
    make_known_item(make_open(shop, "OTHER"), "SOCKS")
    return shop


@pytest.mark.parametrize(
    ("seen", "number"),
    [
        ({"items": {"cap-1": 1}}, "BY-SKU"),
        ({"items": {"012345678905": 1}}, "BY-EAN"),
        ({"tracking_number": "1Z999AA10123456784"}, "BY-LABEL"),
        ({"tracking_number": "1Z999AA1012"}, "BY-LABEL"),
        ({"text": "a slip: order #70074401, size M"}, "BY-ORDER"),
        ({"origin_postal_code": "01810"}, "BY-POSTCODE"),
    ],
)
def test_a_return_is_found_by_what_is_known(
    seen: dict[str, Any], number: str, everything: Shop, wanda: User
) -> None:
    assert found_numbers(make_parcel(everything, by=wanda, **seen)) == {number}


def test_a_postcode_is_found_as_others_wrote_it(shop: Shop, wanda: User) -> None:
    for number, postcode in (("A", "SW1A 1AA"), ("B", "SW1A1AA"), ("C", "EC1A 1BB")):
        make_open(shop, number, origin_postal_code=postcode)

    assert found_numbers(make_parcel(shop, by=wanda, origin_postal_code="sw1a 1aa")) == {"A", "B"}


def test_only_open_returns_of_the_same_shop_are_candidates(shop: Shop, wanda: User) -> None:
    make_known_item(make_open(shop, "OPEN"), "CAP")
    make_known_item(make_rma(shop, "DONE", work=Work.DONE), "CAP")
    make_known_item(make_open(make_shop(), "ELSEWHERE"), "CAP")

    assert found_numbers(make_parcel(shop, by=wanda, items={"CAP": 1})) == {"OPEN"}


def test_a_candidate_is_read_with_what_it_still_expects(shop: Shop, wanda: User) -> None:
    rma = make_open(shop, "RM-1", order_number="#7001", email="Jane@Example.com")
    item = make_item(rma, "CAP", quantity=3)
    make_receipt_line(rma, item, by=wanda, quantity=2)
    make_token(rma, "CAP", SearchToken.Kind.SKU)
    make_token(rma, "1Z1", SearchToken.Kind.TRACKING)

    [found] = candidates(make_parcel(shop, by=wanda, items={"CAP": 1}))

    assert found.items == (AwaitedItem(sku="CAP", left=1),)
    assert found.tracking == ("1Z1",)
    assert set(found.names) == {"RM-1", "7001", "JANE@EXAMPLE.COM"}


def test_a_parcel_of_which_nothing_is_known_costs_no_query(
    shop: Shop, wanda: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    nothing = facts_of(make_parcel(shop, by=wanda), [])

    with django_assert_num_queries(0):
        assert candidates_for(Parcel(shop=shop), nothing) == []


@pytest.mark.parametrize("returns", [1, 250])
def test_the_search_costs_three_queries_and_gives_at_most_200(
    returns: int, shop: Shop, wanda: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(returns):
        make_known_item(make_open(shop, f"RM-{number}", origin_postal_code="01810"), "CAP")
    seen = make_parcel(shop, by=wanda, items={"CAP": 2}, origin_postal_code="01810")
    facts = facts_of(seen, list(seen.items.all()))

    with django_assert_num_queries(3):
        found = candidates_for(seen, facts)

    assert len(found) == min(returns, MOST)


def test_what_fits_best_is_not_crowded_out_by_what_is_common(shop: Shop, wanda: User) -> None:
    both = make_open(shop, "BOTH", origin_postal_code="01810")
    make_known_item(both, "CAP")
    for number in range(MOST + 20):
        make_known_item(make_open(shop, f"RM-{number}"), "CAP")

    seen = make_parcel(shop, by=wanda, items={"CAP": 1}, origin_postal_code="01810")

    assert "BOTH" in found_numbers(seen)


MANY = """
INSERT INTO returns_rma ({columns}) SELECT {values}
FROM returns_rma, generate_series(1, 20000) AS n WHERE id = %s;
INSERT INTO returns_searchtoken (shop_id, rma_id, kind, token)
SELECT shop_id, id, 'sku', 'SKU-' || id %% 40 FROM returns_rma;
ANALYZE returns_rma; ANALYZE returns_searchtoken;
"""
OF_EACH = {
    "rma_number": "'RM-' || n",
    "origin_postal_code": "lpad(n::text, 5, '0')",
    "work": "CASE WHEN n %% 10 = 0 THEN 'to_receive' ELSE 'done' END",
}


def make_many(like: Rma) -> None:
    fields = (field for field in Rma._meta.concrete_fields if not field.primary_key)
    columns = [str(field.column) for field in fields]
    values = ", ".join(OF_EACH.get(name, name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(MANY.format(columns=", ".join(columns), values=values), [like.pk])


def test_every_step_of_the_search_has_its_index(shop: Shop, wanda: User) -> None:
    make_many(make_open(shop, "FIRST"))
    seen = make_parcel(
        shop,
        by=wanda,
        items={"SKU-7": 1},
        origin_postal_code="00010",
        tracking_number="1Z999AA1012",
    )

    plans = explained(seen)

    assert "Seq Scan on returns_rma " not in plans
    assert "Seq Scan on returns_searchtoken " not in plans
    assert "rma_by_origin" in plans
    assert "token_prefix" in plans


def explained(seen: Parcel) -> str:
    """The plans of all queries of a search."""
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith("EXPLAIN"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                plans.extend(line for (line,) in cursor.fetchall())
        return execute(sql, params, many, context)

    facts = facts_of(seen, list(seen.items.all()))
    with connection.execute_wrapper(explain):
        candidates_for(seen, facts)
    return "\n".join(plans)
