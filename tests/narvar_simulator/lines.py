"""One line of an RMA: the thing sent back, its prices in two currencies, its states."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from tests.narvar_simulator import catalogue
from tests.narvar_simulator.catalogue import Product, Reason
from tests.narvar_simulator.money import rounded, words
from tests.narvar_simulator.records import Json


@dataclass
class Currencies:
    """The rate is what one unit of the order's currency is worth in the shop's."""

    order: str = "USD"
    shop: str = "USD"
    rate: Decimal = Decimal(1)


def prices(shop_price: Decimal, discount: Decimal, tax: Decimal, money: Currencies) -> Json:
    found: Json = {}
    levels = (("shop", money.shop, Decimal(1)), ("presentment", money.order, money.rate))
    for level, currency, rate in levels:
        original = rounded(shop_price / rate, currency)
        off = rounded(original * discount, currency)
        paid_tax = rounded((original - off) * tax, currency)
        found |= {
            f"unit_price_original_{level}": words(original, currency),
            f"unit_discount_{level}": words(off, currency),
            f"unit_price_discounted_{level}": words(original - off, currency),
            f"unit_tax_{level}": words(paid_tax, currency),
            f"unit_final_{level}": words(original - off + paid_tax, currency),
        }
    return found


def line(
    rng: Random,
    *,
    item_id: str,
    money: Currencies,
    product: Product | None = None,
    quantity: int = 1,
    reason: Reason | None = None,
) -> Json:
    product = product or rng.choice(catalogue.PRODUCTS)
    reason = reason or rng.choice(catalogue.REASONS)
    discount = rng.choice((Decimal(0), Decimal(0), Decimal("0.10"), Decimal("0.20")))
    priced = prices(product.price, discount, Decimal("0.0875"), money)
    unit = Decimal(priced["unit_price_discounted_presentment"])
    row: Json = {
        "sku": catalogue.sku_of(rng, product),
        "item_id": item_id,
        "quantity": quantity,
        "reason": reason.words,
        "reason_code": reason.code,
    }
    if reason.comments and rng.random() < 0.5:
        row["comment"] = rng.choice(reason.comments)
    row["unit_price"] = words(unit, money.order)
    row["total_item_price"] = words(unit * quantity, money.order)
    row |= {"transaction_type": "return", "keep_the_item": False}
    if reason.child:
        row |= {"child reason": reason.child, "child_reason_code": reason.code + "B"}
    return row | {"current_processing_state": []} | priced


def exchange(rng: Random, row: Json, product: Product) -> Json:
    """The same line, to be exchanged for another size."""
    size = rng.choice(product.sizes or ("One size",))
    wanted = {
        "variant_title": f"{product.title} / {size}",
        "variant_id": str(42811177000000 + rng.randrange(10**6)),
        "variant_sku": f"{product.sku}-{size}",
        "exchange_option": [{"name": "size", "value": size}],
        "product_id": str(product.product_id),
    }
    changed: Json = {}
    for key, value in row.items():
        changed[key] = value
        if key == "transaction_type":
            changed[key] = "exchange"
            changed |= {"exchange_item": wanted, "exchange_quantity": row["quantity"]}
    return changed


def complete(rng: Random, partial: Json, *, item_id: str, money: Currencies) -> Json:
    """A line from the few facts that a test cares for; a price of its own bears no tax."""
    quantity = int(partial.get("quantity", 1))
    row = line(rng, item_id=item_id, money=money, quantity=quantity)
    if "unit_price" in partial:
        order_price = Decimal(str(partial["unit_price"]))
        row |= prices(order_price * money.rate, Decimal(0), Decimal(0), money)
        final = words(order_price, money.order)
        row |= {
            "unit_price": final,
            "unit_price_original_presentment": final,
            "unit_price_discounted_presentment": final,
            "unit_final_presentment": final,
            "total_item_price": words(order_price * quantity, money.order),
        }
    if partial.get("transaction_type") == "exchange" and "exchange_item" not in partial:
        row = exchange(rng, row, rng.choice(catalogue.SIZED))
    return row | partial


def add_state(row: Json, status: str, quantity: int, at: float) -> None:
    states = row.setdefault("current_processing_state", [])
    states.append({"status": status, "quantity": quantity, "timestamp": int(at)})
