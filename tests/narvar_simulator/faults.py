"""Answers that go wrong on purpose."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.narvar_simulator.messages import Answer, json_answer
from tests.narvar_simulator.records import Json

ANY = "any"


@dataclass
class Fault:
    operation: str
    kind: str
    options: Json = field(default_factory=dict)
    shop: str | None = None

    @property
    def acts(self) -> bool:
        """Whether the operation is carried out before its answer is spoilt."""
        return bool(self.options.get("act", self.kind not in _BEFORE))

    def disguise(self, answer: Answer) -> Answer:
        return KINDS[self.kind](answer, self.options)


Disguise = Callable[[Answer, Json], Answer]
_BEFORE = {"reset_before", "hang_before", "status", "rate_limited", "redirect", "failure"}

# They falsify money or cost much time: a soak run has to ask for them by name.
_NEVER_AT_RANDOM = {"redirect", "big", "gzip_bomb", "accept_and_forget", "refund_other_amount"}


def _hang(answer: Answer, options: Json) -> Answer:
    return answer.but(hang=float(options.get("seconds", 30)))


def _reset(answer: Answer, options: Json) -> Answer:
    return answer.but(reset=True)


def _status(answer: Answer, options: Json) -> Answer:
    status = int(options.get("status", 503))
    if "json" in options:
        return json_answer(status, options["json"])
    text = str(options.get("text", "upstream error"))
    return Answer(status, text.encode(), {"Content-Type": "text/plain"})


_ABSURD = {
    "X-Rate-Limit-Limit": "300, 300;w=60",
    "X-Rate-Limit-Remaining": "abc",
    "X-Rate-Limit-Reset": "-5",
}


def _rate_limited(answer: Answer, options: Json) -> Answer:
    """`headers`: "normal", "none", "absurd", or the very headers to send."""
    sent = options.get("headers", "normal")
    found = json_answer(429, {"status": "Too Many Requests"})
    if sent == "none":
        # An empty value tells the server to leave the header out.
        return found.but(headers=found.headers | dict.fromkeys(_ABSURD, ""))
    if sent == "absurd":
        return found.but(headers=found.headers | _ABSURD)
    if sent == "normal":
        reset = str(options.get("reset", 2))
        return found.but(
            headers=found.headers | {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": reset}
        )
    return found.but(headers=found.headers | sent)


def _malformed(answer: Answer, options: Json) -> Answer:
    return answer.but(body=b'{"status": "SUC', headers={"Content-Type": "application/json"})


def _html(answer: Answer, options: Json) -> Answer:
    page = b"<!doctype html><title>Narvar</title><h1>We will be right back</h1>"
    return answer.but(body=page, headers={"Content-Type": "text/html"})


def _empty(answer: Answer, options: Json) -> Answer:
    return answer.but(body=b"", headers={})


def _slow(answer: Answer, options: Json) -> Answer:
    body = answer.body or b" " * int(options.get("length", 64))
    return answer.but(body=body, bytes_per_second=float(options.get("bytes_per_second", 1)))


def _big(answer: Answer, options: Json) -> Answer:
    size = int(float(options.get("megabytes", 5)) * 1_000_000)
    body = b'{"status": "SUCCESS", "padding": "' + b"x" * size + b'"}'
    return answer.but(body=body, headers={"Content-Type": "application/json"})


def _gzip_bomb(answer: Answer, options: Json) -> Answer:
    bomb = gzip.compress(_big(answer, {"megabytes": options.get("megabytes", 50)}).body, 6)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return answer.but(body=bomb, headers=headers)


def _redirect(answer: Answer, options: Json) -> Answer:
    return Answer(int(options.get("status", 302)), b"", {"Location": str(options["location"])})


def _failure(answer: Answer, options: Json) -> Answer:
    message = {
        "code": options.get("code", "RETURN_NOT_UPDATED"),
        "message": options.get("message", "Return could not be updated"),
    }
    return json_answer(
        int(options.get("status", 201)), {"status": "FAILURE", "messages": [message]}
    )


def _lying_length(answer: Answer, options: Json) -> Answer:
    body = answer.body or b'{"status": "SUCCESS"}'
    more = int(options.get("more", 100))
    return answer.but(body=body, claimed_length=max(0, len(body) + more))


def _unchanged(answer: Answer, options: Json) -> Answer:
    return answer


KINDS: dict[str, Disguise] = {
    "act_then_hang": _hang,
    "hang_before": _hang,
    "act_then_reset": _reset,
    "reset_before": _reset,
    "status": _status,
    "status_after": _status,
    "rate_limited": _rate_limited,
    "malformed_json": _malformed,
    "html": _html,
    "empty": _empty,
    "slow": _slow,
    "big": _big,
    "gzip_bomb": _gzip_bomb,
    "redirect": _redirect,
    "failure": _failure,
    "lying_length": _lying_length,
    # These two act wrongly and answer well; the approval looks for them itself.
    "accept_and_forget": _unchanged,
    "refund_other_amount": _unchanged,
}


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._share = 0.0
        self._kinds: list[str] = []
        self._operations: set[str] = set()
        self._options: Json = {}
        self._rng = random.Random()

    def add(
        self,
        operation: str,
        kind: str,
        *,
        times: int = 1,
        shop: str | None = None,
        **options: Any,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        if kind == "redirect" and "location" not in options:
            raise ValueError("a redirect needs its location")
        with self._lock:
            self._waiting += [Fault(operation, kind, dict(options), shop) for _ in range(times)]

    def random(
        self,
        *,
        share: float,
        kinds: list[str] | None = None,
        seed: int | None = None,
        operations: list[str] | None = None,
        **options: Any,
    ) -> None:
        """From now on that share of calls goes wrong; a share of 0 ends it."""
        chosen = kinds or [kind for kind in KINDS if kind not in _NEVER_AT_RANDOM]
        if strangers := [kind for kind in chosen if kind not in KINDS]:
            raise ValueError(f"no such fault: {', '.join(strangers)}")
        with self._lock:
            self._share, self._kinds, self._options = share, chosen, dict(options)
            self._operations = set(operations or [])
            self._rng = random.Random(seed)

    def take(self, operation: str, shop: str) -> Fault | None:
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.operation in (operation, ANY) and fault.shop in (None, shop):
                    return self._waiting.pop(place)
            if self._operations and operation not in self._operations:
                return None
            if self._share and self._rng.random() < self._share:
                return Fault(operation, self._rng.choice(self._kinds), self._options)
        return None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._share = 0.0

    def waiting(self) -> list[Json]:
        with self._lock:
            return [json.loads(json.dumps(vars(fault))) for fault in self._waiting]
