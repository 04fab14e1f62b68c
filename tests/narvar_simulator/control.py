"""The control API under /_control/: JSON, for this machine only."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.narvar_simulator.messages import Answer, json_answer, refusal
from tests.narvar_simulator.narvar import Narvar
from tests.narvar_simulator.records import Json, as_json

Action = Callable[[Narvar, dict[str, str], Json, dict[str, str]], Any]


def _health(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    world = narvar.world
    with world.lock:
        return {
            "status": "ok",
            "shops": list(world.shops),
            "rmas": len(world.rmas),
            "refunds": len(world.ledger),
            "requests": len(world.requests),
            "objections": len(world.objections),
            "deliveries": len(world.deliveries),
        }


def _add_shop(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.add_shop(body.pop("domain"), **body)


def _change_shop(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    if "webhook" in body:
        narvar.set_webhook(at["shop"], **body["webhook"])
    if "username" in body:
        keep_old = bool(body.get("keep_old"))
        narvar.set_credentials(
            at["shop"], username=body["username"], password=body["password"], keep_old=keep_old
        )
    if "use_quota" in body:
        narvar.use_quota(at["shop"], int(body["use_quota"]))


def _list_rmas(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    with narvar.world.lock:
        return [
            {"shop": rma.shop, "rma_number": rma.number, "kind": rma.kind, "status": rma.status}
            for rma in narvar.world.rmas.values()
        ]


def _create_rma(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    domain = body.pop("shop", None)
    return narvar.create_rma(domain or next(iter(narvar.world.shops)), **body)


def _rma(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return {
        "body": narvar.body(at["shop"], at["rma"]),
        "notes": narvar.notes(at["shop"], at["rma"]),
    }


def _webhook(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    headers, sent = narvar.webhook(at["shop"], at["rma"])
    return {"headers": headers, "body": sent.decode()}


def _advance(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return narvar.advance(at["shop"], at["rma"], body["status"], send=body.get("send", True))


def _patch(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return narvar.patch_rma(at["shop"], at["rma"], **body)


def _fail(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.fail_next(body.pop("operation"), body.pop("kind"), **body)


def _fail_at_random(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.random_faults(**body)


def _clear_faults(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.clear_faults()


def _faults(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return narvar.faults.waiting()


def _records(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return [as_json(row) for row in getattr(narvar, at["records"])(**query)]


def _send(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.send(body["shop"], body["rma_number"])


def _redeliver(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.redeliver(body["rma_number"], which=body.get("which", -1))


def _release(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    return {"released": narvar.release_held()}


def _settings(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.change_settings(**body)
    return narvar.settings.as_json()


def _wait_idle(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.wait_idle(float(body.get("timeout", 10)))


def _reset(narvar: Narvar, at: dict[str, str], body: Json, query: dict[str, str]) -> Any:
    narvar.reset()


_RMA = r"/rmas/(?P<shop>[^/]+)/(?P<rma>[^/]+)"
_ROUTES: list[tuple[str, str, Action]] = [
    ("GET", r"/health", _health),
    ("POST", r"/shops", _add_shop),
    ("PATCH", r"/shops/(?P<shop>[^/]+)", _change_shop),
    ("GET", r"/rmas", _list_rmas),
    ("POST", r"/rmas", _create_rma),
    ("GET", _RMA, _rma),
    ("PATCH", _RMA, _patch),
    ("GET", _RMA + r"/webhook", _webhook),
    ("POST", _RMA + r"/advance", _advance),
    ("GET", r"/faults", _faults),
    ("POST", r"/faults", _fail),
    ("POST", r"/faults/random", _fail_at_random),
    ("DELETE", r"/faults", _clear_faults),
    ("GET", r"/(?P<records>ledger|requests|objections|deliveries)", _records),
    ("POST", r"/send", _send),
    ("POST", r"/redeliver", _redeliver),
    ("POST", r"/release", _release),
    ("GET", r"/settings", _settings),
    ("POST", r"/settings", _settings),
    ("POST", r"/wait_idle", _wait_idle),
    ("POST", r"/reset", _reset),
]


def answer(narvar: Narvar, client: str, method: str, target: str, raw: bytes) -> Answer:
    if not ipaddress.ip_address(client).is_loopback:
        return refusal(403, "the control API answers to this machine only")
    path, _, query_text = target.partition("?")
    path = path.removeprefix("/_control")
    for verb, pattern, action in _ROUTES:
        if verb == method and (match := re.fullmatch(pattern, path)):
            at = {name: unquote(value) for name, value in match.groupdict().items()}
            return _run(narvar, action, at, raw, dict(parse_qsl(query_text)))
    return refusal(404, f"no control {method} {path}")


def _run(
    narvar: Narvar, action: Action, at: dict[str, str], raw: bytes, query: dict[str, str]
) -> Answer:
    try:
        body = json.loads(raw) if raw else {}
        found = action(narvar, at, body, query)
    except KeyError as problem:
        return refusal(404, f"{problem.args[0]} is missing or unknown")
    except TimeoutError as problem:
        return refusal(504, str(problem))
    except (ValueError, TypeError, AttributeError, IndexError) as problem:
        return refusal(422, str(problem))
    return json_answer(200, {"status": "ok"} if found is None else found)
