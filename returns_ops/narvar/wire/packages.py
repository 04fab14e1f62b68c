"""Parcels: the list, and the single `package` of older bodies, which says the same otherwise."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.words import RETURN_METHODS
from returns_ops.returns.snapshot import PackageSnapshot

LEGACY = "package"
DESTINATION = {
    "destination_city": "destination_city",
    "destination_postal_code": "destination_postal_code",
    "destination_country": "destination_country_code",
    "destination_id": "destination_gid",
}
LISTED = DESTINATION | {
    "letter": "letter",
    "carrier": "return_tracking_company",
    "service": "carrier_service_name",
    "tracking_link": "tracking_link",
}
SINGLE = {
    "destination_city": "destination_city",
    "destination_postal_code": "destination_zip",
    "destination_country": "destination_country",
    "destination_id": "destination_id",
    "carrier": "carrier",
    "service": "carrier_service_method",
}


def read_packages(rma: Section) -> tuple[PackageSnapshot, ...]:
    listed = [_listed(row) for row in rma.rows("packages")]
    raw, section = rma.peek(LEGACY), rma.section(LEGACY)
    if section is None or (single := _single(section)) == PackageSnapshot():
        return tuple(listed)
    place = _twin(single, listed)
    if place is not None:
        listed[place] = _merged(listed[place], single)
    elif not listed:
        listed.append(single)
    elif single.tracking_number:
        section.remarks.add(f"{LEGACY} is none of packages[]: kept as one more")
        listed.append(single)
    else:
        rma.keep(LEGACY, raw)
    return tuple(listed)


def _listed(row: Section) -> PackageSnapshot:
    method = row.take("return_method", values.lower, "")
    if method and method not in RETURN_METHODS:
        row.remarks.unknown_word(row.label("return_method"), method)
    return PackageSnapshot(
        **row.texts(LISTED),
        tracking_number=row.name("return_tracking_number"),
        return_method=method,
        shipping_fee=row.take("shipping_fee", values.money, None),
        extra=row.extra(),
    )


def _single(row: Section) -> PackageSnapshot:
    return PackageSnapshot(
        **row.texts(SINGLE),
        tracking_number=row.name("tracking_number"),
        shipping_fee=row.first(
            ("shipping_fee", "estimated_actual_shipping_fee"), values.money, None
        ),
        extra=row.extra(),
    )


def _twin(single: PackageSnapshot, listed: Sequence[PackageSnapshot]) -> int | None:
    """The listed parcel that `package` speaks of: same number, or no other is possible."""
    numbers = [package.tracking_number for package in listed]
    if single.tracking_number in numbers and single.tracking_number:
        return numbers.index(single.tracking_number)
    return 0 if len(listed) == 1 and not (numbers[0] and single.tracking_number) else None


def _merged(listed: PackageSnapshot, single: PackageSnapshot) -> PackageSnapshot:
    """The listed one wins; what only the single one says is added, what it says else is kept."""
    told = {name: value for name, value in asdict(single).items() if value not in (None, "", {})}
    filled = {name: value for name, value in told.items() if getattr(listed, name) in (None, "")}
    aside = {
        name: value
        for name, value in told.items()
        if name not in filled and value != getattr(listed, name)
    }
    extra: dict[str, Any] = {**listed.extra}
    if aside:
        extra[LEGACY] = {name: _plain(value) for name, value in aside.items()}
    return replace(listed, **{**filled, "extra": extra})


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | dict) else str(value)
