"""The home page: what stands in my queues, what is late, what is broken; each a link."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.health import ShopHealth
from returns_ops.dashboard.show.badges import look_of
from returns_ops.dashboard.show.formats import Clock
from returns_ops.returns import queues
from returns_ops.returns.states import Work

EXPLAINED = {
    Work.TO_RECEIVE: "On the way to us",
    Work.TO_INSPECT: "Here, not looked at yet",
    Work.TO_DECIDE: "Ready for approval",
    Work.NEEDS_APPROVAL: "A second person must agree",
    Work.EXCEPTION: "Needs somebody to look",
    Work.WAITING: "Decided, not confirmed yet",
    Work.DONE: "Nothing left to do",
}


class Queue(NamedTuple):
    name: str
    url: str
    number: int
    icon: str
    tone: str
    explained: str


class Notice(NamedTuple):
    tone: str
    icon: str
    text: SafeString | str
    url: str
    action: str


@dataclass(frozen=True)
class Overview:
    queues: list[Queue]
    late: list[Notice]
    broken: list[Notice]
    sees_rmas: bool
    sees_messages: bool
    empty: bool


def overview_of(access: Access, now: datetime) -> Overview:
    keep = {"shop": access.chosen} if access.chosen else {}
    sees_rmas = access.may(Permission.VIEW_RMAS)
    shown = _queues(access, keep) if sees_rmas else []
    return Overview(
        queues=shown,
        late=_late(access, keep, now) if sees_rmas else [],
        broken=_broken(access, keep, now),
        sees_rmas=sees_rmas,
        sees_messages=access.may(Permission.VIEW_MESSAGES),
        empty=not any(queue.number for queue in shown),
    )


def _link(screen: str, keep: dict[str, str], **query: str) -> str:
    return f"{reverse(screen)}?{urlencode({**query, **keep})}"


def _queues(access: Access, keep: dict[str, str]) -> list[Queue]:
    return [
        Queue(
            name=str(work.label),
            url=_link("rmas", keep, tab=work.value),
            number=access.work_counts.get(work, 0),
            icon=look_of("work", work).icon,
            tone=look_of("work", work).tone,
            explained=EXPLAINED[work],
        )
        for work in Work
    ]


def _late(access: Access, keep: dict[str, str], now: datetime) -> list[Notice]:
    visible = access.shops_with(Permission.VIEW_RMAS)
    shops = [shop for shop in visible if shop.domain == access.chosen] or visible
    found = queues.late(shops, now)
    notices = []
    if found.past:
        text = f"{_returns(found.past)} past the deadline of an automation"
        url = _link("rmas", keep, tab="all", deadline="late")
        notices.append(Notice("err", "clock", text, url, "Show them"))
    if found.soon:
        text = f"{_returns(found.soon)} with a deadline in the next 24 hours"
        url = _link("rmas", keep, tab="all", deadline="24h")
        notices.append(Notice("warn", "clock", text, url, "Show them"))
    if found.oldest:
        age = Clock(now, shops[0].timezone).age(found.oldest)
        oldest = format_html("The oldest that waits for us is {} old", age)
        old = now - found.oldest > queues.OLD
        url = _link("rmas", keep, tab=Work.TO_DECIDE)
        notices.append(Notice("warn" if old else "neutral", "calendar-days", oldest, url, "Decide"))
    return notices


def _returns(count: int) -> str:
    return "1 return" if count == 1 else f"{count:,} returns"


def _broken(access: Access, keep: dict[str, str], now: datetime) -> list[Notice]:
    notices: list[Notice] = []
    for health in access.health:
        if keep and health.domain != access.chosen:
            continue
        if any(s.pk == health.shop_id for s in access.shops_with(Permission.VIEW_MESSAGES)):
            notices += _of_messages(health, keep, now)
    visible = access.shops_with(Permission.VIEW_RMAS)
    refused = queues.refused([s for s in visible if not keep or s.domain == access.chosen])
    if refused:
        url = _link("rmas", keep, tab=Work.EXCEPTION, money="refused")
        text = f"{_returns(refused)} whose decision Narvar refused"
        notices.append(Notice("err", "x-circle", text, url, "Read why"))
    return notices


def _of_messages(health: ShopHealth, keep: dict[str, str], now: datetime) -> list[Notice]:
    shop, notices = keep or {"shop": health.domain}, []
    events, commands = _link("messages_in", shop), _link("messages_out", shop)
    if not health.connected:
        text = f"{health.domain} is not connected to Narvar: nothing can be sent"
        notices.append(Notice("err", "link-slash", text, commands, "Show commands"))
    if health.problem:
        text = f"{health.domain}: {health.problem}"
        notices.append(Notice("err", "link-slash", text, commands, "Show commands"))
    if health.paused:
        text = f"{health.domain}: sending is paused"
        notices.append(Notice("warn", "pause-circle", text, commands, "Show commands"))
    if health.dead_events:
        events = _link("messages_in", shop, state="dead")
        text = f"{health.domain}: {health.dead_events} events could not be applied"
        if health.dead_events == 1:
            text = f"{health.domain}: 1 event could not be applied"
        notices.append(Notice("err", "arrow-down-tray", text, events, "Read why"))
    if health.stuck_commands:
        commands = _link("messages_out", shop, state="attention")
        text = f"{health.domain}: {health.stuck_commands} commands need attention"
        if health.stuck_commands == 1:
            text = f"{health.domain}: 1 command needs attention"
        notices.append(Notice("err", "paper-airplane", text, commands, "Look"))
    if health.silent(now) and health.last_event_at:
        age = Clock(now, "UTC").age(health.last_event_at)
        silence = format_html("{}: no webhook for {}", health.domain, age)
        notices.append(Notice("warn", "signal-slash", silence, events, "Show events"))
    return notices
