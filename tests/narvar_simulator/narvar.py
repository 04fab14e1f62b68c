"""Narvar itself: the world and what can be done in it, without any HTTP."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from tests.narvar_simulator import new_rma, refunds, webhook
from tests.narvar_simulator.api import OPERATIONS
from tests.narvar_simulator.faults import ANY, Faults
from tests.narvar_simulator.lines import add_state
from tests.narvar_simulator.payloads import ONLY_OF_THE_RMA
from tests.narvar_simulator.rate_limit import RateLimit
from tests.narvar_simulator.records import Delivery, Json, LedgerRow, Objection, RequestRecord
from tests.narvar_simulator.scheduler import Scheduler
from tests.narvar_simulator.sender import Sender
from tests.narvar_simulator.settings import Settings
from tests.narvar_simulator.world import Rma, Shop, World, iso_millis


class Narvar:
    def __init__(self, *, seed: int | None = None, **settings: Any) -> None:
        self.world = World(seed)
        self.settings = Settings()
        self.settings.change(settings)
        self.faults = Faults()
        self.rate_limit = RateLimit()
        self.scheduler = Scheduler()
        self.sender = Sender(self.world, self.settings, self.scheduler)

    # Shops.

    def add_shop(
        self,
        domain: str,
        *,
        username: str,
        password: str,
        webhook: Json | None = None,
        limit: int = 300,
        window: float = 45.0,
        currency: str = "USD",
    ) -> None:
        """A shop that is already there keeps its RMAs and locations."""
        with self.world.lock:
            shop = self.world.shops.setdefault(domain, Shop(domain, []))
            shop.credentials = [(username, password)]
            shop.limit, shop.window, shop.currency = limit, window, currency
            shop.webhook = webhook or shop.webhook
            self.world.changed()

    def set_webhook(self, domain: str, *, url: str, username: str, password: str) -> None:
        with self.world.lock:
            self.world.shops[domain].webhook = {
                "url": url,
                "username": username,
                "password": password,
            }
            self.world.changed()

    def set_credentials(
        self, domain: str, *, username: str, password: str, keep_old: bool = False
    ) -> None:
        with self.world.lock:
            shop = self.world.shops[domain]
            shop.credentials = [(username, password), *(shop.credentials if keep_old else [])]
            self.world.changed()

    def use_quota(self, domain: str, calls: int) -> None:
        """Somebody else with the same credentials makes that many calls."""
        shop = self.world.shops[domain]
        self.rate_limit.take(domain, shop.limit, shop.window, calls=calls)

    # RMAs.

    def create_rma(
        self,
        domain: str,
        *,
        kind: str = "mail",
        status: str | None = None,
        send: bool = True,
        created_at: float | None = None,
        updated_at: float | None = None,
        **overrides: Any,
    ) -> Json:
        """A new RMA; any top-level key of its body may be given, items and policy in part."""
        with self.world.lock:
            rma = new_rma.make(
                self.world,
                self.world.shops[domain],
                kind=kind,
                status=status,
                created_at=created_at,
                updated_at=updated_at,
                overrides=copy.deepcopy(overrides),
            )
            if send:
                self.post_webhook(rma)
            return copy.deepcopy(rma.body)

    def advance(self, domain: str, rma_number: str, status: str, *, send: bool = True) -> Json:
        """Something happened to the return: its items follow, and the shop's rules run."""
        with self.world.lock:
            rma, now = self.world.rma(domain, rma_number), time.time()
            rma.body["return_status"] = status
            if status not in ONLY_OF_THE_RMA:
                for row in rma.body["items"]:
                    add_state(row, status, int(row["quantity"]), now)
            new_rma.befall(self.world, rma, status)
            self.run_rules(rma, status, with_refund=True)
            self.world.touch(rma)
            if send:
                self.post_webhook(rma)
            return copy.deepcopy(rma.body)

    def run_rules(self, rma: Rma, status: str, *, with_refund: bool) -> None:
        """What the policy sets off at this status."""
        policy = rma.body["policy"]
        for event in ("restock", "mark_as_paid", "reserve_inventory"):
            due = policy.get(f"{event}_at") == status
            if due and not policy.get(f"{event}_succeeded_at"):
                policy[f"{event}_succeeded_at"] = iso_millis(time.time())
        if with_refund and policy.get("refund_at") == status:
            amount = refunds.remaining(rma)
            if amount > 0 and not refunds.already_refunded(rma):
                refunds.start(self, rma, amount, source="narvar")

    def patch_rma(self, domain: str, rma_number: str, *, send: bool = False, **keys: Any) -> Json:
        """Overwrite keys of the body; `policy` is merged."""
        with self.world.lock:
            rma = self.world.rma(domain, rma_number)
            policy = rma.body["policy"] | keys.pop("policy", {})
            rma.body |= keys | {"policy": policy}
            self.world.touch(rma)
            if send:
                self.post_webhook(rma)
            return copy.deepcopy(rma.body)

    def body(self, domain: str, rma_number: str) -> Json:
        with self.world.lock:
            return copy.deepcopy(self.world.rma(domain, rma_number).body)

    def notes(self, domain: str, rma_number: str) -> list[str]:
        with self.world.lock:
            return list(self.world.rma(domain, rma_number).notes)

    # Webhooks.

    def webhook(self, domain: str, rma_number: str) -> tuple[dict[str, str], bytes]:
        """What would be sent now, credentials included, for those who post it themselves."""
        with self.world.lock:
            rma = self.world.rma(domain, rma_number)
            headers = webhook.headers(domain, rma.status, rma.updated_at, self.settings)
            if target := self.world.shops[domain].webhook:
                headers["Authorization"] = webhook.authorization(target, self.settings)
            return headers, _bytes(rma.body)

    def send(self, domain: str, rma_number: str) -> None:
        with self.world.lock:
            self.post_webhook(self.world.rma(domain, rma_number))

    def post_webhook(self, rma: Rma) -> None:
        """The lock is held, so that the snapshot and its place in the queue belong together."""
        target = self.world.shops[rma.shop].webhook
        if target is None or not self.settings.webhooks_on:
            return
        headers = webhook.headers(rma.shop, rma.status, rma.updated_at, self.settings)
        self.sender.send(
            Delivery(
                number=self.world.next_number(),
                shop=rma.shop,
                rma_number=rma.number,
                topic=rma.status,
                webhook_id=headers["X-Narvar-Webhook-Id"],
                headers=headers,
                body=_bytes(rma.body),
                url=target["url"],
            )
        )

    def redeliver(self, rma_number: str, *, which: int = -1) -> None:
        """Send an earlier delivery again, byte for byte: the last one, or `which=0` the first."""
        with self.world.lock:
            sent = [row for row in self.world.deliveries if row.rma_number == rma_number]
            own = [row for row in sent if row.copy_of is None]
            self.sender.send_again(own[which])

    def release_held(self) -> int:
        return self.sender.release_held()

    # Faults and settings.

    def fail_next(
        self, operation: str, kind: str, *, times: int = 1, shop: str | None = None, **options: Any
    ) -> None:
        """Faults are used up in the order in which they were asked for; "any" fits every call."""
        if operation not in (*OPERATIONS, ANY):
            raise ValueError(f"no such operation: {operation}")
        self.faults.add(operation, kind, times=times, shop=shop, **options)

    def random_faults(self, *, share: float, **options: Any) -> None:
        self.faults.random(share=share, **options)

    def clear_faults(self) -> None:
        self.faults.clear()

    def change_settings(self, **changes: Any) -> None:
        with self.world.lock:
            self.settings.change(changes)
            self.world.changed()

    # What has happened.

    def ledger(self, **match: Any) -> list[LedgerRow]:
        with self.world.lock:
            return [row for row in self.world.ledger if _matches(row, match)]

    def requests(self, **match: Any) -> list[RequestRecord]:
        with self.world.lock:
            return [row for row in self.world.requests if _matches(row, match)]

    def objections(self, **match: Any) -> list[Objection]:
        with self.world.lock:
            return [row for row in self.world.objections if _matches(row, match)]

    def deliveries(self, **match: Any) -> list[Delivery]:
        with self.world.lock:
            return [row for row in self.world.deliveries if _matches(row, match)]

    def wait_idle(self, timeout: float = 10.0) -> None:
        """Until all webhooks and refunds that are due are out; TimeoutError if they are not."""
        self.scheduler.wait_idle(timeout)

    def reset(self) -> None:
        """Forget all RMAs, money, records and faults; shops and settings stay."""
        with self.world.lock:
            shops = self.world.shops
            self.scheduler.forget_all()
            self.sender.forget_all()
            self.world.clear()
            self.world.shops = shops
            for shop in shops.values():
                shop.locations.clear()
            for records in (self.world.requests, self.world.objections, self.world.deliveries):
                records.clear()
            self.faults.clear()
            self.rate_limit.forget()
            self.world.changed()


def _matches(row: object, match: Json) -> bool:
    return all(getattr(row, name) == value for name, value in match.items())


def _bytes(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
