"""POST /merchant/returns/approval and POST /merchant/returns/shipment_status."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.narvar_simulator import approval, shapes, strict
from tests.narvar_simulator.messages import Answer, Call, refusal
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import RememberedCall

if TYPE_CHECKING:
    from tests.narvar_simulator.narvar import Narvar


def approve(narvar: Narvar, call: Call) -> Answer:
    try:
        document, problems = shapes.read(call.raw)
    except shapes.NotJson as problem:
        call.object(str(problem))
        return refusal(400, str(problem))
    problems += shapes.check(document, strict.APPROVAL)
    call.problems += problems
    if refused := [problem.words for problem in problems if problem.refused]:
        return refusal(422, *refused)
    rma = narvar.world.rmas.get((call.shop.domain, document["rma_number"]))
    if rma is None:
        return refusal(404, f"RMA {document['rma_number']} not found")
    if (repeat := _repeated(narvar, call, document)) is not None:
        return repeat
    found = strict.approval_problems(document, rma)
    call.problems += found
    if refused := [problem.words for problem in found if problem.refused]:
        if narvar.settings.remember_rejected_ids:
            _remember(narvar, call, document)
        return refusal(422, *refused)
    _remember(narvar, call, document)
    kind = call.fault.kind if call.fault else None
    if kind != "accept_and_forget":
        other = call.fault.options if kind == "refund_other_amount" else None
        approval.apply(narvar, rma, document, other_amount=other)
    return Answer(201)


def _repeated(narvar: Narvar, call: Call, document: Json) -> Answer | None:
    settings = narvar.settings
    call_id = document["call_reference_id"].lower()
    known = narvar.world.recall(call.shop.domain, call_id, settings.forget_call_ids_after)
    if known is None:
        return None
    if known.document != json.loads(call.raw):
        call.object(f"call_reference_id {call_id} sent again with a different body")
    if settings.repeat_status < 300:
        return Answer(settings.repeat_status)
    return refusal(settings.repeat_status, f"call_reference_id {call_id} was already used")


def _remember(narvar: Narvar, call: Call, document: Json) -> None:
    key = (call.shop.domain, document["call_reference_id"].lower())
    narvar.world.calls[key] = RememberedCall(json.loads(call.raw), time.time())
    narvar.world.changed()


def set_shipment_status(narvar: Narvar, call: Call) -> Answer:
    query = call.query
    for name in query:
        if name not in ("rma_number", "shipment_status", "note"):
            call.object(f"unknown parameter {name}")
    if call.raw:
        call.object("shipment_status takes query parameters, not a body")
    problems = _shipment_problems(query)
    for words in problems:
        call.object(words)
    if problems:
        return refusal(422, *problems)
    number = query["rma_number"]
    rma = narvar.world.rmas.get((call.shop.domain, number))
    if rma is None:
        return refusal(404, f"RMA {number} not found")
    if note := query.get("note"):
        rma.notes.append(note)
    if status := query.get("shipment_status"):
        narvar.advance(call.shop.domain, number, status)
    else:
        narvar.world.touch(rma)
        narvar.post_webhook(rma)
    return Answer(201)


def _shipment_problems(query: dict[str, str]) -> list[str]:
    status = query.get("shipment_status")
    problems: list[str] = []
    if not query.get("rma_number"):
        problems.append("rma_number is missing")
    if not status and not query.get("note"):
        problems.append("neither shipment_status nor note")
    if status and status not in strict.SHIPMENT_STATUSES:
        problems.append(f"shipment_status is not one of the spec's words: {status!r}")
    return problems
