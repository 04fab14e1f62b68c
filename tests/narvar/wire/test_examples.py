import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from returns_ops.narvar import wire
from returns_ops.returns.snapshot import PolicyTrack
from tests.narvar.wire.bodies import EXAMPLES, PAYLOADS, document, example

Path = tuple[str | int, ...]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_read_without_a_remark(name: str) -> None:
    assert wire.parse(example(name)).flags == ()


def test_every_example_has_its_headers() -> None:
    headers = json.loads((PAYLOADS / "headers.json").read_text())

    assert sorted(headers) == EXAMPLES
    assert all(headers[name]["X-Narvar-Topic"] == name.split("__")[0] for name in EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_of_an_example_is_found_back(name: str) -> None:
    kept = {one for _, leaf in leaves(asdict(wire.parse(example(name)))) for one in meanings(leaf)}

    told = [(path, meanings(leaf)) for path, leaf in leaves(document(name))]
    assert [path for path, meant in told if meant and not meant & kept] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_value_of_an_example_can_change_unseen(name: str) -> None:
    before = wire.parse(example(name))
    unseen = []
    for path, leaf in leaves(document(name)):
        changed = document(name)
        put(changed, path, other(leaf))
        if wire.parse_document(changed) == before:
            unseen.append(path)

    assert unseen == []


def test_a_single_item_reads_as_it_was_told() -> None:
    found = wire.parse(example("initiated__single_item_mail_refund.json"))

    assert (found.rma_number, found.narvar_status, found.order_number) == (
        "LKR4T9QH2A",
        "initiated",
        "10482",
    )
    assert found.created_at == datetime(2026, 10, 18, 16, 32, 32, tzinfo=UTC)
    assert (found.estimated_refund, found.currency) == (Decimal("88.75"), "USD")
    assert found.items[0].child_reason == "Tight in shoulders"
    assert found.items[0].prices_presentment["final"] == Decimal("95.70")
    assert found.items[0].states[0].at == datetime(2026, 10, 18, 16, 32, 32, tzinfo=UTC)
    assert [(fee.amount, fee.formatted) for fee in found.fees] == [
        (Decimal(0), "FREE"),
        (Decimal("6.95"), "($6.95)"),
    ]


def test_only_configured_automations_become_tracks() -> None:
    found = wire.parse(example("initiated__single_item_mail_refund.json"))

    assert found.policy == (
        PolicyTrack(
            name="refund",
            fires_at="delivered_to_retailer",
            until=datetime(2027, 1, 16, 16, 32, 32, tzinfo=UTC),
        ),
        PolicyTrack(
            name="restock",
            fires_at="approved",
            until=datetime(2027, 1, 16, 16, 32, 32, tzinfo=UTC),
        ),
    )


def test_an_exchange_is_told_in_our_words() -> None:
    found = wire.parse(example("on_its_way_to_retailer__exchange_with_exchange_item.json"))

    assert found.items[0].exchange == {
        "variant_title": "Canyon Tee / S / Black",
        "variant_id": "42811177001233",
        "sku": "CANYON-TEE-BLK-S",
        "options": [{"name": "size", "value": "S"}, {"name": "color", "value": "Black"}],
        "product_id": "8123377001200",
    }
    assert found.items[0].exchange_quantity == 1


def test_a_yen_fee_is_not_divided() -> None:
    found = wire.parse(example("initiated__jpy_order.json"))

    assert [fee.amount for fee in found.fees] == [0, 600]


def test_an_instant_refund_and_its_reversal_add_up_to_nothing() -> None:
    found = wire.parse(example("rejected__instant_refund_reversed.json"))

    assert [row.amount for row in found.transactions] == [Decimal("88.75"), Decimal("-88.75")]


def test_an_earlier_version_keeps_its_subset_as_given() -> None:
    name = "resolve_manually_without_automation__edited_by_the_retailer.json"
    (version,) = wire.parse(example(name)).versions

    assert version.at == datetime(2026, 10, 27, 9, 12, 44, 901000, tzinfo=UTC)
    assert version.edited_by == "84119002"
    assert version.changes == document(name)["previous_versions"][0]["return"]


def test_two_lines_may_share_a_sku() -> None:
    found = wire.parse(example("delivered_to_retailer__two_lines_share_a_sku.json"))

    assert [(item.sku, item.item_id) for item in found.items] == [
        ("CAMP-MUG-RED", "13882208000777"),
        ("CAMP-MUG-RED", "13882208000778"),
    ]


@pytest.mark.parametrize("wrapper", ["rma", "return"])
def test_a_wrapped_body_reads_like_a_bare_one(wrapper: str) -> None:
    bare = document("exception__with_errors.json")

    assert wire.parse_document({wrapper: bare}) == wire.parse_document(bare)


def test_what_stands_beside_a_wrapped_body_is_kept() -> None:
    bare = document("exception__with_errors.json")

    found = wire.parse_document({"rma": bare, "hook": "v2", "email": "else@example.com"})

    assert found.extra == {"hook": "v2"}
    assert found.email == bare["email"]
    assert found.flags == ("email stands beside rma and inside it: the inner one counts",)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path, value


def meanings(leaf: Any) -> frozenset[Any]:
    """All that a value may have become: a text, a number, a moment, major units."""
    if leaf is None or leaf == "":
        return frozenset()
    if isinstance(leaf, datetime):
        return frozenset({leaf, Decimal(str(leaf.timestamp()))})
    found: set[Any] = {str(leaf)}
    with suppress(InvalidOperation):
        number = Decimal(str(leaf))
        found |= {number, abs(number), number / 100}
    with suppress(ValueError):
        found.add(datetime.fromisoformat(str(leaf)))
    return frozenset(found)


def put(value: Any, path: Path, leaf: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = leaf


def other(leaf: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(leaf, bool):
        return not leaf
    if isinstance(leaf, int | float):
        return leaf + 1
    if isinstance(leaf, str) and "T" in leaf and leaf[:2] == "20":
        return f"2031{leaf[4:]}"
    if isinstance(leaf, str) and leaf.replace(".", "").isdigit():
        return f"1{leaf}"
    return f"{leaf or ''}~"
