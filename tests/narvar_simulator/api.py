"""From a request to an answer: route, credentials, quota, fault, operation, record."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tests.narvar_simulator import locations_api, merchant_api, returns_api
from tests.narvar_simulator.messages import Answer, Call, json_answer, refusal
from tests.narvar_simulator.rate_limit import Quota
from tests.narvar_simulator.records import Objection, RequestRecord
from tests.narvar_simulator.world import Shop

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

Operation = Callable[["Narvar", Call], Answer]

_ROUTES = [
    ("POST", r"/api/returns", "create_return"),
    ("GET", r"/api/returns", "get_returns"),
    ("POST", r"/merchant/returns/approval", "approval"),
    ("POST", r"/merchant/returns/shipment_status", "shipment_status"),
    ("POST", r"/api/return_locations", "create_location"),
    ("GET", r"/api/return_locations", "list_locations"),
    ("GET", r"/api/return_locations/(?P<location_id>[^/]+)", "get_location"),
    ("PUT", r"/api/return_locations/(?P<location_id>[^/]+)", "update_location"),
    ("DELETE", r"/api/return_locations/(?P<location_id>[^/]+)", "delete_location"),
]
OPERATIONS: dict[str, Operation] = {
    "create_return": returns_api.create_return,
    "get_returns": returns_api.get_returns,
    "approval": merchant_api.approve,
    "shipment_status": merchant_api.set_shipment_status,
    "create_location": locations_api.create_location,
    "list_locations": locations_api.list_locations,
    "get_location": locations_api.get_location,
    "update_location": locations_api.update_location,
    "delete_location": locations_api.delete_location,
}
_WITH_BODY = {"create_return", "approval", "create_location", "update_location"}
_NO_SHOP = Quota(300, 300, 45, allowed=True)


def answer(narvar: Narvar, method: str, target: str, headers: dict[str, str], raw: bytes) -> Answer:
    """`headers` has its names in lower case."""
    path, _, query_text = target.partition("?")
    record = RequestRecord(
        number=0,
        at=time.time(),
        method=method,
        path=path,
        query=dict(parse_qsl(query_text, keep_blank_values=True)),
        headers={name: value for name, value in headers.items() if name != "authorization"},
        body=raw.decode("utf-8", "replace"),
    )
    with narvar.world.lock:
        record.number = narvar.world.next_number()
        narvar.world.requests.append(record)
    quota, found = _answer(narvar, record, headers, raw)
    time.sleep(narvar.settings.answer_seconds)
    all_headers = quota.headers() | found.headers
    record.status = found.status if found.arrives else None
    return found.but(headers={name: value for name, value in all_headers.items() if value})


def _answer(
    narvar: Narvar, record: RequestRecord, headers: dict[str, str], raw: bytes
) -> tuple[Quota, Answer]:
    record.operation, location_id, wrong_method = _route(record.method, record.path)
    shop, refused = _authenticate(narvar, headers, record.operation)
    if shop is None or refused is not None:
        return _NO_SHOP, refused or refusal(401, "unauthorized")
    record.shop = shop.domain
    quota = narvar.rate_limit.take(shop.domain, shop.limit, shop.window)
    if not quota.allowed:
        return quota, json_answer(429, {"status": "Too Many Requests"})
    if record.operation not in OPERATIONS:
        words = f"no operation {record.method} {record.path}"
        _object(narvar, record, words)
        return quota, refusal(405 if wrong_method else 404, words)
    call = Call(record.operation, shop, record.query, headers, raw, location_id)
    return quota, _operate(narvar, record, call)


def _operate(narvar: Narvar, record: RequestRecord, call: Call) -> Answer:
    fault = narvar.faults.take(call.operation, call.shop.domain)
    call.fault = fault
    record.fault = fault.kind if fault else None
    if call.operation in _WITH_BODY:
        media = call.headers.get("content-type", "").split(";")[0].strip().lower()
        if media != "application/json":
            call.object(f"Content-Type is {media or 'missing'}, not application/json")
    found = Answer(201)
    if fault is None or fault.acts:
        with narvar.world.lock:
            found = OPERATIONS[call.operation](narvar, call)
    for problem in call.problems:
        _object(narvar, record, problem.words)
    return fault.disguise(found) if fault else found


def _route(method: str, path: str) -> tuple[str, str, bool]:
    wrong_method = False
    for verb, pattern, operation in _ROUTES:
        if match := re.fullmatch(pattern, path):
            if verb == method:
                return operation, match.groupdict().get("location_id", ""), False
            wrong_method = True
    return "unknown", "", wrong_method


def _authenticate(
    narvar: Narvar, headers: dict[str, str], operation: str
) -> tuple[Shop | None, Answer | None]:
    pair = _basic(headers.get("authorization", ""))
    with narvar.world.lock:
        owned = [shop for shop in narvar.world.shops.values() if pair in shop.credentials]
    if pair is None or not owned:
        challenge = {"WWW-Authenticate": 'Basic realm="Narvar"'}
        found = refusal(401, "unauthorized")
        return None, found.but(headers=found.headers | challenge)
    domain = headers.get("x-narvar-shop-domain", "")
    if not domain:
        # The spec does not list the header for locations.
        if operation.endswith("_location") or operation == "list_locations":
            return owned[0], None
        return None, refusal(400, "X-Narvar-Shop-Domain is required")
    for shop in owned:
        if shop.domain == domain:
            return shop, None
    return None, refusal(403, f"these credentials are not of {domain}")


def _basic(value: str) -> tuple[str, str] | None:
    scheme, _, token = value.partition(" ")
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = text.partition(":")
    return (username, password) if scheme.lower() == "basic" and colon else None


def _object(narvar: Narvar, record: RequestRecord, words: str) -> None:
    request = {
        "number": record.number,
        "method": record.method,
        "path": record.path,
        "query": record.query,
        "body": record.body,
    }
    objection = Objection(time.time(), record.operation, record.shop, words, request)
    with narvar.world.lock:
        narvar.world.objections.append(objection)
