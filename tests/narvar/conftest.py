from collections.abc import Iterator

import pytest

from returns_ops.returns.invariants import broken
from tests.circle import Circle, close_circle
from tests.narvar_simulator import Simulator


@pytest.fixture
def narvar() -> Iterator[Simulator]:
    with Simulator(refund_delay=0.0, retry_seconds=0.2) as simulator:
        yield simulator


@pytest.fixture
def circle(transactional_db: None, narvar: Simulator) -> Iterator[Circle]:
    """Afterwards the promises hold, and Narvar has nothing to object to."""
    yield close_circle(narvar)
    assert broken() == []
    assert narvar.objections() == []
