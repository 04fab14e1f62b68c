from __future__ import annotations

import pytest

from tests.narvar_simulator import Simulator
from tests.narvar_simulator_tests.support import OTHER_SHOP, SHOP, Caller

READ = "/api/returns?rma_number=X"


def test_wrong_credentials_are_turned_away(narvar: Simulator, caller: Caller) -> None:
    reply = Caller(narvar.url, password="wrong").call("GET", READ)

    assert reply.status == 401
    assert "WWW-Authenticate" in reply.headers


def test_a_call_without_credentials_is_turned_away(narvar: Simulator, caller: Caller) -> None:
    assert caller.call("GET", READ, headers={"Authorization": ""}).status == 401


def test_the_shop_header_is_required(narvar: Simulator, caller: Caller) -> None:
    assert Caller(narvar.url, shop=None).call("GET", READ).status == 400


def test_locations_need_no_shop_header(narvar: Simulator, caller: Caller) -> None:
    assert Caller(narvar.url, shop=None).call("GET", "/api/return_locations").status == 200


def test_credentials_of_another_shop_are_forbidden(narvar: Simulator, caller: Caller) -> None:
    narvar.add_shop(OTHER_SHOP, username="other", password="word")

    assert Caller(narvar.url, shop=OTHER_SHOP).call("GET", READ).status == 403


def test_old_credentials_can_overlap_with_new_ones(narvar: Simulator, caller: Caller) -> None:
    renewed = Caller(narvar.url, "new", "word")

    narvar.set_credentials(SHOP, username="new", password="word", keep_old=True)
    overlap = [who.call("GET", READ).status for who in (caller, renewed)]
    narvar.set_credentials(SHOP, username="new", password="word")
    after = [who.call("GET", READ).status for who in (caller, renewed)]

    assert (overlap, after) == ([404, 404], [401, 404])


@pytest.mark.provokes_objections
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/merchant/returns/approval", 405)],
)
def test_an_unknown_operation_is_objected_to(
    narvar: Simulator, caller: Caller, method: str, path: str, status: int
) -> None:
    assert caller.call(method, path).status == status
    assert len(narvar.objections()) == 1


def test_every_answer_tells_the_rate_limit(narvar: Simulator, caller: Caller) -> None:
    replies = [caller.call("GET", READ) for _ in range(2)]

    assert [reply.headers["X-Rate-Limit-Limit"] for reply in replies] == ["300", "300"]
    assert [reply.headers["X-Rate-Limit-Remaining"] for reply in replies] == ["299", "298"]
    assert 1 <= int(replies[0].headers["X-Rate-Limit-Reset"]) <= 45


def test_above_the_limit_is_429_until_the_window_ends(narvar: Simulator, caller: Caller) -> None:
    narvar.add_shop(SHOP, username="api-user", password="api-word", limit=2, window=0.3)

    statuses = [caller.call("GET", READ).status for _ in range(3)]
    refused = caller.call("GET", READ)
    narvar.rate_limit.forget()

    assert statuses == [404, 404, 429]
    assert refused.json == {"status": "Too Many Requests"}
    assert refused.headers["X-Rate-Limit-Remaining"] == "0"
    assert caller.call("GET", READ).status == 404


def test_somebody_else_can_use_up_the_quota(narvar: Simulator, caller: Caller) -> None:
    narvar.use_quota(SHOP, 250)

    assert caller.call("GET", READ).headers["X-Rate-Limit-Remaining"] == "49"


def test_shops_have_their_own_limits(narvar: Simulator, caller: Caller) -> None:
    narvar.add_shop(OTHER_SHOP, username="other", password="word")
    narvar.use_quota(SHOP, 300)

    other = Caller(narvar.url, "other", "word", OTHER_SHOP).call("GET", READ)

    assert caller.call("GET", READ).status == 429
    assert other.status == 404


def test_requests_are_recorded_without_credentials(narvar: Simulator, caller: Caller) -> None:
    caller.returns(rma_number="X")

    (record,) = narvar.requests(operation="get_returns")
    assert (record.method, record.path, record.status) == ("GET", "/api/returns", 404)
    assert record.query == {"rma_number": "X"}
    assert record.headers["x-narvar-shop-domain"] == SHOP
    assert "authorization" not in record.headers


def test_a_connection_serves_many_calls(narvar: Simulator, caller: Caller) -> None:
    connection = caller.connect()
    statuses = []
    for _ in range(3):
        connection.request("GET", READ, headers=caller.headers())
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()

    assert statuses == [404, 404, 404]
