from decimal import Decimal
from typing import Any

import pytest

from tests.narvar.wire.bodies import read

LISTED = {"letter": "A", "return_tracking_number": "1Z1", "return_tracking_company": "ups"}
SINGLE = {"tracking_number": "1Z1", "carrier": "UPS", "shipping_fee": "6.95"}


def test_the_list_wins_and_the_single_one_fills_its_gaps() -> None:
    found = read(package={**SINGLE, "carrier_service_method": "Ground"}, packages=[LISTED])

    (package,) = found.packages
    assert (package.carrier, package.service, package.shipping_fee) == (
        "ups",
        "Ground",
        Decimal("6.95"),
    )
    assert package.extra == {"package": {"carrier": "UPS"}}
    assert (found.extra, found.flags) == ({}, ())


@pytest.mark.parametrize("packages", [[], None])
def test_the_single_one_alone_is_a_package(packages: Any) -> None:
    found = read(package=SINGLE, packages=packages)

    (package,) = found.packages
    assert (package.tracking_number, package.carrier) == ("1Z1", "UPS")
    assert package.shipping_fee == Decimal("6.95")


def test_the_single_one_gives_its_number_to_the_only_listed_one() -> None:
    found = read(package=SINGLE, packages=[{**LISTED, "return_tracking_number": None}])

    assert [package.tracking_number for package in found.packages] == ["1Z1"]


def test_a_single_one_with_another_number_is_one_more() -> None:
    found = read(package={"tracking_number": "1Z9"}, packages=[LISTED])

    assert [package.tracking_number for package in found.packages] == ["1Z1", "1Z9"]
    assert found.flags == ("package is none of packages[]: kept as one more",)


def test_a_single_one_without_number_beside_several_is_kept_aside() -> None:
    found = read(package={"carrier": "UPS"}, packages=[LISTED, LISTED])

    assert len(found.packages) == 2
    assert found.extra == {"package": {"carrier": "UPS"}}


@pytest.mark.parametrize("package", [None, "", {}, {"tracking_number": "", "carrier": None}])
def test_an_empty_single_one_is_no_package(package: Any) -> None:
    found = read(package=package)

    assert (found.packages, found.extra, found.flags) == ((), {}, ())


def test_the_deprecated_fee_is_read_where_there_is_no_other() -> None:
    found = read(package={"tracking_number": "1Z1", "estimated_actual_shipping_fee": "5.99"})

    assert found.packages[0].shipping_fee == Decimal("5.99")


def test_different_fees_are_both_kept() -> None:
    found = read(package=SINGLE, packages=[{**LISTED, "shipping_fee": 7}])

    assert found.packages[0].shipping_fee == 7
    assert found.packages[0].extra == {"package": {"carrier": "UPS", "shipping_fee": "6.95"}}
