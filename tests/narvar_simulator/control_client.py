"""The methods of `Simulator` for one that runs as another process."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.narvar_simulator.records import (
    Delivery,
    Json,
    LedgerRow,
    Objection,
    RequestRecord,
    delivery_from_json,
)


class ControlError(Exception):
    """The control API refused."""


class ControlClient:
    def __init__(self, url: str, *, timeout: float = 15.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout

    def health(self) -> Json:
        found: Json = self._call("GET", "/health")
        return found

    def add_shop(self, domain: str, *, username: str, password: str, **more: Any) -> None:
        facts = {"domain": domain, "username": username, "password": password}
        self._call("POST", "/shops", facts | more)

    def set_webhook(self, domain: str, *, url: str, username: str, password: str) -> None:
        target = {"url": url, "username": username, "password": password}
        self._call("PATCH", f"/shops/{domain}", {"webhook": target})

    def set_credentials(
        self, domain: str, *, username: str, password: str, keep_old: bool = False
    ) -> None:
        pair = {"username": username, "password": password, "keep_old": keep_old}
        self._call("PATCH", f"/shops/{domain}", pair)

    def use_quota(self, domain: str, calls: int) -> None:
        self._call("PATCH", f"/shops/{domain}", {"use_quota": calls})

    def rmas(self) -> list[Json]:
        found: list[Json] = self._call("GET", "/rmas")
        return found

    def create_rma(self, domain: str, **wishes: Any) -> Json:
        found: Json = self._call("POST", "/rmas", {"shop": domain} | wishes)
        return found

    def advance(self, domain: str, rma_number: str, status: str, *, send: bool = True) -> Json:
        path = f"{_rma(domain, rma_number)}/advance"
        found: Json = self._call("POST", path, {"status": status, "send": send})
        return found

    def patch_rma(self, domain: str, rma_number: str, *, send: bool = False, **keys: Any) -> Json:
        found: Json = self._call("PATCH", _rma(domain, rma_number), {"send": send} | keys)
        return found

    def body(self, domain: str, rma_number: str) -> Json:
        found: Json = self._call("GET", _rma(domain, rma_number))["body"]
        return found

    def notes(self, domain: str, rma_number: str) -> list[str]:
        found: list[str] = self._call("GET", _rma(domain, rma_number))["notes"]
        return found

    def webhook(self, domain: str, rma_number: str) -> tuple[dict[str, str], bytes]:
        found = self._call("GET", f"{_rma(domain, rma_number)}/webhook")
        return found["headers"], found["body"].encode()

    def send(self, domain: str, rma_number: str) -> None:
        self._call("POST", "/send", {"shop": domain, "rma_number": rma_number})

    def redeliver(self, rma_number: str, *, which: int = -1) -> None:
        self._call("POST", "/redeliver", {"rma_number": rma_number, "which": which})

    def release_held(self) -> int:
        return int(self._call("POST", "/release", {})["released"])

    def fail_next(self, operation: str, kind: str, **options: Any) -> None:
        self._call("POST", "/faults", {"operation": operation, "kind": kind} | options)

    def random_faults(self, *, share: float, **options: Any) -> None:
        self._call("POST", "/faults/random", {"share": share} | options)

    def clear_faults(self) -> None:
        self._call("DELETE", "/faults")

    def change_settings(self, **changes: Any) -> None:
        self._call("POST", "/settings", changes)

    def ledger(self, **match: str) -> list[LedgerRow]:
        return [LedgerRow(**row) for row in self._records("ledger", match)]

    def requests(self, **match: str) -> list[RequestRecord]:
        return [RequestRecord(**row) for row in self._records("requests", match)]

    def objections(self, **match: str) -> list[Objection]:
        return [Objection(**row) for row in self._records("objections", match)]

    def deliveries(self, **match: str) -> list[Delivery]:
        return [delivery_from_json(row) for row in self._records("deliveries", match)]

    def wait_idle(self, timeout: float = 10.0) -> None:
        self._call("POST", "/wait_idle", {"timeout": timeout}, timeout=timeout + 5)

    def reset(self) -> None:
        self._call("POST", "/reset", {})

    def _records(self, name: str, match: dict[str, str]) -> list[Json]:
        query = f"?{urllib.parse.urlencode(match)}" if match else ""
        found: list[Json] = self._call("GET", f"/{name}{query}")
        return found

    def _call(
        self, method: str, path: str, body: Json | None = None, *, timeout: float | None = None
    ) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_control{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout or self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            words = refused.read().decode("utf-8", "replace")
            if refused.code == 504:
                raise TimeoutError(words) from refused
            raise ControlError(f"{method} {path}: {refused.code} {words}") from refused


def _rma(domain: str, rma_number: str) -> str:
    return f"/rmas/{urllib.parse.quote(domain, safe='')}/{urllib.parse.quote(rma_number, safe='')}"
