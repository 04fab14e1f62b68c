"""The two message lists: events that came in, commands that go out. Newest first, by key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import badge, label_of
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.tracker import name_of, title_of
from returns_ops.dashboard.show.words import REASONS, sentence, word
from returns_ops.messaging.models import Command, CommandState, Event, EventState

PAGE = 50
Message = TypeVar("Message", Event, Command)


class StateLink(NamedTuple):
    name: str
    url: str
    current: bool


class Console(NamedTuple):
    states: list[StateLink]
    rows: list[Any]
    older: str
    filtered: bool
    with_shop: bool


class EventRow(NamedTuple):
    url: str
    at: SafeString | str
    shop: str
    topic: str
    subject: str
    subject_url: str
    state: SafeString
    said: str
    flags: int
    tries: int
    deliveries: int


class CommandRow(NamedTuple):
    url: str
    at: SafeString | str
    shop: str
    title: str
    subject: str
    subject_url: str
    amount: str
    by: str
    state: SafeString
    tries: int
    problem: str


def events_console(access: Access, asked: QueryDict, now: datetime) -> Console:
    events = Event.objects.defer("body", "headers")
    found, console = _page(events, EventState, access, asked, "messages_in")
    clocks = {shop.pk: Clock(now, shop.timezone) for shop in access.shown}
    rows = [_event_row(event, access, clocks[event.shop_id]) for event in found]
    return console._replace(rows=rows)


def commands_console(access: Access, asked: QueryDict, now: datetime) -> Console:
    commands = Command.objects.defer("body").select_related("requested_by")
    found, console = _page(commands, CommandState, access, asked, "messages_out")
    clocks = {shop.pk: Clock(now, shop.timezone) for shop in access.shown}
    rows = [_command_row(command, access, clocks[command.shop_id]) for command in found]
    return console._replace(rows=rows)


def _page(
    messages: QuerySet[Message],
    states: type[models.TextChoices],
    access: Access,
    asked: QueryDict,
    screen: str,
) -> tuple[list[Message], Console]:
    state, before = asked.get("state", ""), asked.get("before", "")
    kept = {"shop": access.chosen} if access.chosen else {}
    messages = messages.filter(shop__in=access.shown)
    if state in states.values:
        messages, kept = messages.filter(state=state), {**kept, "state": state}
    if before.isdecimal() and len(before) < 19:
        messages = messages.filter(pk__lt=int(before))
    found = list(messages.order_by("-pk")[: PAGE + 1])
    older = _link(screen, {**kept, "before": str(found[PAGE - 1].pk)}) if len(found) > PAGE else ""
    return found[:PAGE], Console(
        states=_state_links(states, state, kept, screen),
        rows=[],
        older=older,
        filtered="state" in kept,
        with_shop=len(access.shown) > 1,
    )


def _link(screen: str, query: Mapping[str, str]) -> str:
    return f"{reverse(screen)}?{urlencode(query)}" if query else reverse(screen)


def _state_links(
    states: type[models.TextChoices], current: str, kept: Mapping[str, str], screen: str
) -> list[StateLink]:
    base = {name: value for name, value in kept.items() if name != "state"}
    return [
        StateLink("All", _link(screen, base), current not in states.values),
        *(
            StateLink(str(label), _link(screen, {**base, "state": value}), value == current)
            for value, label in states.choices
        ),
    ]


def _subject_url(access: Access, shop: Shop, subject: str) -> str:
    if not subject or not access.may(Permission.VIEW_RMAS, shop):
        return ""
    return f"/rmas/{shop.domain}/{quote(subject)}/"


def _event_row(event: Event, access: Access, clock: Clock) -> EventRow:
    shop = next(shop for shop in access.shown if shop.pk == event.shop_id)
    reason = sentence(word(REASONS, event.reason) or event.outcome)
    return EventRow(
        url=reverse("event", args=[event.pk]),
        at=clock.ago(event.received_at),
        shop=shop.domain.removesuffix(".myshopify.com"),
        topic=event.topic or "no topic",
        subject=event.subject,
        subject_url=_subject_url(access, shop, event.subject),
        state=badge("event", event.state),
        said=event.problem or ("" if reason == label_of("event", event.state) else reason),
        flags=len(event.flags),
        tries=event.attempts,
        deliveries=event.deliveries,
    )


def _command_row(command: Command, access: Access, clock: Clock) -> CommandRow:
    shop = next(shop for shop in access.shown if shop.pk == command.shop_id)
    return CommandRow(
        url=reverse("command", args=[command.pk]),
        at=clock.ago(command.created_at),
        shop=shop.domain.removesuffix(".myshopify.com"),
        title=title_of(command),
        subject=command.subject,
        subject_url=_subject_url(access, shop, command.subject),
        amount=money(command.amount, command.currency) if command.moves_money else "",
        by=name_of(command),
        state=badge("command", command.state),
        tries=command.tries,
        problem=command.problem,
    )
