"""One event or command in full, as it was sent: nothing secret, everything escaped."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.contents import pairs
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.timeline import Try, tries_of
from returns_ops.dashboard.show.tracker import Tracker, name_of, title_of, tracker_of
from returns_ops.dashboard.show.words import REASONS, sentence, word
from returns_ops.messaging.models import Command, Event

LONGEST_BODY = 200_000
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}


class Body(NamedTuple):
    text: str
    is_json: bool
    size: str
    cut: bool


class EventPage(NamedTuple):
    event: Event
    shop: str
    state: SafeString
    at: SafeString | str
    subject_url: str
    reason: str
    facts: list[tuple[str, SafeString | str]]
    headers: list[tuple[str, str]]
    body: Body


class CommandPage(NamedTuple):
    command: Command
    shop: str
    title: str
    state: SafeString
    subject_url: str
    facts: list[tuple[str, SafeString | str]]
    summary: list[tuple[str, str]]
    tracker: Tracker
    tries: list[Try]
    body: Body


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def body_of(content: bytes | memoryview) -> Body:
    raw = bytes(content)
    text, is_json = raw.decode("utf-8", "replace"), False
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
        is_json = True
    except (ValueError, RecursionError):
        pass
    # JSON may hold half a surrogate, and marks that turn the text around.
    whole = TURNING.sub(_escaped, text.encode("utf-8", "backslashreplace").decode())
    return Body(whole[:LONGEST_BODY], is_json, f"{len(raw):,} bytes", len(whole) > LONGEST_BODY)


def event_page(access: Access, event_id: int, now: datetime) -> EventPage:
    event = Event.objects.filter(pk=event_id, shop__in=access.shops).first()
    if event is None:
        raise Http404("There is no such event.")
    event.shop = next(shop for shop in access.shops if shop.pk == event.shop_id)
    clock = Clock(now, event.shop.timezone)
    headers = event.headers if isinstance(event.headers, Mapping) else {}
    return EventPage(
        event=event,
        shop=event.shop.domain,
        state=badge("event", event.state),
        at=clock.ago(event.received_at),
        subject_url=subject_url(access, event),
        reason=sentence(word(REASONS, event.reason)),
        facts=_event_facts(event, clock),
        headers=[
            (name, str(value))
            for name, value in headers.items()
            if name.lower() not in SECRET_HEADERS
        ],
        body=body_of(event.body),
    )


def _event_facts(event: Event, clock: Clock) -> list[tuple[str, SafeString | str]]:
    facts: list[tuple[str, SafeString | str]] = [
        ("Shop", event.shop.domain),
        ("Topic", event.topic or "none"),
        ("Outcome", sentence(event.outcome)),
        ("Webhook id", event.webhook_id),
        ("API version", event.api_version),
        ("Sender's time", event.sender_timestamp),
        ("Received", clock.tag(event.received_at)),
        ("Deliveries", f"{event.deliveries}"),
        ("Tries of ours", f"{event.attempts}"),
        ("Applied", clock.tag(event.done_at) if event.done_at else ""),
    ]
    if event.deliveries > 1:
        facts.append(("Last delivery", clock.tag(event.last_seen_at)))
    return [fact for fact in facts if fact[1]]


def command_page(access: Access, command_id: int, now: datetime) -> CommandPage:
    commands = Command.objects.select_related("requested_by", "approved_by")
    command = commands.filter(pk=command_id, shop__in=access.shops).first()
    if command is None:
        raise Http404("There is no such command.")
    command.shop = next(shop for shop in access.shops if shop.pk == command.shop_id)
    clock = Clock(now, command.shop.timezone)
    attempts = list(command.attempts.order_by("number"))
    return CommandPage(
        command=command,
        shop=command.shop.domain,
        title=title_of(command),
        state=badge("command", command.state),
        subject_url=subject_url(access, command),
        facts=_command_facts(command, clock),
        summary=pairs(command.summary),
        tracker=tracker_of(command, attempts, clock),
        tries=tries_of(attempts, clock),
        body=body_of(command.body),
    )


def _command_facts(command: Command, clock: Clock) -> list[tuple[str, SafeString | str]]:
    approver: Any = command.approved_by
    facts: list[tuple[str, SafeString | str]] = [
        ("Shop", command.shop.domain),
        ("Asked for by", name_of(command)),
        ("Approved by", approver.get_username() if approver else ""),
        ("Amount", money(command.amount, command.currency) if command.moves_money else ""),
        ("Cap at that time", money(command.cap, command.currency) if command.moves_money else ""),
        ("Reference for Narvar", str(command.call_reference_id)),
        ("Decided", clock.tag(command.created_at)),
        ("First sent", clock.tag(command.first_sent_at) if command.first_sent_at else ""),
        ("Accepted", clock.tag(command.accepted_at) if command.accepted_at else ""),
        ("Settled", clock.tag(command.settled_at) if command.settled_at else ""),
        ("A try may have acted", "Yes" if command.was_ambiguous else ""),
    ]
    return [fact for fact in facts if fact[1]]


def subject_url(access: Access, message: Event | Command) -> str:
    if not message.subject or not access.may(Permission.VIEW_RMAS, message.shop):
        return ""
    return f"{reverse('rmas')}{message.shop.domain}/{quote(message.subject)}/"
