"""A shop's calls to Narvar: how many are left, and what stops them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import Look, saying
from returns_ops.dashboard.show.formats import Clock
from returns_ops.messaging.models import DUE_STATES, Command
from returns_ops.narvar import controls
from returns_ops.narvar.controls import Traffic
from returns_ops.narvar.models import Connection

MAY_CONTROL = (Permission.MANAGE_SHOP, Permission.SECOND_APPROVAL)
FLOWING = Look("ok", "check-circle")
PAUSED = Look("warn", "pause-circle")
SILENT = Look("err", "signal-slash")
REFUSED = Look("err", "link-slash")


class Kind(NamedTuple):
    name: str
    paused: bool
    url: str


class Calls(NamedTuple):
    shop_id: int
    domain: str
    state: SafeString
    said: SafeString | str
    left: int | None
    limit: int | None
    rate: SafeString | str
    paused: bool
    switch: str
    kinds: list[Kind]
    shop_url: str


def calls_of(access: Access, now: datetime) -> list[Calls]:
    return [_calls(access, one, now) for one in controls.traffic(access.shown)]


def _calls(access: Access, traffic: Traffic, now: datetime) -> Calls:
    shop = traffic.shop
    clock = Clock(now, shop.timezone)
    state, said = _state(traffic, clock)
    left, rate = _rate(traffic, clock)
    connected = traffic.problem != "Not connected to Narvar"
    switchable = connected and may_control(access, shop)
    return Calls(
        shop_id=shop.pk,
        domain=shop.domain,
        state=state,
        said=said,
        left=left,
        limit=traffic.limit,
        rate=rate,
        paused=traffic.paused,
        switch=switch_url(shop, paused=traffic.paused) if switchable else "",
        kinds=_kinds(traffic) if switchable else [],
        shop_url=reverse("shop", args=[shop.domain])
        if access.may(Permission.MANAGE_SHOP, shop)
        else "",
    )


def may_control(access: Access, shop: Shop) -> bool:
    return any(access.may(permission, shop) for permission in MAY_CONTROL)


def switch_url(shop: Shop, *, paused: bool, kind: str = "") -> str:
    """Where the switch is thrown the other way."""
    url = reverse("calls_resume" if paused else "calls_pause", args=[shop.domain])
    return f"{url}?kind={kind}" if kind else url


@dataclass(frozen=True)
class Switch:
    shop: Shop
    kind: str
    what: str
    on: bool
    waiting: int


def switch_of(shop: Shop, *, kind: str, on: bool) -> Switch:
    """What would stop or start; 404 for a shop that calls nobody."""
    known = kind if kind in controls.KINDS else ""
    if not Connection.objects.filter(shop=shop).exists():
        raise Http404(f"{shop.domain} is not connected to Narvar.")
    due = Command.objects.filter(shop=shop, state__in=DUE_STATES)
    waiting = due.filter(kind=known) if known else due
    what = controls.KINDS[known] if known else "All calls"
    return Switch(shop=shop, kind=known, what=what, on=on, waiting=waiting.count())


def _kinds(traffic: Traffic) -> list[Kind]:
    """One by one only while the whole shop is not paused."""
    if traffic.paused:
        return []
    found = []
    for kind, name in controls.KINDS.items():
        paused = kind in traffic.paused_kinds
        found.append(Kind(name, paused, switch_url(traffic.shop, paused=paused, kind=kind)))
    return found


def kinds_in_words(kinds: list[str]) -> str:
    return ", ".join(controls.KINDS.get(kind, kind) for kind in kinds)


def _state(traffic: Traffic, clock: Clock) -> tuple[SafeString, SafeString | str]:
    if traffic.problem:
        return saying(REFUSED, "Cannot call"), traffic.problem
    if traffic.paused:
        return saying(PAUSED, "Paused"), "Decisions are saved and wait."
    if traffic.breaker_open:
        wait = clock.countdown(traffic.probe_at)
        said = format_html("Narvar does not answer; next probe in {}", wait)
        return saying(SILENT, "No answer"), said
    if traffic.paused_kinds:
        kinds = kinds_in_words(traffic.paused_kinds)
        return saying(PAUSED, "Partly paused"), f"{kinds} are paused: they are saved and wait."
    return saying(FLOWING, "Calls go out"), ""


def _rate(traffic: Traffic, clock: Clock) -> tuple[int | None, SafeString | str]:
    """`150 of 300, resets in 45 s`."""
    if traffic.limit is None or traffic.remaining is None or traffic.reset_at is None:
        return None, "Limit not known before the first answer"
    if traffic.reset_at <= clock.now:
        return traffic.limit, f"{traffic.limit} of {traffic.limit} calls left"
    left = max(traffic.remaining, 0)
    reset = clock.countdown(traffic.reset_at)
    return left, format_html("{} of {} calls left, resets in {}", left, traffic.limit, reset)
