"""The list of commands that go out: how far each has come, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import (
    Asked,
    FilterLink,
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
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.tracker import command_badge, is_settled, name_of, title_of
from returns_ops.dashboard.show.traffic import Calls, calls_of
from returns_ops.dashboard.show.words import CAUSES
from returns_ops.messaging.models import DUE_STATES, OPEN_STATES, Command, CommandState
from returns_ops.returns.kinds import OF_RMAS

SCREEN = "messages_out"
ATTENTION = CommandState.ATTENTION
WAITING = [state for state in OPEN_STATES if state != ATTENTION]
DONE = [CommandState.CONFIRMED, CommandState.CANCELLED]
# Accepted, and nothing more can be known of it.
ENDED = Q(state=CommandState.ACCEPTED, settled_at__isnull=False)
# Asked again, or to be: the first try did not bring an answer that ends it.
RETRYING = Q(state=CommandState.OUTCOME_UNKNOWN) | (
    Q(state=CommandState.QUEUED, tries__gte=1) | Q(state=CommandState.SENDING, tries__gte=2)
)
STATES = {
    "waiting": ("Waiting", Q(state__in=WAITING, settled_at=None)),
    "retrying": ("Retrying", RETRYING),
    "refused": ("Refused", Q(state=CommandState.REFUSED)),
    "attention": ("Needs attention", Q(state=ATTENTION)),
    "done": ("Done", Q(state__in=DONE) | ENDED),
}


class CommandRow(NamedTuple):
    id: int
    url: str
    at: SafeString | str
    age: SafeString | str
    shop: str
    title: str
    subject: str
    subject_url: str
    amount: str
    by: str
    state: SafeString
    tries: int
    problem: str


@dataclass(frozen=True)
class CommandConsole:
    filters: list[FilterLink]
    rows: list[CommandRow]
    older: str
    url: str
    cleared: str
    changes: str
    filtered: bool
    with_shop: bool
    zone: str
    calls: list[Calls]


@dataclass(frozen=True)
class CommandNews:
    text: str
    rows: list[CommandRow]
    calls: list[Calls]


def commands_console(access: Access, query: QueryDict, now: datetime) -> CommandConsole:
    asked, clock = Asked.read(access, query, list(STATES)), clock_of(access, now)
    everything = _shown(access)
    found, page = page_of(_matching(everything, asked), asked)
    under_way = ",".join(str(one.pk) for one in found if not is_settled(one))
    newest = newest_key(found, everything)
    changes = asked.link("messages_out_changes", newest=str(newest), open=under_way)
    return CommandConsole(
        filters=_filters(access, asked),
        rows=[_row(command, access, clock) for command in found],
        older=asked.link(SCREEN, before=str(page.older)) if page.older else "",
        url=asked.link(SCREEN),
        cleared=asked.link(SCREEN, state=""),
        changes="" if asked.before else changes,
        filtered=bool(asked.state),
        with_shop=len(access.shown) > 1,
        zone=str(clock.zone),
        calls=calls_of(access, now),
    )


def commands_news(access: Access, query: QueryDict, now: datetime) -> CommandNews:
    """What was decided since a list was shown, and how far those on it have come."""
    asked, clock = Asked.read(access, query, list(STATES)), clock_of(access, now)
    count = count_since(_matching(_shown(access), asked), key_of(query.get("newest", "")) or 0)
    shown = keys_of(query.get("open", ""))
    fresh = _shown(access).filter(pk__in=shown) if shown else []
    rows = [_row(command, access, clock) for command in fresh]
    return CommandNews(news(count), rows, calls_of(access, now))


def _shown(access: Access) -> QuerySet[Command]:
    commands = Command.objects.filter(shop__in=access.shown)
    return commands.defer("body").select_related("requested_by")


def _matching(commands: QuerySet[Command], asked: Asked) -> QuerySet[Command]:
    return commands.filter(STATES[asked.state][1]) if asked.state else commands


def _filters(access: Access, asked: Asked) -> list[FilterLink]:
    shown = {shop.pk for shop in access.shown}
    due = Command.objects.filter(shop__in=shown, state__in=DUE_STATES)
    counts: dict[str, int] = {
        "retrying": due.aggregate(n=Count("pk", filter=RETRYING))["n"],
        "attention": sum(one.stuck_commands for one in access.health if one.shop_id in shown),
    }
    links = [FilterLink("All", asked.link(SCREEN, state=""), not asked.state)]
    for state, (name, _) in STATES.items():
        url, current = asked.link(SCREEN, state=state), asked.state == state
        count = counts.get(state) or None
        links.append(FilterLink(name, url, current, count, state == "attention"))
    return links


def _row(command: Command, access: Access, clock: Clock) -> CommandRow:
    shop = next(shop for shop in access.shown if shop.pk == command.shop_id)
    return CommandRow(
        id=command.pk,
        url=reverse("command", args=[command.pk]),
        at=clock.tag(command.created_at, clock.to_the_second(command.created_at)),
        age=clock.ago(command.created_at),
        shop=short(shop),
        title=title_of(command),
        subject=command.subject,
        subject_url=subject_url(access, shop, command.subject) if command.kind in OF_RMAS else "",
        amount=money(command.amount, command.currency) if command.moves_money else "",
        by=name_of(command),
        state=command_badge(command, clock),
        tries=command.tries,
        problem=_problem(command),
    )


def _problem(command: Command) -> str:
    if command.state in DONE:
        return ""
    return CAUSES.get(command.cause) or command.problem
