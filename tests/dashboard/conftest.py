from collections.abc import Callable

import pytest
from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Rma
from tests.builders import make_item, make_package, make_rma, make_staff


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
def log_in() -> Callable[[User], Client]:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in
