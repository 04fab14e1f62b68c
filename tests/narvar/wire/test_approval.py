import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.narvar import wire
from returns_ops.returns.currency import decimals_of
from returns_ops.returns.orders import DECISIONS, ApprovalOrder, ItemDecision

REFERENCE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
OVERRIDE = {
    "process_refund_override",
    "total_refund_override_amount",
    "total_refund_override_currency",
}
OBSOLETE = {
    "refund_adjustment_amount",
    "refund_adjustment_currency",
    "refund_override_amount",
    "refund_override_currency",
    "override_note",
}


def decision(**changes: Any) -> ItemDecision:
    usual = {"item_id": "13882208000777", "sku": "MUG", "quantity": 1, "decision": "approved"}
    return ItemDecision(**{**usual, **changes})


def order(*items: ItemDecision, **changes: Any) -> ApprovalOrder:
    usual = {
        "rma_number": "LKR4T9QH2A",
        "call_reference_id": REFERENCE,
        "items": items or (decision(),),
        "refund": True,
        "partial_amount": None,
        "currency": "USD",
        "auto_approve": False,
    }
    return ApprovalOrder(**{**usual, **changes})


def written(made: ApprovalOrder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wire.write_approval(made), parse_float=Decimal)
    return found


def test_a_full_approval_is_these_bytes() -> None:
    made = order(
        decision(quantity=3),
        decision(decision="not_received"),
        decision(item_id="", sku="PIN-Ä", quantity=2, decision="approved_no_restock"),
    )

    assert wire.write_approval(made).decode() == (
        '{"rma_number":"LKR4T9QH2A","call_reference_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7",'
        '"process_refund":true,"items":['
        '{"item_id":13882208000777,"quantity":3,"status":"approved"},'
        '{"item_id":13882208000777,"quantity":1,"status":"not_received"},'
        '{"item_sku":"PIN-Ä","quantity":2,"status":"approved_no_restock"}],"auto_approve":false}'
    )


def test_an_approval_without_refund_is_these_bytes() -> None:
    assert wire.write_approval(order(refund=False, auto_approve=True)).decode() == (
        '{"rma_number":"LKR4T9QH2A","call_reference_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7",'
        '"process_refund":false,"items":['
        '{"item_id":13882208000777,"quantity":1,"status":"approved"}],"auto_approve":true}'
    )


def test_a_partial_refund_is_these_bytes() -> None:
    assert wire.write_approval(order(partial_amount=Decimal("3.10"))).decode() == (
        '{"rma_number":"LKR4T9QH2A","call_reference_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7",'
        '"process_refund":true,'
        '"total_refund_override_amount":3.10,"total_refund_override_currency":"USD","items":['
        '{"item_id":13882208000777,"quantity":1,"status":"approved"}],"auto_approve":false,'
        '"process_refund_override":true}'
    )


amounts = st.decimals(Decimal("0.001"), Decimal(10) ** 10, allow_nan=False, allow_infinity=False)
decisions = st.builds(
    ItemDecision,
    item_id=st.integers(1, 10**15).map(str),
    sku=st.text(st.characters(codec="utf-8"), max_size=20),
    quantity=st.integers(1, 1_000),
    decision=st.sampled_from(DECISIONS),
)


@given(
    items=st.lists(decisions, min_size=1, max_size=6),
    refund=st.booleans(),
    amount=st.none() | amounts,
    currency=st.sampled_from(["USD", "JPY", "KWD", "QQQ", ""]),
)
def test_a_written_approval_says_exactly_what_was_ordered(
    items: list[ItemDecision], refund: bool, amount: Decimal | None, currency: str
) -> None:
    try:
        made = order(*items, refund=refund, partial_amount=amount, currency=currency)
    except ValueError:
        return
    found = written(made)

    assert found["process_refund"] is refund
    assert OVERRIDE & found.keys() == (OVERRIDE if amount is not None else set())
    assert amount is None or Decimal(found["total_refund_override_amount"]) == amount
    assert amount is None or found["process_refund_override"] is True
    assert sum(row["quantity"] for row in found["items"]) == sum(item.quantity for item in items)
    assert not OBSOLETE & {*found, *(key for row in found["items"] for key in row)}
    assert b"null" not in wire.write_approval(order(refund=refund))


@given(st.integers(1, 10**13), st.sampled_from(["USD", "JPY", "KWD", "IQD", "RSD"]))
def test_every_amount_of_a_currency_comes_back_digit_for_digit(units: int, currency: str) -> None:
    amount = Decimal(units).scaleb(-(decimals_of(currency) or 0))

    body = wire.write_approval(order(partial_amount=amount, currency=currency))

    assert Decimal(json.loads(body, parse_float=Decimal)["total_refund_override_amount"]) == amount
    assert f'"total_refund_override_amount":{amount:f},'.encode() in body


@pytest.mark.parametrize("told", ["1E+3", "1e1", "100", "0.10", "99.990"])
def test_an_amount_is_written_without_exponent(told: str) -> None:
    body = wire.write_approval(order(partial_amount=Decimal(told)))

    assert f'"total_refund_override_amount":{Decimal(told):f},'.encode() in body


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (Decimal(0), "USD"),
        (Decimal("-1"), "USD"),
        (Decimal("0.001"), "USD"),
        (Decimal("10.50"), "JPY"),
        (Decimal("1.2345"), "KWD"),
        (Decimal("1"), "QQQ"),
        (Decimal("1"), "usd"),
        (Decimal("1"), ""),
        (Decimal("NaN"), "USD"),
        (Decimal("sNaN"), "USD"),
        (Decimal("Infinity"), "USD"),
        (Decimal("1e14"), "USD"),
        (Decimal("1e400"), "USD"),
        (Decimal("1e-400"), "USD"),
        (Decimal("1." + "1" * 40), "USD"),
        (3.1, "USD"),
        (3, "USD"),
        ("3.1", "USD"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused(amount: Any, currency: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        order(partial_amount=amount, currency=currency)


def test_whole_yen_may_be_written_with_decimals() -> None:
    assert written(order(partial_amount=Decimal("10.00"), currency="JPY"))[
        "total_refund_override_amount"
    ] == Decimal(10)


def test_an_amount_without_a_refund_is_refused() -> None:
    with pytest.raises(ValueError, match="no refund is asked for"):
        order(refund=False, partial_amount=Decimal(1))


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, "1", None])
def test_a_quantity_that_counts_nothing_is_refused(quantity: Any) -> None:
    with pytest.raises(ValueError, match="not one or more"):
        decision(quantity=quantity)


@pytest.mark.parametrize("word", ["", "Approved", "received", "initiated"])
def test_only_the_seven_words_decide(word: str) -> None:
    with pytest.raises(ValueError, match="is not a decision"):
        decision(decision=word)


@pytest.mark.parametrize(
    "changes",
    [
        {"items": ()},
        {"rma_number": ""},
        {"rma_number": " "},
        {"rma_number": "A\x00"},
        {"rma_number": "A" * 256},
        {"call_reference_id": str(REFERENCE)},
        {"refund": None},
        {"refund": 1},
        {"auto_approve": "yes"},
    ],
)
def test_an_incomplete_order_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        order(**changes)


@pytest.mark.parametrize(
    ("item_id", "name"),
    [
        ("13882208000777", {"item_id": 13882208000777}),
        ("gid://shopify/LineItem/1156296586054", {"item_id": 1156296586054}),
        ("abc", {"item_sku": "MUG"}),
        ("", {"item_sku": "MUG"}),
        ("007", {"item_sku": "MUG"}),
        ("0", {"item_sku": "MUG"}),
        ("\u0661\u0662", {"item_sku": "MUG"}),
        ("9" * 20, {"item_sku": "MUG"}),
        ("12\n", {"item_sku": "MUG"}),
    ],
)
def test_a_line_is_named_by_its_number_or_else_its_sku(item_id: str, name: dict[str, Any]) -> None:
    (row,) = written(order(decision(item_id=item_id)))["items"]

    assert row == {**name, "quantity": 1, "status": "approved"}


@pytest.mark.parametrize("sku", ["", "  "])
def test_a_line_without_any_name_is_refused(sku: str) -> None:
    with pytest.raises(ValueError, match="neither a numeric item id nor a SKU"):
        wire.write_approval(order(decision(item_id="abc", sku=sku)))


def test_a_shared_sku_is_refused_where_it_would_have_to_name_a_line() -> None:
    with pytest.raises(ValueError, match="share the SKU MUG"):
        wire.write_approval(order(decision(), decision(item_id="abc")))


def test_a_shared_sku_is_no_matter_where_numbers_name_the_lines() -> None:
    found = written(order(decision(item_id="1"), decision(item_id="2")))

    assert [row["item_id"] for row in found["items"]] == [1, 2]


def test_a_split_line_may_be_named_by_its_sku() -> None:
    found = written(order(decision(item_id=""), decision(item_id="", decision="rejected")))

    assert [(row["item_sku"], row["status"]) for row in found["items"]] == [
        ("MUG", "approved"),
        ("MUG", "rejected"),
    ]


def test_two_nameless_entries_with_one_sku_and_decision_are_refused() -> None:
    with pytest.raises(ValueError, match="could not tell them apart"):
        order(decision(item_id=""), decision(item_id=""))


def test_rows_of_one_line_add_up() -> None:
    found = written(order(decision(quantity=2), decision(item_id="gid://s/L/13882208000777")))

    assert found["items"] == [{"item_id": 13882208000777, "quantity": 3, "status": "approved"}]
