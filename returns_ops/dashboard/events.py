"""The list of events that came in: what each brought, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import (
    Asked,
    FilterLink,
    broken_at_underscores,
    clock_of,
    count_since,
    key_of,
    keys_of,
    newest_key,
    news,
    page_of,
    short,
    subject_url,
)
from returns_ops.dashboard.quiet import Quiet, quiet_among
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.bodies import masked
from returns_ops.dashboard.show.formats import Clock, span
from returns_ops.dashboard.show.words import REASONS, sentence, word
from returns_ops.messaging import replay
from returns_ops.messaging.models import Event, EventState

SCREEN = "messages_in"
STATES = {
    "dead": "Failed",
    "duplicates": "Duplicates",
    "flagged": "Unknown or odd",
    "older": "Out of order",
    "parked": "Set aside",
    "pending": "Waiting",
}
LOOKED_FOR = {"duplicates", "flagged", "older"}


class EventRow(NamedTuple):
    id: int
    url: str
    at: SafeString | str
    age: SafeString | str
    shop: str
    topic: SafeString
    subject: str
    subject_url: str
    result: SafeString
    said: SafeString | str
    flags: int
    tries: int
    deliveries: int


@dataclass(frozen=True)
class EventConsole:
    filters: list[FilterLink]
    reasons: list[FilterLink]
    rows: list[EventRow]
    older: str
    looked_to: str
    url: str
    cleared: str
    changes: str
    filtered: bool
    with_shop: bool
    zone: str
    last: str
    quiet: list[Quiet]
    replay: str


@dataclass(frozen=True)
class EventNews:
    text: str
    last: str
    rows: list[EventRow]


def events_console(access: Access, query: QueryDict, now: datetime) -> EventConsole:
    asked, clock = Asked.read(access, query, list(STATES)), clock_of(access, now)
    everything = _shown(access)
    among = everything if asked.state in LOOKED_FOR else None
    found, page = page_of(_matching(everything, asked), asked, among=among)
    rows = [_row(event, access, clock) for event in found]
    open_ids = [event.pk for event in found if event.state == EventState.PENDING]
    newest = newest_key(found, everything)
    counted = replay.reasons(access.shown)
    return EventConsole(
        filters=_filters(asked, counted),
        reasons=_reasons(asked, counted),
        rows=rows,
        older=asked.link(SCREEN, before=str(page.older)) if page.older else "",
        looked_to=asked.link(SCREEN, before=str(page.looked_to)) if page.looked_to else "",
        url=asked.link(SCREEN),
        cleared=asked.link(SCREEN, state="", reason=""),
        changes="" if asked.before else _changes(asked, newest, open_ids),
        filtered=bool(asked.state),
        with_shop=len(access.shown) > 1,
        zone=str(clock.zone),
        last=last_received(access, now),
        quiet=quiet_among(access.shown, now),
        replay=_replay_link(access, asked),
    )


def events_news(access: Access, query: QueryDict, now: datetime) -> EventNews:
    """What has come since a list was shown, and how those went on that were waiting."""
    asked, clock = Asked.read(access, query, list(STATES)), clock_of(access, now)
    count = count_since(_matching(_shown(access), asked), key_of(query.get("newest", "")) or 0)
    waited = keys_of(query.get("open", ""))
    fresh = _shown(access).filter(pk__in=waited) if waited else []
    rows = [_row(event, access, clock) for event in fresh]
    return EventNews(news(count), last_received(access, now), rows)


def _shown(access: Access) -> QuerySet[Event]:
    return Event.objects.filter(shop__in=access.shown).defer("body", "headers")


def _matching(events: QuerySet[Event], asked: Asked) -> QuerySet[Event]:
    match asked.state:
        case "duplicates":
            return events.filter(deliveries__gt=1)
        case "flagged":
            return events.exclude(flags=[])
        case "older":
            return events.filter(outcome="older")
        case "":
            return events
    events = events.filter(state=asked.state)
    return events.filter(reason=asked.reason) if asked.reason else events


def _changes(asked: Asked, newest: int, open_ids: list[int]) -> str:
    waiting = ",".join(str(pk) for pk in open_ids)
    return asked.link("messages_in_changes", newest=str(newest), open=waiting)


def _filters(asked: Asked, counted: list[tuple[str, str, int]]) -> list[FilterLink]:
    links = [FilterLink("All", asked.link(SCREEN, state="", reason=""), not asked.state)]
    for state, name in STATES.items():
        count = sum(n for where, _, n in counted if where == state) or None
        url = asked.link(SCREEN, state=state, reason="")
        links.append(FilterLink(name, url, asked.state == state, count, state == "dead"))
    return links


def _reasons(asked: Asked, counted: list[tuple[str, str, int]]) -> list[FilterLink]:
    """Why they failed or were set aside: offered once there is more than one answer."""
    mine = [(reason, count) for state, reason, count in counted if state == asked.state]
    if not asked.reason and len(mine) < 2:
        return []
    links = [FilterLink("Every reason", asked.link(SCREEN, reason=""), not asked.reason)]
    for reason, count in mine:
        url = asked.link(SCREEN, reason=reason)
        name = sentence(word(REASONS, reason))
        links.append(FilterLink(name, url, asked.reason == reason, count))
    return links


def _replay_link(access: Access, asked: Asked) -> str:
    """To the review of what is shown, if that is of one shop, else to the choice."""
    shops = [shop for shop in access.shown if access.may(Permission.RESOLVE, shop)]
    if not shops:
        return ""
    shop = shops[0].domain if len(shops) == 1 else ""
    only = Asked(shop=shop, reason=asked.reason if shop else "")
    return only.link("replay")


def last_received(access: Access, now: datetime) -> str:
    shown = {shop.pk for shop in access.shown}
    times = [health.last_event_at for health in access.health if health.shop_id in shown]
    newest = max((at for at in times if at), default=None)
    return f"last received {span(now - newest)} ago" if newest else ""


def _row(event: Event, access: Access, clock: Clock) -> EventRow:
    shop = next(shop for shop in access.shown if shop.pk == event.shop_id)
    return EventRow(
        id=event.pk,
        url=reverse("event", args=[event.pk]),
        at=clock.tag(event.received_at, clock.to_the_second(event.received_at)),
        age=clock.ago(event.received_at),
        shop=short(shop),
        topic=broken_at_underscores(event.topic or "no topic"),
        subject=event.subject,
        subject_url=subject_url(access, shop, event.subject),
        result=result_badge(event),
        said=said_of(event, clock),
        flags=len(event.flags),
        tries=event.attempts,
        deliveries=event.deliveries,
    )


def result_badge(event: Event) -> SafeString:
    done = event.state == EventState.DONE
    return badge("result", (event.outcome or "applied") if done else event.state)


def said_of(event: Event, clock: Clock) -> SafeString | str:
    """Why it failed or waits; nothing of what went well."""
    if event.state in (EventState.DEAD, EventState.PARKED):
        return sentence(word(REASONS, event.reason)) or masked(event.problem)
    if event.state == EventState.PENDING and event.problem:  # without: a worker has it now
        wait = clock.countdown(event.next_attempt_at)
        return format_html("Try {} in {}: {}", event.attempts + 1, wait, masked(event.problem))
    return ""


def shop_of(access: Access, shop_id: int) -> Shop | None:
    return next((shop for shop in access.shops if shop.pk == shop_id), None)
