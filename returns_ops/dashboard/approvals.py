"""The list of requests for a second person: those that wait, and those a person asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import FilterLink, key_of, short, subject_url
from returns_ops.dashboard.show.badges import Look, look_of, saying
from returns_ops.dashboard.show.formats import Clock, money, span
from returns_ops.dashboard.show.tracker import command_badge, name_of
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import requests
from returns_ops.returns.limits import Limits
from returns_ops.returns.models import RmaEvent
from returns_ops.returns.states import Work

SCREEN = "approvals"
MINE = "mine"
PAGE = 25
SOON = timedelta(hours=2)
OWN = "You asked for this yourself: somebody else has to approve it."
AS_ASKED = Look("ok", "check")
VOID = Look("err", "x-circle")
TAKEN_BACK = Look("neutral", "arrow-uturn-left")
SENT_BACK = Look("err", "arrow-uturn-left")


class RequestRow(NamedTuple):
    url: str
    rma: str
    rma_url: str
    shop: str
    by: str
    at: SafeString | str
    amount: str
    of: str
    share: int | None  # per cent of what may still be refunded
    sentence: str
    reason: str
    note: str
    why: str
    expires: SafeString | str
    standing: SafeString
    own: bool
    answer: str


@dataclass(frozen=True)
class RequestList:
    tabs: list[FilterLink]
    rows: list[RequestRow]
    mine: bool
    more: str
    first: str
    with_shop: bool


def waiting_count(access: Access) -> int | None:
    """Known from the counts of the queues, where the person may answer in all that are shown."""
    seen = {shop.pk for shop in access.shops_with(Permission.VIEW_RMAS)}
    mine = {shop.pk for shop in access.shops_with(Permission.SECOND_APPROVAL)}
    return access.work_counts.get(Work.NEEDS_APPROVAL, 0) if mine == seen else None


def request_list(access: Access, query: QueryDict, now: datetime) -> RequestList:
    answering = access.may(Permission.SECOND_APPROVAL)
    mine = query.get("tab") == MINE or not answering
    after = key_of(query.get("after", ""))
    found = _page(access, mine=mine, after=after)
    shown, more = found[:PAGE], len(found) > PAGE
    return RequestList(
        tabs=_tabs(access, mine=mine) if answering else [],
        rows=_rows(access, shown, now),
        mine=mine,
        more=_link(access, mine=mine, after=shown[-1].pk) if more else "",
        first=_link(access, mine=mine) if after else "",
        with_shop=len(access.shown) > 1,
    )


def _page(access: Access, *, mine: bool, after: int | None) -> list[Command]:
    found = _asked(access) if mine else requests.waiting(_shops(access, Permission.SECOND_APPROVAL))
    if after is not None:
        found = found.filter(pk__lt=after) if mine else found.filter(pk__gt=after)
    return list(found[: PAGE + 1])


def _asked(access: Access) -> QuerySet[Command]:
    return requests.asked_by(access.user, _shops(access, Permission.APPROVE))


def _shops(access: Access, permission: Permission) -> list[Shop]:
    return [shop for shop in access.shown if access.may(permission, shop)]


def _tabs(access: Access, *, mine: bool) -> list[FilterLink]:
    count = waiting_count(access) or None
    return [
        FilterLink("Waiting", _link(access), not mine, count),
        FilterLink("Asked by me", _link(access, mine=True), mine),
    ]


def _link(access: Access, *, mine: bool = False, after: int | None = None) -> str:
    chosen = any(shop.domain == access.chosen for shop in access.shops)
    query = {
        "tab": MINE if mine else "",
        "shop": access.chosen if chosen else "",
        "after": str(after or ""),
    }
    kept = {name: value for name, value in query.items() if value}
    return f"{reverse(SCREEN)}?{urlencode(kept)}" if kept else reverse(SCREEN)


def _rows(access: Access, commands: Sequence[Command], now: datetime) -> list[RequestRow]:
    open_ones = [one for one in commands if one.state == CommandState.NEEDS_APPROVAL]
    changed = requests.changed_since(open_ones)
    limits = requests.limits_when_asked(commands)
    answers = requests.answers_to(commands)
    return [
        _row(access, one, now, changed.get(one.pk, ()), limits.get(one.pk), answers.get(one.pk))
        for one in commands
    ]


def _row(
    access: Access,
    command: Command,
    now: datetime,
    changed: tuple[str, ...],
    limits: Limits | None,
    answer: RmaEvent | None,
) -> RequestRow:
    clock, summary = Clock(now, command.shop.timezone), command.summary
    waits = command.state == CommandState.NEEDS_APPROVAL and not is_void(command, changed, now)
    return RequestRow(
        url=reverse("approval", args=[command.pk]),
        rma=command.subject,
        rma_url=subject_url(access, command.shop, command.subject),
        shop=short(command.shop),
        by=name_of(command),
        at=clock.ago(command.created_at),
        amount=money(command.amount, command.currency) if command.moves_money else "No refund",
        of=money(command.cap, command.currency) if command.moves_money else "",
        share=share_of(command),
        sentence=str(summary.get("sentence", "")),
        reason=str(summary.get("reason", "")),
        note=str(summary.get("note", "")),
        why=why_second(command, limits),
        expires=ends(command, clock) if waits else "",
        standing=standing_of(command, changed, answer, clock),
        own=command.requested_by_id == access.user.pk,
        answer=answer_in_words(command, answer),
    )


def ends(command: Command, clock: Clock) -> SafeString | str:
    """`in 3 h`, amber when little time is left."""
    at = command.expires_at
    if at is None or at <= clock.now:
        return "now"
    tone = "soon" if at - clock.now < SOON else ""
    left = clock.tag(at, f"in {span(at - clock.now)}")
    return format_html('<span class="due {}">{}</span>', tone, left)


def share_of(command: Command) -> int | None:
    """Per cent, rounded down: 100 is said of the whole only."""
    if not command.moves_money or not command.amount or not command.cap:
        return None
    return int(command.amount * 100 / command.cap)


def why_second(command: Command, limits: Limits | None) -> str:
    """In words for the approver; by the limits as they are, and the day on which it was asked."""
    name, amount = name_of(command), command.amount
    if limits is None or amount is None:
        return f"No refund is asked for. {name} wanted a second person."
    if amount > limits.each:
        each = money(limits.each, limits.currency)
        return f"More than {name} may refund alone: {each} at a time."
    if amount > limits.day - limits.spent:
        spent, day = money(limits.spent, limits.currency), money(limits.day, limits.currency)
        return f"More than {name} may refund alone in a day: {day}, of which {spent} were used."
    if limits.shop_day is not None and amount > limits.shop_day - limits.shop_spent:
        spent = money(limits.shop_spent, limits.currency)
        day = money(limits.shop_day, limits.currency)
        return f"More than the shop may refund alone in a day: {day}, of which {spent} were used."
    return f"Within what {name} may refund alone now. They asked all the same."


def is_void(command: Command, changed: Sequence[str], now: datetime) -> bool:
    """It waits, and can no longer be approved: it ends by itself within a minute."""
    late = command.expires_at is not None and command.expires_at <= now
    return command.state == CommandState.NEEDS_APPROVAL and (late or bool(changed))


def standing_of(
    command: Command, changed: Sequence[str], answer: RmaEvent | None, clock: Clock
) -> SafeString:
    """As asked, void, or what became of it."""
    if is_void(command, changed, clock.now):
        return saying(VOID, "The return has changed" if changed else "Too late")
    if command.state == CommandState.NEEDS_APPROVAL:
        return saying(AS_ASKED, "Still as asked")
    if command.state == CommandState.CANCELLED and not command.tries:
        return _ended(answer)
    return command_badge(command, clock)


def _ended(answer: RmaEvent | None) -> SafeString:
    match answer.verb if answer else "":
        case "send_back":
            return saying(SENT_BACK, "Sent back")
        case "void":
            return saying(VOID, "Ended by itself")
        case "undo":
            return saying(TAKEN_BACK, "Taken back")
    return saying(look_of("command", CommandState.CANCELLED), "Ended")


def answer_in_words(command: Command, answer: RmaEvent | None) -> str:
    """Who answered what, and why; nothing while it waits."""
    who = answer.actor.known_as if answer and answer.actor else ""
    match answer.verb if answer else "":
        case "approve_request":
            return f"Approved by {who}."
        case "send_as_new":
            return f"Sent as new by {who}."
        case "send_back":
            return f"Sent back by {who}: {command.problem}"
        case "void":
            return command.problem
        case "undo":
            return f"Taken back by {who}, before it was sent."
    return ""


def amount_of(command: Command) -> SafeString | str:
    """`41.25 of 53.00 USD`."""
    if not command.moves_money:
        return "no refund"
    amount = money(command.amount, command.currency).removesuffix(f" {command.currency}")
    return format_html("{} of {}", amount, money(command.cap, command.currency))
