"""Narvar hangs up after six seconds: rather a quick 503 than a 200 that comes too late."""

import time

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from returns_ops import failpoints
from returns_ops.messaging.models import Event
from returns_ops.narvar.patience import queued_seconds
from tests.circle import Circle, close_circle
from tests.narvar_simulator import Simulator

NOW = 1_792_341_155.5


@pytest.fixture
def circle(transactional_db: None, narvar: Simulator) -> Circle:
    return close_circle(narvar)


def knock(circle: Circle, waited: float) -> int:
    headers = {"Authorization": circle.authorization, "X-Request-Start": f"t={stamp(waited)}"}
    answer = Client().post(circle.path, b'{"rma_number": "R1"}', "text/plain", headers=headers)
    return answer.status_code


def stamp(waited: float) -> str:
    return f"{time.time() - waited:.3f}"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("t=1792341153.500", 2),
        ("t=1792341153.5", 2),
        ("1792341153.5", 2),
        ("t=1792341153500", 2),
        ("t=1792341153500000", 2),
        (" t=1792341153 ", 2.5),
        ("t=1792341160.0", 0),
        ("t=1792340000.0", 0),
        ("t=yesterday", 0),
        ("t=179234115", 0),
        ("t=1792341153.5.5", 0),
        ("t=١٧٩٢٣٤١١٥٣", 2.5),
        ("", 0),
    ],
    ids=ascii,
)
def test_the_proxy_says_when_it_took_the_request(header: str, seconds: float) -> None:
    assert queued_seconds(header, NOW) == pytest.approx(seconds, abs=0.01)


def test_what_waited_too_long_is_turned_away_without_a_query(
    circle: Circle, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert knock(circle, waited=3.2) == 503

    assert not Event.objects.exists()


@pytest.mark.parametrize("waited", [0, 2.5, 3600, -5])
def test_a_short_wait_and_a_wrong_clock_change_nothing(circle: Circle, waited: float) -> None:
    assert knock(circle, waited=waited) == 200


def test_an_answer_that_would_come_too_late_is_no_200_and_the_retry_is_counted(
    circle: Circle,
) -> None:
    with failpoints.armed("ingress.after_commit:sleep:1.5"):
        assert knock(circle, waited=2.8) == 503

    assert knock(circle, waited=0) == 200
    assert Event.objects.get().deliveries == 2
