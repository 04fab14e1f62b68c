"""Units counted, and what a decision would tell: every unit once. Pure, against any input."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command
from returns_ops.returns.models import ReceiptLine, Rma, RmaItem
from returns_ops.returns.plan import Rest, plan
from returns_ops.returns.preview import Bundle, Wanted, judge
from returns_ops.returns.receipts import ExpectedItem, UnitLine, count, receipt_of
from returns_ops.returns.states import Decision, NarvarStatus, Receipt

# Units counted.


def unit(item: int | None = 1, quantity: int = 1, decision: str = "approved", **f: Any) -> UnitLine:
    return UnitLine(item_id=item, quantity=quantity, decision=decision, **f)


MISSING: dict[str, Any] = {"decision": "not_received", "in_hand": False}
TWO, ONE, KEPT = (
    ExpectedItem(item_id=1, quantity=2),
    ExpectedItem(item_id=2, quantity=1),
    ExpectedItem(item_id=3, quantity=1, kept=True),
)


@pytest.mark.parametrize(
    ("lines", "receipt"),
    [
        ([], Receipt.EXPECTED),
        ([unit(None, decision="invalid_item")], Receipt.ARRIVED),
        ([unit()], Receipt.PARTLY_RECEIVED),
        ([unit(1, 2)], Receipt.PARTLY_RECEIVED),
        ([unit(1, 2), unit(2)], Receipt.RECEIVED),
        ([unit(1, 2, ""), unit(2, 1, "rejected")], Receipt.RECEIVED),
        ([unit(1, 2), unit(2, **MISSING)], Receipt.RECEIVED),
        ([unit(1, 2, **MISSING), unit(2, **MISSING)], Receipt.NOT_RECEIVED),
        ([unit(1, 2, **MISSING)], Receipt.EXPECTED),
        ([unit(1, 2, in_hand=False), unit(2, in_hand=False)], Receipt.EXPECTED),  # unseen
        ([unit(1, 2), unit(3)], Receipt.PARTLY_RECEIVED),  # kept goods make up for nothing
        ([unit(1, 4)], Receipt.PARTLY_RECEIVED),  # nor what is too much of another
        ([unit(1, 4, **MISSING)], Receipt.EXPECTED),
        ([unit(1, 2), unit(1, 1, "claim")], Receipt.PARTLY_RECEIVED),
    ],
)
def test_what_came_in_one_word(lines: list[UnitLine], receipt: Receipt) -> None:
    assert receipt_of(count([TWO, ONE, KEPT], lines)) == receipt


def test_a_box_that_was_not_opened_has_arrived() -> None:
    assert receipt_of(count([TWO], [], arrived=True)) == Receipt.ARRIVED


@pytest.mark.parametrize("method", ["keep_the_item", "in_store"])
def test_where_nothing_arrives_nothing_is_waited_for(method: str) -> None:
    counted = count([TWO], [], return_method=method)

    assert (counted.to_arrive, counted.left, counted.left_to_decide) == (0, 0, 2)
    assert receipt_of(counted) == Receipt.EXPECTED


@given(
    quantities=st.lists(st.integers(1, 5), min_size=3, max_size=3),
    lines=st.lists(
        st.builds(
            UnitLine,
            item_id=st.sampled_from([1, 2, 3, 9, None]),
            quantity=st.integers(1, 4),
            decision=st.sampled_from(["", *Decision.values]),
            in_hand=st.booleans(),
            told=st.booleans(),
        )
    ),
)
def test_no_count_is_ever_negative_and_entered_and_left_make_the_item(
    quantities: list[int], lines: list[UnitLine]
) -> None:
    items = [
        ExpectedItem(item_id=number, quantity=quantity, kept=number == 3)
        for number, quantity in enumerate(quantities, 1)
    ]

    counted = count(items, lines)

    for tally in counted.tallies:
        assert tally.left >= 0
        assert tally.told + tally.undecided <= tally.entered + tally.told
        assert max(tally.entered, tally.expected) == tally.entered + tally.left
    assert counted.to_arrive == quantities[0] + quantities[1]
    assert counted.left_to_decide == counted.undecided + sum(t.left for t in counted.tallies)
    assert counted.strangers == sum(line.quantity for line in lines if line.item_id is None)


# What a decision would tell.


@st.composite
def benches(draw: Any) -> tuple[list[RmaItem], list[ReceiptLine]]:
    """Up to three items, each entered up to what it has, some of it told; and strangers."""
    items: list[RmaItem] = []
    lines: list[ReceiptLine] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        quantity = draw(st.integers(1, 4))
        item = RmaItem(
            pk=number,
            sku=f"Sku-{number}",
            item_id=f"{1380 + number}",
            quantity=quantity,
            keep_the_item=draw(st.booleans()),
        )
        items.append(item)
        entered = 0
        while entered < quantity and draw(st.booleans()):
            some = draw(st.integers(1, quantity - entered))
            entered += some
            decision = draw(st.sampled_from(["", "approved", "rejected", "not_received"]))
            told = bool(decision) and draw(st.booleans())
            lines.append(row(len(lines) + 1, item, some, decision, told=told))
    for sku in draw(st.lists(st.sampled_from(["X-999", "SKU-1", "sku-2"]), max_size=2)):
        lines.append(row(len(lines) + 1, None, 1, "invalid_item", sku=sku))
    return items, lines


def row(
    pk: int,
    item: RmaItem | None,
    quantity: int,
    decision: str,
    *,
    told: bool = False,
    sku: str = "",
) -> ReceiptLine:
    command = Command(pk=1) if told else None
    return ReceiptLine(
        pk=pk, item=item, quantity=quantity, decision=decision, command=command, sku=sku
    )


@given(bench=benches(), rest=st.sampled_from(Rest))
def test_every_unit_of_the_return_is_told_exactly_once(
    bench: tuple[list[RmaItem], list[ReceiptLine]], rest: Rest
) -> None:
    items, lines = bench

    found = plan(items, lines, rest)

    said: Counter[int] = Counter()
    for one in (*found.told, *found.to_tell):
        if one.item is not None:
            said[one.item.pk] += one.quantity
    undecided = Counter(
        {
            item.pk: sum(x.quantity for x in lines if x.item == item and not x.decision)
            for item in items
        }
    )
    if rest in (Rest.AS_EXPECTED, Rest.MISSING):
        assert said + undecided == Counter({item.pk: item.quantity for item in items})
    else:
        assert all(said[item.pk] + undecided[item.pk] <= item.quantity for item in items)
    assert found.undecided == sum(undecided.values())
    assert found.too_many == ()
    assert [one.line for one in found.told] == [x for x in lines if x.command_id]


@given(bench=benches(), rest=st.sampled_from(Rest))
def test_of_the_rest_only_what_was_asked_for_is_said(
    bench: tuple[list[RmaItem], list[ReceiptLine]], rest: Rest
) -> None:
    items, lines = bench

    found = plan(items, lines, rest)

    left = sum(
        item.quantity - sum(x.quantity for x in lines if x.item == item)
        for item in items
        if not item.keep_the_item
    )
    made = [one for one in found.to_tell if one.line is None]
    assert all(one.item is not None for one in made)
    kept = {one.decision for one in made if one.item and one.item.keep_the_item}
    other = {one.decision for one in made if one.item and not one.item.keep_the_item}
    assert kept <= (set() if rest == Rest.LATER else {"approved"})
    assert other <= {
        Rest.AS_EXPECTED: {"approved"},
        Rest.MISSING: {"not_received"},
    }.get(rest, set())
    assert found.awaited == left
    assert found.open_units == (left if rest == Rest.NONE else 0)


@given(bench=benches(), rest=st.sampled_from(Rest))
def test_a_stranger_with_a_sku_of_the_return_is_for_our_eyes_only(
    bench: tuple[list[RmaItem], list[ReceiptLine]], rest: Rest
) -> None:
    items, lines = bench
    known = {item.sku.casefold() for item in items}

    strangers = [one for one in plan(items, lines, rest).to_tell if one.item is None]

    assert not known & {one.sku.casefold() for one in strangers}
    expected = [x for x in lines if not x.item_id and x.sku.casefold() not in known]
    assert [one.line for one in strangers] == expected


def test_more_than_the_return_has_is_named() -> None:
    item = RmaItem(pk=1, sku="CAP", quantity=2)
    lines = [row(1, item, 2, "approved", told=True), row(2, item, 1, "rejected")]

    assert plan([item], lines, Rest.NONE).too_many == ("3 of CAP are entered, of 2",)
    assert plan([item], lines[:1], Rest.NONE).too_many == ()  # told is told


# A whole return.


def a_return(**fields: Any) -> Rma:
    known: dict[str, Any] = {
        "narvar_status": NarvarStatus.DELIVERED,
        "return_method": "mail",
        "currency": "USD",
        "estimated_refund": Decimal("53.05"),
        "first_cap": Decimal("53.05"),
        "refunded": Decimal(0),
        "created_at": timezone.now(),
    }
    return Rma(pk=1, shop=Shop(pk=1), rma_number="RM-1", **{**known, **fields})


def bundle_of(rma: Rma, items: list[RmaItem], lines: list[ReceiptLine]) -> Bundle:
    nothing: dict[str, Any] = {"transactions": [], "packages": [], "open_commands": []}
    return Bundle(rma, items=items, lines=lines, same_box=(), evidence_missing=(), **nothing)


def test_fees_in_another_currency_are_not_mixed_in() -> None:
    fees = [
        {"amount": "6.95", "currency": "USD", "description": "Label"},
        {"amount": "9.99", "currency": "CAD", "description": "Customs"},
        {"amount": "1.00", "description": "Handling"},
    ]
    rma = a_return(fees=fees, restocking_fee=Decimal("2.00"))
    item = RmaItem(pk=1, sku="CAP", item_id="1381", quantity=3, unit_final=Decimal("21.00"))

    verdict, _ = judge(bundle_of(rma, [item], [row(1, item, 1, "rejected")]), Wanted(refund=True))

    assert verdict.worked is not None
    said = {line.text: line.amount for line in verdict.worked.lines}
    assert "Customs" not in said
    assert said["Label"] + said["Handling"] + said["Restocking fee"] == Decimal("-9.95")
    assert verdict.amount == Decimal("32.05")


def test_the_rest_can_be_left_to_another_box_only_while_there_is_some() -> None:
    item = RmaItem(pk=1, sku="CAP", item_id="1381", quantity=2, unit_final=Decimal("21.00"))
    kept = RmaItem(pk=2, sku="BAG", item_id="1382", quantity=1, keep_the_item=True)
    wanted = Wanted(refund=False, rest=Rest.LATER)

    some, _ = judge(bundle_of(a_return(), [item, kept], [row(1, item, 1, "approved")]), wanted)
    none, _ = judge(bundle_of(a_return(), [item, kept], [row(1, item, 2, "approved")]), wanted)

    assert some.allowed
    assert some.outcome == "The return stays open for the other box."
    assert none.reasons == ("Nothing is left for another box: decide all of it now.",)


def test_what_narvar_lowered_below_what_is_entered_waits_for_a_person() -> None:
    item = RmaItem(pk=1, sku="CAP", item_id="1381", quantity=1, unit_final=Decimal("21.00"))

    verdict, _ = judge(
        bundle_of(a_return(), [item], [row(1, item, 2, "approved")]), Wanted(refund=True)
    )

    assert verdict.reasons == ("2 of CAP are entered, of 1: take back what is too much.",)
