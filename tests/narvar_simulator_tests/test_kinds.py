from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator.kinds import KINDS
from tests.narvar_simulator_tests.support import SHOP

NO_DECIMALS = {"JPY"}


def owed(body: dict[str, Any]) -> Decimal:
    """Worked out here once more: lines to be refunded, less fees in minor units."""
    unit = Decimal(1) if body["currency"] in NO_DECIMALS else Decimal("0.01")
    lines = [row for row in body["items"] if row["transaction_type"] == "return"]
    gross = [Decimal(row["unit_final_presentment"]) * int(row["quantity"]) for row in lines]
    fees = [Decimal(str(row["fee"])) * unit for row in body["fee_breakdown"]]
    return max(Decimal(0), sum(gross) - sum(fees) - Decimal(body["restocking_fee"]))


@pytest.mark.parametrize("kind", KINDS)
def test_money_adds_up(narvar: Simulator, kind: str) -> None:
    for _ in range(10):
        body = narvar.create_rma(SHOP, kind=kind, send=False)

        assert Decimal(body["estimated_refund"]) == owed(body)
        for row in body["items"]:
            total = Decimal(row["unit_price"]) * row["quantity"]
            assert Decimal(row["total_item_price"]) == total
            for level in ("shop", "presentment"):
                parts = ("price_discounted", "tax")
                final = sum(Decimal(row[f"unit_{part}_{level}"]) for part in parts)
                assert Decimal(row[f"unit_final_{level}"]) == final


@pytest.mark.parametrize("kind", KINDS)
def test_the_ledger_has_every_transaction(narvar: Simulator, kind: str) -> None:
    body = narvar.create_rma(SHOP, kind=kind, send=False)

    ids = [row["id"] for row in body["transactions"]]
    assert [row.transaction_id for row in narvar.ledger()] == ids


def test_each_kind_shows_what_it_is_named_after(narvar: Simulator) -> None:
    made = {kind: narvar.create_rma(SHOP, kind=kind, send=False) for kind in KINDS}

    assert len(made["several_packages"]["packages"]) > 1
    assert max(row["quantity"] for row in made["quantities"]["items"]) > 1
    assert made["exchange"]["items"][0]["exchange_item"]["variant_sku"]
    assert made["exception"]["errors"]
    assert made["gift"]["gift"] is True
    assert made["keep_the_item"]["packages"] == []
    assert made["in_store"]["packages"][0]["return_tracking_number"] is None
    assert "package" not in made["printerless_mail"]
    assert made["cad_order"]["currency"] == "CAD"
    assert made["cad_order"]["shop_currency"] == "USD"
    row = made["cad_order"]["items"][0]
    assert row["unit_final_shop"] != row["unit_final_presentment"]
    assert made["instant_refund"]["transactions"][0]["refund_method"] == "narvar_instant_refund"
    assert made["unattributed_refund"]["transactions"][0]["source"] == "shopify_webhook"
    assert made["edited"]["previous_versions"][0]["return"]["item_versions"]
    assert len({row["sku"] for row in made["twin_sku"]["items"]}) == 1


def test_tracking_numbers_look_like_their_carriers(narvar: Simulator) -> None:
    forms = {"ups": r"1Z[0-9A-Z]{16}", "usps": r"94\d{20}", "fedex": r"\d{12}"}
    for kind in ("mail", "quantities", "exchange"):
        (box,) = narvar.create_rma(SHOP, kind=kind, send=False)["packages"]
        form = forms[box["return_tracking_company"]]
        assert re.fullmatch(form, box["return_tracking_number"])


def test_any_key_of_the_body_can_be_given(narvar: Simulator) -> None:
    body = narvar.create_rma(
        SHOP, rma_number="LKB82WXM5C", order_number="#77", locale="de_DE", packages=[], send=False
    )

    assert (body["rma_number"], body["order_number"]) == ("LKB82WXM5C", "#77")
    assert (body["locale"], body["packages"]) == ("de_DE", [])


def test_an_rma_number_is_taken_once(narvar: Simulator) -> None:
    narvar.create_rma(SHOP, rma_number="LKB82WXM5C", send=False)

    with pytest.raises(ValueError, match="already"):
        narvar.create_rma(SHOP, rma_number="LKB82WXM5C", send=False)


def test_given_items_decide_the_estimate(narvar: Simulator) -> None:
    items = [
        {"sku": "A", "quantity": 2, "unit_price": "10.00"},
        {"sku": "B", "unit_price": "5.00", "transaction_type": "exchange"},
    ]
    body = narvar.create_rma(SHOP, items=items, fee_breakdown=[], send=False)

    assert body["estimated_refund"] == "20.00"
    assert body["items"][1]["exchange_item"]


def test_a_story_is_told_when_its_status_is_reached(narvar: Simulator) -> None:
    rma = narvar.create_rma(SHOP, kind="unattributed_refund", status="initiated", send=False)

    later = narvar.advance(SHOP, rma["rma_number"], "exception")

    assert (rma["errors"], rma["transactions"]) == ([], [])
    assert "not attributed" in later["errors"][0]["message"]
    assert [row.source for row in narvar.ledger()] == ["shopify_webhook"]
