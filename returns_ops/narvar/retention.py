"""All that goes when it is old, from every part of the product."""

from collections.abc import Iterator
from datetime import timedelta

from returns_ops.messaging import retention
from returns_ops.messaging.retention import Kind, Retired
from returns_ops.returns import retention as at_work


def kinds() -> list[Kind]:
    """The small ones first: a long way through the events must not keep them waiting."""
    return [*at_work.kinds(), *retention.kinds()]


def retire(*, until: float) -> list[Retired]:
    return retention.retire(kinds(), until=until)


def would_go() -> list[Retired]:
    return retention.would_go(kinds())


def overdue() -> Iterator[tuple[str, timedelta]]:
    return retention.overdue(kinds())
