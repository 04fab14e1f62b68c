"""A new RMA of some kind, with whatever of its body the caller wants otherwise."""

from __future__ import annotations

import time
from decimal import Decimal

from tests.narvar_simulator import kinds, money, refunds
from tests.narvar_simulator.catalogue import PLACES, person
from tests.narvar_simulator.lines import Currencies, complete
from tests.narvar_simulator.payloads import Draft, body
from tests.narvar_simulator.records import Json
from tests.narvar_simulator.world import Rma, Shop, World, iso_millis

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RATES = {"CAD": "0.73078", "JPY": "0.0067", "EUR": "1.0842", "GBP": "1.2710"}
# An RMA born in one of these has yet to meet what its kind has in store.
_EARLY = {"initiated", "on_its_way_to_retailer", "delivered_to_retailer"}


def make(
    world: World,
    shop: Shop,
    *,
    kind: str,
    status: str | None,
    created_at: float | None,
    updated_at: float | None,
    overrides: Json,
) -> Rma:
    """The lock is held. Items and policy may be given in part; other keys replace the body's."""
    if kind not in kinds.KINDS:
        raise ValueError(f"no such kind: {kind}")
    made = kinds.KINDS[kind]
    draft = _draft(world, shop, created_at, updated_at, overrides)
    draft.status = status or made.status
    found = _body(draft, made, overrides)
    rma = Rma(shop.domain, found, kind, draft.created, updated_at or world.instant())
    rma.story_told = draft.status == made.status or draft.status not in _EARLY
    events = [made.at_birth, made.at_status if rma.story_told else None]
    for event in filter(None, events):
        event(found, draft.created, draft.now)
    found |= overrides
    _keep(world, rma)
    return rma


def _body(draft: Draft, made: kinds.Kind, overrides: Json) -> Json:
    """Whatever decides the estimate is in place before anything happens to the return."""
    made.shape(draft)
    if items := overrides.pop("items", None):
        draft.lines = [
            complete(draft.rng, row, item_id=draft.item_id(), money=draft.money) for row in items
        ]
    draft.policy |= overrides.pop("policy", {})
    found = body(draft)
    fees: Json = {
        key: overrides[key] for key in ("fee_breakdown", "restocking_fee") if key in overrides
    }
    found |= fees
    if fees:
        found["estimated_refund"] = money.words(money.estimated_refund(found), found["currency"])
    return found | {key: overrides[key] for key in ("estimated_refund",) if key in overrides}


def befall(world: World, rma: Rma, status: str) -> None:
    """What comes with the status: the story of the kind, or at least a reason for an exception."""
    now, kind = time.time(), kinds.KINDS[rma.kind]
    if kind.status == status and not rma.story_told:
        rma.story_told = True
        if kind.at_status:
            told = len(rma.body["transactions"])
            kind.at_status(rma.body, rma.created_at, now)
            for row in rma.body["transactions"][told:]:
                refunds.enter(world, rma, row, None, at=now)
    elif status.endswith("exception"):
        message = "The return could not be processed automatically."
        rma.body["errors"].append({"message": message, "timestamp": iso_millis(now)})


def _draft(
    world: World,
    shop: Shop,
    created_at: float | None,
    updated_at: float | None,
    overrides: Json,
) -> Draft:
    currency = overrides.get("currency", shop.currency)
    shop_currency = overrides.get("shop_currency", shop.currency)
    rate = _RATES.get(currency, "1") if currency != shop_currency else "1"
    number = world.next_number()
    method = overrides.get("return_method", "mail")
    return Draft(
        rng=world.rng,
        rma_number=overrides.get("rma_number") or _rma_number(world, shop),
        order_number=overrides.get("order_number") or str(10300 + number),
        retailer=shop.retailer,
        created=created_at if created_at is not None else world.instant(),
        now=updated_at or time.time(),
        money=Currencies(currency, shop_currency, Decimal(rate)),
        email=person(world.rng),
        origin=world.rng.choice(PLACES),
        method=method,
        boxes=0 if method == "keep_the_item" else 1,
        item_base=13882200000000 + number * 100,
    )


def _rma_number(world: World, shop: Shop) -> str:
    letters = (shop.retailer + "narvar").upper()
    while True:
        tail = "".join(world.rng.choice(_LETTERS) for _ in range(8))
        number = letters[0] + letters[3] + tail
        if (shop.domain, number) not in world.rmas:
            return number


def _keep(world: World, rma: Rma) -> None:
    if (rma.shop, rma.number) in world.rmas:
        raise ValueError(f"{rma.number} is already an RMA of {rma.shop}")
    world.rmas[(rma.shop, rma.number)] = rma
    for row in rma.body["transactions"]:
        refunds.enter(world, rma, row, None, at=float(row["timestamp"]))
    world.changed()
