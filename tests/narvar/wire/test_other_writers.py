import json
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.narvar import wire
from returns_ops.returns.orders import (
    ExchangeLine,
    FromAddress,
    LocationOrder,
    ReturnLine,
    ReturnOrder,
    ShipmentStatusOrder,
)


def location(**changes: Any) -> LocationOrder:
    usual = {
        "name": "Newark",
        "address1": "1211 Main Road",
        "address2": "Suite 4",
        "city": "Reading",
        "state": "California",
        "state_code": "CA",
        "postal_code": "94105",
        "country": "United States",
        "country_code": "US",
        "latitude": Decimal("12.22"),
        "longitude": Decimal("-24.330"),
        "phone": "+14155555555",
        "accepts_in_store": True,
        "accepts_mail": False,
    }
    return LocationOrder(**{**usual, **changes})


def new_return(**changes: Any) -> ReturnOrder:
    usual = {
        "locale": "en",
        "shipping_method": "ups",
        "order_number": "3019",
        "returns": (ReturnLine(item_id="1156296586054", quantity=1),),
    }
    return ReturnOrder(**{**usual, **changes})


EXCHANGE = ExchangeLine(
    item_id="gid://shopify/LineItem/1",
    product_id="2",
    variant_id="3",
    reason="Too big",
    reason_id="W6BW",
    options=(("Size", "S"),),
    sku="TEE-S",
    name="Tee",
    image_url="https://cdn.example.com/tee.jpg",
    price=50,
    price_currency="USD",
)


def test_a_status_goes_into_the_query() -> None:
    made = ShipmentStatusOrder(rma_number="A&B", status="delivered_to_retailer", note="Box é 1+1")

    assert wire.write_shipment_status(made) == wire.WireRequest(
        query="rma_number=A%26B&shipment_status=delivered_to_retailer&note=Box%20%C3%A9%201%2B1"
    )


def test_a_status_may_go_into_a_form() -> None:
    made = ShipmentStatusOrder(rma_number="A", note="dock 4")

    assert wire.write_shipment_status(made, "form") == wire.WireRequest(
        body=b"rma_number=A&note=dock%204", content_type="application/x-www-form-urlencoded"
    )


def test_a_status_may_go_into_json() -> None:
    made = ShipmentStatusOrder(rma_number="A", status="rejected")

    assert wire.write_shipment_status(made, "json") == wire.WireRequest(
        body=b'{"rma_number":"A","shipment_status":"rejected"}', content_type="application/json"
    )


def test_there_is_no_fourth_place() -> None:
    nowhere: Any = "header"

    with pytest.raises(ValueError, match="no place"):
        wire.write_shipment_status(ShipmentStatusOrder(rma_number="A", note="x"), nowhere)


notes = st.text(st.characters(codec="utf-8"), min_size=1, max_size=500)


@given(notes, st.sampled_from(["query", "form", "json"]))
def test_a_note_arrives_as_it_was_written(
    note: str, place: Literal["query", "form", "json"]
) -> None:
    try:
        made = ShipmentStatusOrder(rma_number="A", note=note)
    except ValueError:
        return
    sent = wire.write_shipment_status(made, place)

    if place == "json":
        assert json.loads(sent.body) == {"rma_number": "A", "note": note}
    else:
        assert parse_qs(sent.query or sent.body.decode()) == {"rma_number": ["A"], "note": [note]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": "approved"},
        {"status": "returned"},
        {"status": ""},
        {"note": " "},
        {"note": "x" * 501},
        {"note": "a\x00b"},
        {"rma_number": "", "note": "x"},
    ],
)
def test_a_status_that_cannot_be_set_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        ShipmentStatusOrder(**{"rma_number": "A", **changes})


ADDRESS = (
    '"address1":"1211 Main Road","address2":"Suite 4","city":"Reading","latitude":12.22,'
    '"longitude":-24.330,"phone":"+14155555555","state":"California","state_code":"CA",'
    '"zip":"94105","country_code":"US","country":"United States"'
)


def test_a_new_location_is_these_bytes() -> None:
    assert wire.write_location(location()).decode() == (
        f'{{"location":{{{ADDRESS}}},"accept_in_store_returns":true,'
        '"accept_mail_in_returns":false,"name":"Newark"}'
    )


def test_a_location_may_be_nested_whole() -> None:
    assert wire.write_location(location(location_id="YXWN"), nested=True).decode() == (
        f'{{"location":{{{ADDRESS},"accept_in_store_returns":true,'
        '"accept_mail_in_returns":false,"id":"YXWN","name":"Newark"}}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"latitude": Decimal("90.01")},
        {"longitude": Decimal("-180.01")},
        {"latitude": Decimal("NaN")},
        {"latitude": 12.22},
        {"phone": "1-415-555-5555"},
        {"phone": "+0155555555"},
        {"country_code": "USA"},
        {"country_code": "us"},
        {"state_code": "US-CA"},
        {"state": ""},
        {"city": " "},
        {"name": "x" * 256},
        {"accepts_mail": None},
    ],
)
def test_a_location_that_narvar_would_refuse_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        location(**changes)


def test_a_new_return_is_these_bytes() -> None:
    assert wire.write_return(new_return()).decode() == (
        '{"locale":"en","exchangeItems":[],'
        '"returnItems":[{"quantity":1,"lineItemId":"gid://shopify/LineItem/1156296586054"}],'
        '"orderNumber":"3019","shippingMethod":"ups"}'
    )


def test_a_new_exchange_says_all_it_knows() -> None:
    made = new_return(
        returns=(),
        exchanges=(EXCHANGE,),
        email="test@example.com",
        shipping_price=Decimal("5.90"),
        refund_method="gift_card",
        from_address=FromAddress(address1="6499 Saddle Creek Ct", postal_code="28075"),
    )

    assert wire.write_return(made).decode() == (
        '{"locale":"en","exchangeItems":[{"returnItem":{"returnReason":"Too big",'
        '"returnReasonId":"W6BW","lineItemId":"gid://shopify/LineItem/1"},'
        '"newProductId":"gid://shopify/Product/2",'
        '"newProductVariantId":"gid://shopify/ProductVariant/3",'
        '"newProductVariantInfo":[{"name":"Size","value":"S"}],"newProductSku":"TEE-S",'
        '"newProductName":"Tee","newProductImage":"https://cdn.example.com/tee.jpg",'
        '"newProductPriceAmount":50,"newProductPriceCurrency":"USD"}],"returnItems":[],'
        '"orderNumber":"3019","email":"test@example.com","shippingPrice":5.90,'
        '"shippingMethod":"ups","selectedRefundMethod":"gift_card",'
        '"fromAddress":{"address1":"6499 Saddle Creek Ct","postalCode":"28075"}}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"returns": ()},
        {"locale": ""},
        {"order_number": ""},
        {"shipping_method": "Return In Store"},
        {"shipping_price": Decimal("-1")},
        {"shipping_price": 5.9},
        {"refund_method": "cash"},
        {"email": "nobody"},
    ],
)
def test_a_return_that_cannot_be_made_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        new_return(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"item_id": ""},
        {"variant_id": ""},
        {"price": 49.99, "price_currency": "USD"},
        {"price": 50},
        {"price": -1, "price_currency": "USD"},
        {"options": (("", "S"),)},
    ],
)
def test_an_exchange_that_cannot_be_made_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        ExchangeLine(**{"item_id": "1", "product_id": "2", "variant_id": "3", **changes})


def test_an_empty_address_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        FromAddress()
