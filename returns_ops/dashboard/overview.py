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
from returns_ops.dashboard.quiet import quiet_among
from returns_ops.dashboard.show.badges import look_of
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.traffic import kinds_in_words
from returns_ops.returns import queues
from returns_ops.returns.states import Cause, Work

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
    asked = urlencode({**query, **keep})
    return f"{reverse(screen)}?{asked}" if asked else reverse(screen)


def _queue_link(access: Access, work: Work, keep: dict[str, str]) -> str:
    """Who works at the desk finds exceptions there."""
    if work == Work.EXCEPTION and access.may(Permission.RESOLVE):
        return _link("exceptions", keep)
    return _link("rmas", keep, tab=work.value)


def _queues(access: Access, keep: dict[str, str]) -> list[Queue]:
    return [
        Queue(
            name=str(work.label),
            url=_queue_link(access, work, keep),
            number=_number_in(access, work),
            icon=look_of("work", work).icon,
            tone=look_of("work", work).tone,
            explained=EXPLAINED[work],
        )
        for work in Work
    ]


def _number_in(access: Access, work: Work) -> int:
    return access.in_trouble if work == Work.EXCEPTION else access.work_counts.get(work, 0)


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
    if count > queues.MANY:
        return f"More than {queues.MANY:,} returns"
    return "1 return" if count == 1 else f"{count:,} returns"


def _broken(access: Access, keep: dict[str, str], now: datetime) -> list[Notice]:
    notices: list[Notice] = []
    for health in access.health:
        if keep and health.domain != access.chosen:
            continue
        if any(s.pk == health.shop_id for s in access.shops_with(Permission.VIEW_MESSAGES)):
            notices += _of_messages(health, keep, now)
    notices += _quiet(access, keep, now)
    return notices + _refused(access, keep)


def _refused(access: Access, keep: dict[str, str]) -> list[Notice]:
    """At the desk the cases of that cause; for all others the returns."""
    if access.may(Permission.RESOLVE):
        number = access.open_cases.get(Cause.REFUSED, 0)
        text = f"{_cases(number)} of what Narvar refused"
        url = _link("exceptions", keep, cause=Cause.REFUSED.value)
    else:
        visible = access.shops_with(Permission.VIEW_RMAS)
        number = queues.refused([s for s in visible if not keep or s.domain == access.chosen])
        text = f"{_returns(number)} whose decision Narvar refused"
        url = _link("rmas", keep, tab=Work.EXCEPTION, money="refused")
    return [Notice("err", "x-circle", text, url, "Read why")] if number else []


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count:,} cases"


def _of_messages(health: ShopHealth, keep: dict[str, str], now: datetime) -> list[Notice]:
    shop, notices = keep or {"shop": health.domain}, _of_calls(health, keep, now)
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
    return notices


def _of_calls(health: ShopHealth, keep: dict[str, str], now: datetime) -> list[Notice]:
    """What keeps decisions from going out."""
    found: list[tuple[str, str, SafeString | str]] = []
    if not health.connected:
        text = f"{health.domain} is not connected to Narvar: nothing can be sent"
        found.append(("err", "link-slash", text))
    if health.problem:
        found.append(("err", "link-slash", f"{health.domain}: {health.problem}"))
    if health.paused:
        found.append(("warn", "pause-circle", f"{health.domain}: calls to Narvar are paused"))
    elif health.paused_kinds:
        what = kinds_in_words(health.paused_kinds).lower()
        found.append(("warn", "pause-circle", f"{health.domain}: {what} are paused"))
    if health.breaker_open:
        wait = Clock(now, "UTC").countdown(health.probe_at)
        said = format_html("{}: Narvar does not answer; next probe in {}", health.domain, wait)
        found.append(("err", "signal-slash", said))
    url = _link("messages_out", keep or {"shop": health.domain})
    return [Notice(tone, icon, text, url, "Show commands") for tone, icon, text in found]


def _quiet(access: Access, keep: dict[str, str], now: datetime) -> list[Notice]:
    visible = access.shops_with(Permission.VIEW_MESSAGES)
    shops = [shop for shop in visible if shop.domain == access.chosen] or visible
    return [
        Notice(
            "warn",
            "signal-slash",
            f"{quiet.domain}: {quiet.words[:1].lower()}{quiet.words[1:]}",
            _link("messages_in", keep or {"shop": quiet.domain}),
            "Show events",
        )
        for quiet in quiet_among(shops, now)
    ]
