from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import HOOK, SHOP, Caller, Receiver


@pytest.fixture
def narvar() -> Iterator[Simulator]:
    with Simulator(refund_delay=0.0, retry_seconds=0.02, seed=7) as simulator:
        simulator.add_shop(SHOP, username="api-user", password="api-word")
        yield simulator


@pytest.fixture
def caller(narvar: Simulator) -> Caller:
    return Caller(narvar.url)


@pytest.fixture
def receiver(narvar: Simulator) -> Iterator[Receiver]:
    with Receiver() as found:
        narvar.set_webhook(SHOP, url=found.url, **HOOK)
        yield found
