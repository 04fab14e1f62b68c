"""Hands webhooks over: six seconds each, nine retries, and the mischief that settings ask for."""

from __future__ import annotations

import copy
import http.client
import queue
import threading
import time
from functools import partial
from urllib.parse import urlsplit

from tests.narvar_simulator import webhook
from tests.narvar_simulator.records import Attempt, Delivery
from tests.narvar_simulator.scheduler import Scheduler
from tests.narvar_simulator.settings import Settings
from tests.narvar_simulator.world import World

_LANES = 8


class Sender:
    def __init__(self, world: World, settings: Settings, scheduler: Scheduler) -> None:
        self._world, self._settings, self._scheduler = world, settings, scheduler
        # Deliveries of one RMA share a lane, so their first attempts keep their order.
        self._lanes: list[queue.SimpleQueue[Delivery | None]] = [
            queue.SimpleQueue() for _ in range(_LANES)
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), daemon=True) for lane in self._lanes
        ]
        for thread in self._threads:
            thread.start()
        self._open: dict[int, Delivery] = {}

    def send(self, delivery: Delivery) -> None:
        """Take over a new delivery. The caller holds the world's lock."""
        settings = self._settings
        self._world.deliveries.append(delivery)
        if settings.drop_next > 0:
            settings.drop_next -= 1
            delivery.state = "dropped"
        elif settings.hold:
            delivery.state = "held"
            self._open[delivery.number] = delivery
        else:
            self._start(delivery)
            every = settings.duplicate_every
            if every > 0 and delivery.number % every == 0:
                self.send_again(delivery)

    def send_again(self, delivery: Delivery) -> Delivery:
        """The same bytes under the same id, at the same time as the first if that is under way."""
        twin = copy.copy(delivery)
        twin.number = self._world.next_number()
        twin.copy_of, twin.state, twin.attempts = delivery.number, "waiting", []
        self._world.deliveries.append(twin)
        self._start(twin)
        return twin

    def release_held(self) -> int:
        with self._world.lock:
            held = [row for row in self._open.values() if row.state == "held"]
            for delivery in held:
                delivery.state = "waiting"
                self._start(delivery)
        return len(held)

    def outstanding(self) -> list[Delivery]:
        return list(self._open.values())

    def forget_all(self) -> None:
        self._open.clear()

    def resume(self, delivery: Delivery) -> None:
        self._world.deliveries.append(delivery)
        self._open[delivery.number] = delivery
        if delivery.state == "waiting":
            self._start(delivery)

    def stop(self) -> None:
        for lane in self._lanes:
            lane.put(None)

    def _start(self, delivery: Delivery) -> None:
        self._open[delivery.number] = delivery
        shuffle = self._settings.shuffle_seconds
        if shuffle > 0:
            self._later(delivery, self._world.rng.uniform(0, shuffle))
        else:
            self._put(delivery)

    def _later(self, delivery: Delivery, seconds: float) -> None:
        self._scheduler.after(seconds, partial(self._put, delivery))

    def _put(self, delivery: Delivery) -> None:
        self._scheduler.begin()
        place = hash((delivery.shop, delivery.rma_number))
        # A copy goes by another lane: the receiver should meet both at once.
        self._lanes[(place + bool(delivery.copy_of)) % _LANES].put(delivery)

    def _work(self, lane: queue.SimpleQueue[Delivery | None]) -> None:
        while (delivery := lane.get()) is not None:
            try:
                self._attempt(delivery)
            finally:
                self._scheduler.done()

    def _attempt(self, delivery: Delivery) -> None:
        began = time.time()
        try:
            status, error = self._post(delivery, began), None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            status, error = None, f"{type(problem).__name__}: {problem}"
        attempt = Attempt(began, status, error, round(time.time() - began, 4))
        with self._world.lock:
            delivery.attempts.append(attempt)
            self._world.changed()
            if status is not None and 200 <= status <= 299:
                delivery.state = "delivered"
            elif len(delivery.attempts) > self._settings.retries:
                delivery.state = "given_up"
            elif delivery.number in self._open:
                self._later(delivery, self._settings.retry_seconds)
                return
            self._open.pop(delivery.number, None)

    def _post(self, delivery: Delivery, now: float) -> int:
        with self._world.lock:
            shop = self._world.shops.get(delivery.shop)
            target = shop.webhook if shop else None
            if target is None:
                raise ValueError(f"{delivery.shop} has no webhook address")
            delivery.url = target["url"]
            if self._settings.timestamp_header == "send":
                delivery.headers["X-Narvar-Timestamp"] = str(int(now))
            headers = delivery.headers | {
                "Authorization": webhook.authorization(target, self._settings)
            }
        address = urlsplit(delivery.url)
        secure = address.scheme == "https"
        make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        host = address.hostname or ""
        connection = make(host, address.port, timeout=self._settings.webhook_timeout)
        try:
            path = address.path + (f"?{address.query}" if address.query else "")
            connection.request("POST", path or "/", delivery.body, headers)
            response = connection.getresponse()
            response.read(65_536)
            return response.status
        finally:
            connection.close()
