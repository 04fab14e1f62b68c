"""POST /api/returns and GET /api/returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.narvar_simulator import shapes, strict
from tests.narvar_simulator.messages import Answer, Call, json_answer, refusal
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import Rma, iso_micros

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar

_SUBJECTS = ("rma_number", "order_number", "email")
_TIMES = ("created_since", "created_max", "updated_since", "updated_max")
_METHODS = {
    "keep_the_item": "keep_the_item",
    "return_in_store": "in_store",
    "ship_on_your_own": "self",
}


def get_returns(narvar: Narvar, call: Call) -> Answer:
    query, problems = call.query, _query_problems(call.query, narvar.settings.time_filter_alone)
    for words in problems:
        call.object(words)
    refused = [words for words in problems if not words.startswith("unknown parameter")]
    if refused:
        return refusal(422, *refused)
    if (number := query.get("rma_number")) and (call.shop.domain, number) not in narvar.world.rmas:
        if narvar.settings.unknown_rma_is_empty_list:
            return json_answer(200, {"returns": [], "next_timestamp": None})
        return refusal(404, f"RMA {number} not found")
    rows = [rma for rma in narvar.world.rmas.values() if rma.shop == call.shop.domain]
    rows = [rma for rma in rows if _is_about(rma, query)]
    return json_answer(200, _page(rows, query))


def _query_problems(query: dict[str, str], time_filter_alone: bool) -> list[str]:
    known = {*_SUBJECTS, *_TIMES, "limit"}
    problems = [f"unknown parameter {name}" for name in query if name not in known]
    if not any(query.get(name) for name in _SUBJECTS) and not time_filter_alone:
        problems.append("one of rma_number, order_number or email is required")
    times = [name for name in _TIMES if name in query]
    if len(times) > 1:
        problems.append(f"only one of {', '.join(times)} can be specified")
    if not times and not query.get("rma_number"):
        problems.append("without rma_number a filter by creation or update time is required")
    for name in times:
        if _moment(query[name]) is None:
            problems.append(f"{name} is not an ISO 8601 date-time: {query[name]}")
    limit = query.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= 50):
        problems.append(f"limit is not between 1 and 50: {limit}")
    return problems


def _moment(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(found.timestamp(), 6) if found.tzinfo else None


def _is_about(rma: Rma, query: dict[str, str]) -> bool:
    return all(
        str(rma.body.get(name, "")).lower() == query[name].lower()
        for name in _SUBJECTS
        if query.get(name)
    )


def _page(rows: list[Rma], query: dict[str, str]) -> Json:
    """Both bounds include their moment, and the next page begins at the first row left over.

    So no row is ever lost, and rows of one and the same moment may come twice.
    """
    name = next((name for name in _TIMES if name in query), "updated_since")
    backwards = name.endswith("_max")
    when: Callable[[Rma], float] = lambda rma: (  # noqa: E731
        rma.created_at if name.startswith("created") else rma.updated_at
    )
    bound = _moment(query[name]) if name in query else None
    if bound is not None:
        rows = [r for r in rows if (when(r) <= bound if backwards else when(r) >= bound)]
    rows.sort(key=when, reverse=backwards)
    limit = int(query.get("limit", "50"))
    more = rows[limit : limit + 1]
    return {
        "returns": [rma.body for rma in rows[:limit]],
        "next_timestamp": iso_micros(when(more[0])) if more else None,
    }


def create_return(narvar: Narvar, call: Call) -> Answer:
    try:
        document, problems = shapes.read(call.raw)
    except shapes.NotJson as problem:
        call.object(str(problem))
        return refusal(400, str(problem))
    problems += shapes.check(document, strict.CREATE_RETURN)
    call.problems += problems
    if refused := [problem.words for problem in problems if problem.refused]:
        return refusal(400, *refused)
    if not document["returnItems"] and not document["exchangeItems"]:
        call.object("nothing to return or exchange")
        return refusal(400, "nothing to return or exchange")
    body = narvar.create_rma(call.shop.domain, **_wishes(json.loads(call.raw)))
    label = body.get("label_url", "")
    return json_answer(
        201,
        {
            "shipping_label": label,
            "qr_code": label.replace(".pdf", "-qr.png"),
            "rma_number": body["rma_number"],
        },
    )


def _wishes(document: Json) -> Json:
    method = _METHODS.get(document["shippingMethod"], "mail")
    wishes: Json = {"kind": "mail", "return_method": method, "locale": document["locale"]}
    wishes["items"] = [_line(row, "return") for row in document["returnItems"]]
    wishes["items"] += [_line(row, "exchange") for row in document["exchangeItems"]]
    renamed = (
        ("orderNumber", "order_number"),
        ("email", "email"),
        ("selectedRefundMethod", "refund_method"),
    )
    wishes |= {ours: document[theirs] for theirs, ours in renamed if document.get(theirs)}
    address = document.get("fromAddress") or {}
    for theirs, ours in (("postalCode", "origin_zip"), ("city", "origin_city")):
        if address.get(theirs):
            wishes[ours] = address[theirs]
    return wishes


def _line(row: Json, transaction_type: str) -> Json:
    # The spec's page has lost its indentation: reasons may stand in returnItem or beside it.
    facts: dict[str, Any] = row | (row.get("returnItem") or {})
    found: Json = {"quantity": facts.get("quantity", 1), "transaction_type": transaction_type}
    digits = str(facts.get("lineItemId", "")).rsplit("/", 1)[-1]
    if digits:
        found["item_id"] = digits
    if facts.get("returnReason"):
        found["reason"] = facts["returnReason"]
    if facts.get("returnReasonId"):
        found["reason_code"] = facts["returnReasonId"]
    return found
