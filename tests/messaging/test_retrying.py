"""What PostgreSQL breaks off is begun again, a few times and not at once; what fails, fails."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from returns_ops.accounts.models import Shop
from returns_ops.messaging import retrying

DEADLOCK, NOT_SERIALIZABLE, LOCK_TIMEOUT = "40P01", "40001", "55P03"
DIVISION_BY_ZERO, CANCELLED = "22012", "57014"
HANG_UP = "SELECT pg_terminate_backend(pg_backend_pid())"


class Work:
    """Makes a shop each time it is done; the first times the server breaks it off after that."""

    def __init__(self, *, fails: int, by: str) -> None:
        self.tries, self._fails, self._by = 0, fails, by

    def __call__(self) -> str:
        self.tries += 1
        Shop.objects.create(domain=f"try{self.tries}.myshopify.com")
        if self.tries <= self._fails:
            with connection.cursor() as cursor:
                cursor.execute(self._by)
        return "done"


def fail_with(code: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END $$"


def retried(work: Work) -> Callable[[], str]:
    @retrying.retried
    @transaction.atomic
    def unit() -> str:
        return work()

    return unit


def shops() -> list[str]:
    return list(Shop.objects.values_list("domain", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [1, retrying.RETRIES])
@pytest.mark.parametrize(
    "by",
    [*map(fail_with, [DEADLOCK, NOT_SERIALIZABLE, LOCK_TIMEOUT]), HANG_UP],
    ids=["deadlock", "not serializable", "lock time-out", "hang-up"],
)
def test_what_was_broken_off_is_done_once(fails: int, by: str) -> None:
    work = Work(fails=fails, by=by)

    assert retried(work)() == "done"

    assert work.tries == fails + 1
    assert shops() == [f"try{work.tries}.myshopify.com"]


@pytest.mark.django_db(transaction=True)
def test_after_three_retries_it_has_failed_and_nothing_is_changed() -> None:
    work = Work(fails=99, by=fail_with(DEADLOCK))

    with pytest.raises(DatabaseError, match="on purpose"):
        retried(work)()

    assert work.tries == 4
    assert shops() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", [DIVISION_BY_ZERO, CANCELLED])
def test_what_would_fail_again_is_not_tried_again(code: str) -> None:
    work = Work(fails=1, by=fail_with(code))

    with pytest.raises(DatabaseError, match="on purpose"):
        retried(work)()

    assert work.tries == 1
    assert shops() == []


@pytest.mark.django_db(transaction=True)
def test_half_of_a_callers_transaction_is_never_done_again() -> None:
    work = Work(fails=1, by=fail_with(DEADLOCK))

    @transaction.atomic
    def callers() -> None:
        Shop.objects.create(domain="of-the-caller.myshopify.com")
        retried(work)()

    with pytest.raises(DatabaseError, match="on purpose"):
        callers()

    assert work.tries == 1
    assert shops() == []


def test_the_pauses_grow_and_are_left_to_chance() -> None:
    pauses = [[retrying.pause_before(retry) for _ in range(200)] for retry in (1, 2, 3)]

    longest = [max(found) for found in pauses]
    assert all(0 <= pause <= 0.9 for found in pauses for pause in found)
    assert longest == sorted(longest)
    assert all(len(set(found)) > 100 for found in pauses)
