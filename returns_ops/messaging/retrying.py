"""A transaction that PostgreSQL broke off, so that others could go on, is begun again."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection

log = structlog.get_logger(__name__)

RETRIES = 3
# Deadlock, could not serialize, waited too long for a lock; then the ends of the server itself.
BROKEN_OFF = {"40P01", "40001", "55P03", "57P01", "57P02", "57P03"}

Given = ParamSpec("Given")
Result = TypeVar("Result")


def retried(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """For a unit that is one transaction, and that changes nothing when it was done before.

    It may have been: a connection that breaks at the commit does not tell.
    """

    name = f"{work.__module__}.{work.__qualname__}"

    @wraps(work)
    def run(*args: Given.args, **named: Given.kwargs) -> Result:
        for retry in range(1, RETRIES + 1):
            try:
                return work(*args, **named)
            except OperationalError as error:
                # In a transaction of the caller's all is lost already: it must be begun again.
                if connection.in_atomic_block or not is_bad_luck(error):
                    raise
                log.warning("broken_off", work=name, retry=retry, problem=str(error))
                connection.close_if_unusable_or_obsolete()
                time.sleep(pause_before(retry))
        return work(*args, **named)

    return run


def is_bad_luck(error: OperationalError) -> bool:
    """Without a code it was not the server that spoke: the connection broke."""
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code in BROKEN_OFF


def pause_before(retry: int) -> float:
    """Up to 0.1, 0.3 and 0.9 s, by chance: those who met once should not meet again."""
    return random.uniform(0, 0.1 * 3 ** (retry - 1))
