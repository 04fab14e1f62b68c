"""Fixtures for all tests. The database and Redis are real; see `make test`."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client, TransactionTestCase

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.invariants import broken
from tests.builders import make_shop, make_staff
from tests.circle import Circle, close_circle
from tests.narvar_simulator import Simulator

# Playwright runs an event loop of its own; the ORM is still called from one thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

KEPT_BETWEEN_TESTS = {"django_content_type", "auth_permission", "django_migrations"}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOW = "No Chromium on PATH: the browser tests are skipped. On Debian: apt-get install chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are skipped without a browser, unless it is known to be there."""
    for item in items:
        if (
            item.get_closest_marker("e2e")
            and not CHROMIUM
            and not os.environ.get("REQUIRE_BROWSER")
        ):
            item.add_marker(pytest.mark.skip(reason=HOW))


def _empty_the_tables(case: TransactionTestCase) -> None:
    """In place of Django's `flush`, whose TRUNCATE makes 300 files anew and takes 50 times as long.

    A replica runs no trigger, so neither foreign keys nor the rows that must never go object.
    """
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    deletes = [f'DELETE FROM "{table}"' for table in sorted(tables - KEPT_BETWEEN_TESTS)]
    replica, origin = (f"SET session_replication_role = {role}" for role in ("replica", "origin"))
    for may_fail in (True, True, False):
        try:
            with connection.cursor() as cursor:
                cursor.execute("; ".join([replica, *deletes, origin]))
        except OperationalError:  # a process of the test, still at work, came in between
            if not may_fail:
                raise
        else:
            break


TransactionTestCase._fixture_teardown = _empty_the_tables  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    return {"executable_path": CHROMIUM, "headless": True, "args": quiet}


@pytest.fixture(autouse=True)
def _quick_settings(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.HOLD_SECONDS = 0


@pytest.fixture(autouse=True)
def _nothing_to_object_to(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No simulator that a test starts may object to a call, but where the test provokes it."""
    started: list[Simulator] = []
    make = Simulator.__init__

    def noted(simulator: Simulator, **given: Any) -> None:
        started.append(simulator)
        make(simulator, **given)

    monkeypatch.setattr(Simulator, "__init__", noted)
    yield
    if not request.node.get_closest_marker("provokes_objections"):
        objections = [one for simulator in started for one in simulator.objections()]
        assert objections == []


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def wanda(shop: Shop) -> User:
    """Warehouse staff of the shop."""
    return make_staff("wanda", shop, Role.WAREHOUSE)


@pytest.fixture
def wandas_client(wanda: User) -> Client:
    client = Client()
    client.force_login(wanda)
    return client


@pytest.fixture
def invariants_hold(db: None) -> Iterator[None]:
    """Afterwards, every promise about messages and money must hold."""
    yield
    assert broken() == []


@pytest.fixture
def narvar() -> Iterator[Simulator]:
    with Simulator(refund_delay=0.0, retry_seconds=0.2) as simulator:
        yield simulator


@pytest.fixture
def circle(transactional_db: None, narvar: Simulator) -> Iterator[Circle]:
    """Afterwards the promises hold."""
    yield close_circle(narvar)
    assert broken() == []
