"""Values of a wrong kind: read where they can be, else left empty, kept aside and remarked."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from returns_ops.narvar import wire
from tests.narvar.wire.bodies import read, read_item, rma

MOMENT = datetime(2026, 10, 18, 16, 32, 32, tzinfo=UTC)


def test_a_quantity_in_words_reads_as_none_and_is_remarked() -> None:
    found = read(items=[{"quantity": 1}, {"quantity": 1}, {"sku": "S", "quantity": "two"}])

    assert found.items[2].quantity == 0
    assert found.items[2].extra == {"quantity": "two"}
    assert found.flags == ('items[2].quantity is "two": not a whole number, read as 0',)


@pytest.mark.parametrize(("told", "units"), [(3, 3), ("3", 3), (3.0, 3), ("3.0", 3), (0, 0)])
def test_a_quantity_may_be_a_text_or_have_a_point(told: Any, units: int) -> None:
    item, flags = read_item(quantity=told)

    assert (item.quantity, flags) == (units, ())


@pytest.mark.parametrize("told", [-1, 1.5, 10**9, True, [1], {"n": 1}, "1_0", "\u0661"])
def test_what_counts_nothing_is_no_quantity(told: Any) -> None:
    item, flags = read_item(quantity=told)

    assert item.quantity == 0
    assert item.extra["quantity"] in (told, str(told))
    assert len(flags) == 1


def test_a_quantity_left_out_is_remarked() -> None:
    assert read(items=[{"sku": "S"}]).flags == ("items[0].quantity is left out: read as 0",)


@pytest.mark.parametrize("items", ["x", {"sku": "S"}, 7, True])
def test_items_that_are_no_list_are_kept_aside(items: Any) -> None:
    found = read(items=items)

    assert (found.items, found.extra) == ((), {"items": items})
    assert len(found.flags) == 1


@pytest.mark.parametrize("items", [None, "", []])
def test_no_items_are_no_items(items: Any) -> None:
    found = read(items=items)

    assert (found.items, found.extra, found.flags) == ((), {}, ())


def test_a_row_that_is_no_object_is_kept_beside_the_others() -> None:
    found = read(items=[1, {"sku": "S", "quantity": 1}, "x"])

    assert [item.sku for item in found.items] == ["S"]
    assert found.extra == {"items": [1, "x"]}
    assert found.flags[0] == "items[0] is 1: not an object, kept as it is"


def test_numbers_are_taken_for_texts() -> None:
    found = read(rma_number=993338, order_number=70074401, shopify_order_id=6120044810482)

    assert (found.rma_number, found.order_number) == ("993338", "70074401")
    assert found.shopify_order_id == "6120044810482"


@pytest.mark.parametrize(
    ("told", "held"), [("true", True), ("TRUE", True), (1, True), ("false", False), (0, False)]
)
def test_truth_may_be_a_text(told: Any, held: bool) -> None:
    found = read(gift=told)

    assert (found.gift, found.flags) == (held, ())


def test_what_is_neither_true_nor_false_is_remarked() -> None:
    found = read(gift="maybe")

    assert found.flags == ('gift is "maybe": neither true nor false, read as false',)
    assert found.extra == {"gift": "maybe"}


def test_unknown_keys_are_kept_on_every_level() -> None:
    found = read(
        new=1,
        items=[{"quantity": 1, "new": 2, "current_processing_state": [{"status": "x", "new": 3}]}],
        packages=[{"letter": "A", "new": 4}],
        transactions=[{"id": "t", "currency": "USD", "new": 5}],
        fee_breakdown=[{"fee": 1, "currency": "USD", "new": 6}],
        errors=[{"message": "no", "new": 7}],
        policy={"new": 8},
        previous_versions=[{"return": {}, "new": 9}],
    )

    assert found.extra == {"new": 1, "policy": {"new": 8}}
    assert found.items[0].extra == {"new": 2}
    assert found.items[0].states[0].extra == {"new": 3}
    assert found.packages[0].extra == {"new": 4}
    assert found.transactions[0].extra == {"new": 5}
    assert found.fees[0].extra == {"new": 6}
    assert found.errors[0].extra == {"new": 7}
    assert found.versions[0].changes == {"new": 9}


def test_an_unknown_status_is_kept_and_remarked() -> None:
    found = read(return_status="returned")

    assert found.narvar_status == "returned"
    assert found.flags == ('return_status is "returned": not a word we know, kept as it is',)


def test_received_by_retailer_is_a_status_we_know() -> None:
    assert read(return_status="received_by_retailer").flags == ()


def test_an_unknown_word_in_many_rows_is_remarked_once() -> None:
    found = read(items=[{"quantity": 1, "transaction_type": "swap"}] * 5)

    assert found.flags == ('items[].transaction_type is "swap": not a word we know, kept as it is',)
    assert {item.transaction_type for item in found.items} == {"swap"}


def test_remarks_are_many_but_not_without_end() -> None:
    found = read(items=[{"quantity": f"n{place}"} for place in range(1_000)])

    assert len(found.flags) == 201
    assert found.flags[-1] == "and 800 more oddities"


@pytest.mark.parametrize("key", ["child reason", "child_reason"])
def test_the_child_reason_is_read_with_and_without_its_space(key: str) -> None:
    item, _ = read_item(**{key: "Tight"})

    assert (item.child_reason, item.extra) == ("Tight", {})


def test_two_different_child_reasons_are_both_kept() -> None:
    item, _ = read_item(**{"child reason": "Tight", "child_reason": "Long"})

    assert (item.child_reason, item.extra) == ("Tight", {"child_reason": "Long"})


def test_exchange_facts_are_read_from_either_place() -> None:
    inside, _ = read_item(
        exchange_item={"product_id": 9, "exchange_quantity": 2, "keep_the_item": "true"}
    )
    beside, _ = read_item(product_id=9, exchange_quantity=2, keep_the_item="true")

    assert inside == beside
    assert (inside.exchange, inside.exchange_quantity, inside.keep_the_item) == (
        {"product_id": "9"},
        2,
        True,
    )


def test_exchange_facts_that_differ_are_both_kept() -> None:
    item, _ = read_item(keep_the_item=False, exchange_item={"keep_the_item": True, "odd": 1})

    assert item.keep_the_item is False
    assert item.extra == {"exchange_item": {"keep_the_item": True, "odd": 1}}


def test_errors_may_be_objects_or_texts() -> None:
    found = read(errors=["no stock", {"message": "m", "timestamp": 1792341152}, 7])

    assert [(error.message, error.at) for error in found.errors] == [
        ("no stock", None),
        ("m", MOMENT),
    ]
    assert found.extra == {"errors": [7]}


def test_two_thousand_items_are_read() -> None:
    assert len(read(items=[{"quantity": 1}] * 2_000).items) == 2_000


@pytest.mark.parametrize("count", [2_001, 10_000])
def test_more_items_are_refused(count: int) -> None:
    with pytest.raises(wire.Unreadable) as caught:
        read(items=[{"quantity": 1}] * count)
    assert caught.value.reason == "too_many_items"


def test_a_comment_of_a_megabyte_is_kept_whole() -> None:
    item, flags = read_item(comment="long " * 200_000)

    assert (len(item.comment), flags) == (1_000_000, ())


def test_a_name_too_long_for_an_index_is_kept_aside() -> None:
    found = read(order_number="9" * 300)

    assert (found.order_number, found.extra) == ("", {"order_number": "9" * 300})
    assert found.flags[0].endswith("longer than 255 characters, left empty")


def test_case_does_not_matter_where_narvar_is_unsure_of_it() -> None:
    found = read(return_method="MAIL", currency="cad", shop_currency=" usd ")

    assert (found.return_method, found.currency, found.shop_currency) == ("mail", "CAD", "USD")
    assert found.flags == ()


def test_estimates_may_be_numbers_or_texts() -> None:
    found = read(estimated_refund=3.1, restocking_fee="1e1")

    assert (found.estimated_refund, found.restocking_fee) == (Decimal("3.1"), Decimal("10"))


@pytest.mark.parametrize("told", ["$5.99", "1,049.99", "5.99 USD", "NaN", "1_0", "", [5], True])
def test_what_is_no_plain_amount_is_no_money(told: Any) -> None:
    found = wire.parse_document(rma(estimated_refund=told))

    assert found.estimated_refund is None
    assert found.extra == ({"estimated_refund": told} if told else {})
