import time
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.narvar.connections import Details, Door, connect
from tests.builders import PASSWORD, lift_limits, make_staff
from tests.e2e.stack import Stack
from tests.narvar_simulator.simulator import Simulator

DOMAIN = "larkspur-outfitters.myshopify.com"


@pytest.fixture(autouse=True)
def _quick_settings() -> None:
    """Not here: the web process must know the passwords that we set."""


@pytest.fixture
def narvar() -> Iterator[Simulator]:
    with Simulator(refund_delay=0.3, retry_seconds=0.5) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started once; each test finds the tables empty."""
    running = Stack(var=tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def stack(transactional_db: None, processes: Stack) -> Stack:
    return processes


@pytest.fixture
def connected(stack: Stack, narvar: Simulator) -> Shop:
    """A shop that is connected both ways, with one person for each role."""
    door = _connect(narvar)
    shop = Shop.objects.get(domain=DOMAIN)
    lift_limits(shop)
    narvar.set_webhook(
        DOMAIN,
        url=stack.url + reverse("webhook", args=[shop.uuid]),
        username=door.webhook_username,
        password=door.webhook_password,
    )
    for role in Role:
        make_staff(role.value, shop, role)
    return shop


def _connect(narvar: Simulator) -> Door:
    narvar.add_shop(DOMAIN, username="warehouse-api", password="a-password-of-narvar")
    return connect(
        Details(
            domain=DOMAIN,
            narvar_url=narvar.url,
            narvar_username="warehouse-api",
            narvar_password="a-password-of-narvar",
        )
    )


def log_in(page: Page, stack: Stack, username: str) -> None:
    page.goto(f"{stack.url}/login/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{stack.url}/")


def wait_for(true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Until it is so; the processes beside us need their moment."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)
