"""Carriers, and tracking numbers with right lengths and check digits."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Carrier:
    name: str
    code: str
    service: str


UPS = Carrier("UPS", "ups", "Ground")
USPS = Carrier("USPS", "usps", "Ground Advantage")
FEDEX = Carrier("FedEx", "fedex", "Ground")
CANADA_POST = Carrier("Canada Post", "canada_post", "Expedited Parcel")
JAPAN_POST = Carrier("Japan Post", "japan_post", "EMS")


def service_name(carrier: Carrier) -> str:
    return carrier.service if carrier is CANADA_POST else f"{carrier.name} {carrier.service}"


def tracking_number(rng: Random, carrier: Carrier) -> str:
    makers = {"ups": _ups, "usps": _usps, "fedex": _fedex}
    if carrier.code in makers:
        return makers[carrier.code](rng)
    country = "CA" if carrier is CANADA_POST else "JP"
    return f"LK{_digits(rng, 9)}{country}"


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _ups(rng: Random) -> str:
    stem = "7R4E59" + "03" + _digits(rng, 7)
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in stem]
    total = sum(value * (2 if place % 2 else 1) for place, value in enumerate(values))
    return f"1Z{stem}{-total % 10}"


def _usps(rng: Random) -> str:
    stem = "94346002" + _digits(rng, 13)
    total = sum(int(char) * (1 if place % 2 else 3) for place, char in enumerate(stem))
    return f"{stem}{-total % 10}"


def _fedex(rng: Random) -> str:
    stem = "7719" + _digits(rng, 7)
    weights = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
    total = sum(int(char) * weight for char, weight in zip(stem, weights, strict=True))
    return f"{stem}{total % 11 % 10}"
