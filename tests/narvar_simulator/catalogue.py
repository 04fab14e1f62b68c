"""What the shop sells, who sends it back, from where, and why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any


@dataclass(frozen=True)
class Product:
    sku: str
    title: str
    price: Decimal
    product_id: int
    # Other sizes, as (SKU, words): what an exchange is made for.
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    city: str
    zip: str
    country: str
    locale: str = "en_US"


@dataclass(frozen=True)
class Reason:
    words: str
    code: str
    child: str | None = None
    comments: tuple[str, ...] = ()


_GOODS = """
ALPINE-FLEECE-GRY|Alpine Fleece / Grey|88.00|S M L XL
SUMMIT-SHELL-RED|Summit Shell / Red|149.00|S M L
SUMMIT-SHELL-BLK|Summit Shell / Black|149.00|S M L
CANYON-TEE-BLK|Canyon Tee / Black|36.00|S M L XL
CANYON-TEE-WHT|Canyon Tee / White|36.00|S M L XL
MERINO-SOCK-NVY|Merino Sock / Navy|18.00|S M L
MERINO-SOCK-OAT|Merino Sock / Oat|18.00|S M L
MERINO-BASE-CHR|Merino Base Layer / Charcoal|96.00|S M L
RIDGE-BOOT-TAN|Ridge Boot / Tan|164.00|8 9 10 11
RIDGE-BOOT-BLK|Ridge Boot / Black|164.00|8 9 10 11
CREEK-SANDAL-OLV|Creek Sandal / Olive|72.00|7 8 9 10
TRAIL-RUNNER-BLU|Trail Runner / Blue|128.00|7 8 9 10 11
HAZE-LEGGING-BLK|Haze Legging / Black|74.00|XS S M L
HAZE-LEGGING-PLM|Haze Legging / Plum|74.00|XS S M L
PEAK-VEST-BLU|Peak Vest / Blue|120.00|S M L
PEAK-GLOVE|Peak Glove|30.00|S M L
DRIFT-PARKA-SND|Drift Parka / Sand|289.00|S M L XL
DRIFT-PARKA-NVY|Drift Parka / Navy|289.00|S M L XL
MESA-SHORT-KHK|Mesa Short / Khaki|58.00|30 32 34 36
MESA-PANT-KHK|Mesa Pant / Khaki|84.00|30 32 34 36
HARBOR-SHIRT-CHK|Harbor Shirt / Check|68.00|S M L
HARBOR-SHIRT-BLU|Harbor Shirt / Blue|68.00|S M L
LINEN-DRESS-ECR|Linen Dress / Ecru|132.00|XS S M L
WOOL-BEANIE-RST|Wool Beanie / Rust|32.00|
FIELD-CAP-OLV|Field Cap / Olive|34.00|
DUNE-SCARF-SND|Dune Scarf / Sand|58.00|
RAIN-PONCHO-YLW|Rain Poncho / Yellow|46.00|
LEATHER-BELT-BRN|Leather Belt / Brown|54.00|32 34 36 38
TRAIL-BOTTLE-750|Trail Bottle 750 ml|32.00|
CAMP-MUG-RED|Camp Mug / Red|16.00|
CAMP-STOVE-01|Camp Stove|119.00|
LANTERN-LED-02|LED Lantern|48.00|
HAMMOCK-DBL-GRN|Double Hammock / Green|79.00|
DAYPACK-22-GRY|Daypack 22 L / Grey|98.00|
DUFFEL-60-BLK|Duffel 60 L / Black|140.00|
TREK-POLE-PAIR|Trekking Poles, pair|89.00|
BOOT-CARE-KIT|Boot Care Kit|22.00|
CEDAR-CANDLE-L|Cedar Candle, large|42.00|
MINI-SOAP-3PK|Mini Soap, three|9.00|
WOOL-BLANKET-PLD|Wool Blanket / Plaid|118.00|
"""


def _product(number: int, row: str) -> Product:
    sku, title, price, sizes = row.split("|")
    return Product(sku, title, Decimal(price), 8123377000000 + number * 100, tuple(sizes.split()))


PRODUCTS = [_product(number, row) for number, row in enumerate(_GOODS.split("\n")[1:-1], 1)]
SIZED = [product for product in PRODUCTS if product.sizes]

PLACES = [
    Place("San Francisco", "94117", "US"),
    Place("Brooklyn", "11211", "US"),
    Place("Chicago", "60614", "US"),
    Place("Austin", "78704", "US"),
    Place("Seattle", "98103", "US"),
    Place("Portland", "97214", "US"),
    Place("Denver", "80205", "US"),
    Place("Minneapolis", "55408", "US"),
    Place("Nashville", "37206", "US"),
    Place("Atlanta", "30307", "US"),
    Place("Philadelphia", "19147", "US"),
    Place("Boston", "02130", "US"),
    Place("San Diego", "92104", "US"),
    Place("Salt Lake City", "84105", "US"),
    Place("Ann Arbor", "48104", "US"),
    Place("Burlington", "05401", "US"),
]
CANADA = [
    Place("Montréal", "H2X 1Y4", "CA", "fr_CA"),
    Place("Toronto", "M6J 1H4", "CA", "en_CA"),
    Place("Vancouver", "V5T 3C1", "CA", "en_CA"),
]
JAPAN = [
    Place("Tokyo", "150-0001", "JP", "ja_JP"),
    Place("Osaka", "530-0001", "JP", "ja_JP"),
]
WAREHOUSE = Place("Newark", "07114", "US")
STORE = Place("Brooklyn", "11211", "US")
# Where these two take returns, as a shop would have entered them at Narvar.
RETURN_LOCATIONS: dict[str, dict[str, Any]] = {
    "NWKDCK": {
        "name": "Newark returns dock",
        "accept_in_store_returns": False,
        "accept_mail_in_returns": True,
        "location": {
            "address1": "1211 Frelinghuysen Avenue",
            "address2": "Door 4",
            "city": WAREHOUSE.city,
            "latitude": 40.698,
            "longitude": -74.1984,
            "phone": "+19735550134",
            "state": "New Jersey",
            "state_code": "NJ",
            "zip": WAREHOUSE.zip,
            "country_code": WAREHOUSE.country,
            "country": "United States",
        },
    },
    "BKLNST": {
        "name": "Brooklyn store",
        "accept_in_store_returns": True,
        "accept_mail_in_returns": False,
        "location": {
            "address1": "212 Bedford Avenue",
            "city": STORE.city,
            "latitude": 40.7169,
            "longitude": -73.9588,
            "phone": "+17185550177",
            "state": "New York",
            "state_code": "NY",
            "zip": STORE.zip,
            "country_code": STORE.country,
            "country": "United States",
        },
    },
}

_FIRST = (
    "Rosa Henry Marta Dev Sam Ines Taro Noor Genevieve Ola Priya Lucas Amara Felix Hana Jonas "
    "Leila Mateo Nadia Oscar Petra Quinn Ravi Sofia Theo Uma Victor Wren Yusuf Zoe"
)
_LAST = (
    "Delgado Okafor Lind Patel Whitaker Carvalho Nakamura Haddad Roy Svensson Raman Moreau "
    "Bello Brandt Sato Keller Farah Rossi Petrov Nilsen Novak Harper Iyer Costa Papas Rao "
    "Marsh Finch Demir Laurent"
)

REASONS = [
    Reason("Too small", "SZ01", "Tight in shoulders", ("Arms are tight across the shoulders.",)),
    Reason("Too big", "SZ02", "Too long", ("A whole size too large for me.", "")),
    Reason("Changed my mind", "CM01"),
    Reason("Does not match description", "DM02", None, ("The colour is nothing like the photo.",)),
    Reason("Damaged", "DG01", "Broken part", ("One of them arrived with a broken zip.",)),
    Reason("Quality not as expected", "QL01", None, ("Seam opened on first wear",)),
    Reason("Color not as expected", "CL01"),
    Reason("Arrived too late", "LT01", None, ("Needed it for a trip that is over <3",)),
    Reason("Wrong item sent", "WI01", None, ("I ordered the blue one & got red.",)),
]
GIFT = Reason("Received as a gift", "GF01", None, ("",))


def person(rng: Random) -> str:
    return f"{rng.choice(_FIRST.split())}.{rng.choice(_LAST.split())}".lower() + "@example.com"


def sku_of(rng: Random, product: Product) -> str:
    return f"{product.sku}-{rng.choice(product.sizes)}" if product.sizes else product.sku
