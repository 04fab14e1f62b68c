"""POST /api/returns: unlike the rest of Narvar's API it speaks camelCase and Shopify GIDs."""

from typing import Any

from returns_ops.narvar.wire.encode import encode, without_absent
from returns_ops.returns.orders import ExchangeLine, FromAddress, ReturnLine, ReturnOrder


def write_return(order: ReturnOrder) -> bytes:
    document: dict[str, Any] = {
        "locale": order.locale,
        "exchangeItems": [_exchange(line) for line in order.exchanges],
        "returnItems": [_return(line) for line in order.returns],
        "orderNumber": order.order_number,
        "email": order.email,
        "shippingPrice": order.shipping_price,
        "shippingMethod": order.shipping_method,
        "selectedRefundMethod": order.refund_method,
        "fromAddress": _address(order.from_address) if order.from_address else None,
    }
    return encode(without_absent(document))


def _return(line: ReturnLine) -> dict[str, Any]:
    return {"quantity": line.quantity, **_reason(line)}


def _exchange(line: ExchangeLine) -> dict[str, Any]:
    """The page has lost its indentation. Best reading: `returnItem` says what comes back."""
    options = [{"name": name, "value": value} for name, value in line.options]
    return without_absent(
        {
            "returnItem": _reason(line),
            "newProductId": _gid("Product", line.product_id),
            "newProductVariantId": _gid("ProductVariant", line.variant_id),
            "newProductVariantInfo": options or None,
            "newProductSku": line.sku,
            "newProductName": line.name,
            "newProductImage": line.image_url,
            "newProductPriceAmount": line.price,
            "newProductPriceCurrency": line.price_currency,
        }
    )


def _reason(line: ReturnLine | ExchangeLine) -> dict[str, Any]:
    return without_absent(
        {
            "returnReason": line.reason,
            "returnReasonId": line.reason_id,
            "lineItemId": _gid("LineItem", line.item_id),
        }
    )


def _address(address: FromAddress) -> dict[str, Any]:
    return without_absent(
        {
            "address1": address.address1,
            "address2": address.address2,
            "companyName": address.company,
            "provinceCode": address.province_code,
            "city": address.city,
            "countryCode": address.country_code,
            "postalCode": address.postal_code,
            "name": address.name,
            "phone": address.phone,
        }
    )


def _gid(kind: str, name: str) -> str:
    return f"gid://shopify/{kind}/{name}" if name.isascii() and name.isdigit() else name
