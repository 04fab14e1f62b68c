from __future__ import annotations

from typing import Any

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import SHOP, Caller, Receiver

WISH: dict[str, Any] = {
    "locale": "en",
    "orderNumber": "3019",
    "email": "test@example.com",
    "shippingMethod": "ups",
    "selectedRefundMethod": "gift_card",
    "exchangeItems": [],
    "returnItems": [
        {
            "quantity": 2,
            "returnReason": "Too small",
            "returnReasonId": "NR8N",
            "lineItemId": "gid://shopify/LineItem/1156296586054",
        }
    ],
}


def test_a_return_is_made_and_told(narvar: Simulator, caller: Caller, receiver: Receiver) -> None:
    reply = caller.call("POST", "/api/returns", WISH)
    narvar.wait_idle()

    assert reply.status == 201
    assert set(reply.json) == {"shipping_label", "qr_code", "rma_number"}
    body = narvar.body(SHOP, reply.json["rma_number"])
    assert (body["order_number"], body["email"]) == ("3019", "test@example.com")
    assert body["refund_method"] == "gift_card"
    line = body["items"][0]
    assert (line["item_id"], line["quantity"]) == ("1156296586054", 2)
    assert [hook.json["return_status"] for hook in receiver.hooks] == ["initiated"]
    assert narvar.objections() == []


def test_an_exchange_is_made(narvar: Simulator, caller: Caller) -> None:
    wanted = {"returnItem": {"lineItemId": "gid://shopify/LineItem/7"}, "newProductSku": "B-2"}

    reply = caller.call("POST", "/api/returns", WISH | {"exchangeItems": [wanted]})

    lines = narvar.body(SHOP, reply.json["rma_number"])["items"]
    assert [line["transaction_type"] for line in lines] == ["return", "exchange"]
    assert lines[1]["item_id"] == "7"


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    "changes",
    [
        {"locale": None},
        {"shippingMethod": "pigeon"},
        {"returnItems": [{"quantity": "2"}]},
        {"returnItems": []},
        {"newThing": 1, "exchangeItems": "none"},
    ],
)
def test_a_wrong_wish_is_refused(
    narvar: Simulator, caller: Caller, changes: dict[str, Any]
) -> None:
    reply = caller.call("POST", "/api/returns", WISH | changes)

    assert reply.status == 400
    assert reply.json["errors"]
    assert narvar.objections() != []
