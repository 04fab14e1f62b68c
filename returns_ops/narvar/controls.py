"""What people may do to the traffic itself: stop it, start it, hurry it, look at it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import DUE_STATES, Command
from returns_ops.narvar import answers, operations, reading
from returns_ops.narvar.budget import Priority
from returns_ops.narvar.models import Budget, Connection
from returns_ops.returns.kinds import Kind

KINDS: dict[str, str] = {
    Kind.APPROVAL.value: "Approvals and refunds",
    Kind.SHIPMENT_STATUS.value: "Statuses",
    Kind.SHIPMENT_NOTE.value: "Notes, with or without a status",
    Kind.CREATE_RETURN.value: "New returns",
    Kind.CREATE_LOCATION.value: "New return locations",
    Kind.UPDATE_LOCATION.value: "Changed return locations",
    Kind.DELETE_LOCATION.value: "Removed return locations",
}


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What the screen says of a shop's calls: "150 of 300, resets in 45 s"."""

    shop: Shop
    remaining: int | None
    limit: int | None
    reset_at: datetime | None
    breaker_open: bool
    probe_at: datetime | None
    paused: bool
    paused_kinds: list[str]
    problem: str


def traffic(shops: list[Shop]) -> list[Traffic]:
    """Two queries, however many shops."""
    budgets = {one.shop_id: one for one in Budget.objects.filter(shop__in=shops)}
    links = {one.shop_id: one for one in Connection.objects.filter(shop__in=shops)}
    return [_traffic(shop, budgets.get(shop.pk), links.get(shop.pk)) for shop in shops]


def _traffic(shop: Shop, budget: Budget | None, link: Connection | None) -> Traffic:
    learned = budget is not None and budget.learned_at is not None
    return Traffic(
        shop=shop,
        remaining=budget.remaining if budget and learned else None,
        limit=budget.limit if budget and learned else None,
        reset_at=budget.reset_at if budget and learned else None,
        breaker_open=budget is not None and budget.breaker == Budget.Breaker.OPEN,
        probe_at=budget.probe_at if budget else None,
        paused=link is not None and link.paused,
        paused_kinds=list(link.paused_kinds) if link else [],
        problem=link.problem if link else "Not connected to Narvar",
    )


@transaction.atomic
def pause(shop: Shop, *, by: User | None, kind: str = "", reason: str = "") -> None:
    """Stop sending, at once, for the shop or one kind of command. What waits, keeps waiting."""
    link = Connection.objects.select_for_update().get(shop=shop)
    if kind:
        link.paused_kinds = sorted({*link.paused_kinds, kind})
    else:
        link.paused = True
    link.save(update_fields=["paused", "paused_kinds", "updated_at"])
    audit.record("calls.paused", shop.domain, shop=shop, actor=by, kind=kind, reason=reason)


@transaction.atomic
def resume(shop: Shop, *, by: User | None, kind: str = "") -> None:
    link = Connection.objects.select_for_update().get(shop=shop)
    if kind:
        link.paused_kinds = [one for one in link.paused_kinds if one != kind]
    else:
        link.paused = False
    link.save(update_fields=["paused", "paused_kinds", "updated_at"])
    audit.record("calls.resumed", shop.domain, shop=shop, actor=by, kind=kind)


@transaction.atomic
def send_now(command: Command, *, by: User) -> bool:
    """The same bytes under the same reference, without waiting; False when it is not waiting."""
    waiting = Command.objects.filter(pk=command.pk, state__in=DUE_STATES, lease_until=None)
    hurried = waiting.update(next_attempt_at=Now(), held_until=None)
    if hurried:
        audit.record(
            "command.send_now", command.subject, shop=command.shop, actor=by, command=command.pk
        )
    return bool(hurried)


def test_connection(shop: Shop, *, by: User) -> str:
    """Ask Narvar something harmless; returns in words what came of it."""
    link = Connection.objects.select_related("shop").filter(shop=shop).first()
    if link is None:
        return "The shop is not connected to Narvar."
    found = _answer(link)
    if found.startswith("OK"):
        Connection.objects.filter(pk=link.pk).update(problem="")
    audit.record("connection.tested", shop.domain, shop=shop, actor=by, found=found)
    return found


def _answer(link: Connection) -> str:
    try:
        reply = reading.get(link, operations.LOCATIONS, {}, Priority.PERSON)
    except reading.LookupFailed as error:
        return f"{error}."
    known_off = link.locations_feature == link.Feature.OFF
    if reply.status == 404 or (known_off and reply.status == 403):
        return f"OK: Narvar answered in {reply.milliseconds} ms (no return locations enabled)."
    judged = answers.judge(reply)
    if judged.problem:
        return f"{judged.problem}."
    return f"OK: Narvar answered in {reply.milliseconds} ms."
