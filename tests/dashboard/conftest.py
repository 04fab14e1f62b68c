from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Case, Parcel, ReturnLocation, Rma, RmaItem, SearchToken
from returns_ops.returns.states import Work
from tests.builders import (
    lift_limits,
    make_item,
    make_package,
    make_parcel,
    make_rma,
    make_staff,
    make_token,
)
from tests.circle import Circle
from tests.dashboard.desk_cases import make_case
from tests.dashboard.location_pages import add, settled, the_only
from tests.narvar.asking import staff


@pytest.fixture
def ana(shop: Shop) -> User:
    """An agent of the shop."""
    return make_staff("ana", shop, Role.AGENT, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def client(ana: User) -> Client:
    """Ana's browser."""
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def rma(shop: Shop) -> Rma:
    """One that can be decided."""
    rma = make_rma(shop, "RM-2001")
    make_item(rma)
    make_package(rma)
    return rma


@pytest.fixture
def item(rma: Rma) -> RmaItem:
    """Three socks of the return, so that it is three socks and a jacket."""
    make_token(rma, rma.rma_number)
    make_token(rma, "SOCKS", SearchToken.Kind.SKU)
    item = make_item(rma, "SOCKS", quantity=3, unit_final=Decimal("8.00"))
    Rma.objects.filter(pk=rma.pk).update(
        estimated_refund=Decimal("73.99"), first_cap=Decimal("73.99")
    )
    return item


@pytest.fixture
def log_in() -> Callable[[User], Client]:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def media(tmp_path: Path, settings: LazySettings) -> None:
    """Photos of this test lie in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def parcel(shop: Shop, wanda: User) -> Parcel:
    """Three units of two kinds, on the shelf since yesterday."""
    return make_parcel(
        shop,
        by=wanda,
        items={"JACKET-M": 2, "X-999": 1},
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        found_at=timezone.now() - timedelta(days=1),
    )


@pytest.fixture
def awaited(shop: Shop) -> Rma:
    """A return that waits for three jackets and a cap."""
    rma = make_rma(shop, "RM-2001", work=Work.TO_RECEIVE)
    make_item(rma, "JACKET-M", quantity=3)
    make_item(rma, "CAP-1")
    for sku in ("JACKET-M", "CAP-1"):
        make_token(rma, sku, SearchToken.Kind.SKU)
    make_token(rma, "RM-2001")
    return rma


@pytest.fixture
def lola(circle: Circle, log_in: Callable[[User], Client]) -> Client:
    """A location admin's browser, and Narvar answers."""
    return log_in(staff(circle, Role.LOCATION_ADMIN))


@pytest.fixture
def andover(circle: Circle, lola: Client) -> ReturnLocation:
    """A location that was made on the screen, and is at Narvar."""
    add(lola)
    settled(circle)
    return the_only()


@pytest.fixture
def case(shop: Shop) -> Case:
    """One that can be settled with a refund."""
    lift_limits(shop)
    return make_case(shop, "RM-1")
