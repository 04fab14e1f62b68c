"""One event in full: as it was sent, what it changed, and what else came of the same RMA."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import subject_url
from returns_ops.dashboard.events import result_badge, said_of, shop_of
from returns_ops.dashboard.show.bodies import Body, body_of, masked
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.timeline import Change, changes_of, no_longer_kept
from returns_ops.dashboard.show.tree import tree_of
from returns_ops.dashboard.show.words import sentence
from returns_ops.messaging.models import Event, EventState
from returns_ops.returns.models import RmaEvent

SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}
MOST_OTHERS = 10


class Effect(NamedTuple):
    text: str
    at: SafeString | str
    changes: list[Change]


class Other(NamedTuple):
    url: str
    at: SafeString | str
    topic: str
    result: SafeString


@dataclass(frozen=True)
class EventPage:
    event: Event
    result: SafeString
    said: SafeString | str
    problem: str
    at: SafeString | str
    subject_url: str
    flags: list[str]
    facts: list[tuple[str, SafeString | str]]
    headers: list[tuple[str, str]]
    tree: SafeString | None
    body: Body
    effects: list[Effect]
    others: list[Other]
    revealed: bool
    may_reveal: bool
    replay: str


def find_event(access: Access, event_id: int) -> Event | None:
    event = Event.objects.filter(pk=event_id, shop__in=access.shops).first()
    if event is not None:
        event.shop = shop_of(access, event.shop_id) or event.shop
    return event


@dataclass(frozen=True)
class GonePage:
    """Of a message that is no longer kept: what history says of it."""

    event_id: int
    gone: str
    subject: str
    subject_url: str
    effects: list[Effect]


def gone_or_404(access: Access, event_id: int, now: datetime) -> GonePage:
    told = RmaEvent.objects.filter(event_id=event_id, rma__shop__in=access.shops)
    first = told.select_related("rma").first()
    if first is None or Event.objects.filter(pk=event_id).exists():
        raise Http404("There is no such event.")
    shop = shop_of(access, first.rma.shop_id) or first.rma.shop
    number = first.rma.rma_number
    return GonePage(
        event_id=event_id,
        gone=sentence(no_longer_kept()),
        subject=number,
        subject_url=subject_url(access, shop, number),
        effects=_effects(event_id, Clock(now, shop.timezone)),
    )


def event_page(access: Access, event: Event, now: datetime, *, revealed: bool = False) -> EventPage:
    clock = Clock(now, event.shop.timezone)
    resolves = access.may(Permission.RESOLVE, event.shop)
    review = f"{reverse('replay')}?shop={event.shop.domain}&event={event.pk}"
    return EventPage(
        event=event,
        result=result_badge(event),
        said=said_of(event, clock),
        problem=masked(event.problem) if event.state != EventState.PENDING else "",
        at=clock.ago(event.received_at),
        subject_url=subject_url(access, event.shop, event.subject),
        flags=[masked(str(flag)) for flag in event.flags],
        facts=_facts(event, clock),
        headers=_headers(event),
        tree=tree_of(event.body, revealed=revealed),
        body=body_of(event.body, revealed=revealed),
        effects=_effects(event.pk, clock),
        others=_others(event, clock),
        revealed=revealed,
        may_reveal=resolves and not revealed and _hides_something(event),
        replay=review if resolves and event.state != EventState.PENDING else "",
    )


def _hides_something(event: Event) -> bool:
    text = bytes(event.body).decode("utf-8", "replace")
    return masked(text) != text or "\\u0040" in text


def _headers(event: Event) -> list[tuple[str, str]]:
    headers = event.headers if isinstance(event.headers, Mapping) else {}
    return [
        (name, masked(str(value)))
        for name, value in headers.items()
        if name.lower() not in SECRET_HEADERS
    ]


def _effects(event_id: int, clock: Clock) -> list[Effect]:
    told = RmaEvent.objects.filter(event_id=event_id).order_by("pk")
    return [Effect(one.text, clock.ago(one.at), _masked(changes_of(one.changes))) for one in told]


def _masked(changes: list[Change]) -> list[Change]:
    return [Change(one.field, masked(one.before), masked(one.after)) for one in changes]


def _others(event: Event, clock: Clock) -> list[Other]:
    if not event.subject:
        return []
    others = Event.objects.filter(shop=event.shop_id, subject=event.subject).exclude(pk=event.pk)
    newest = others.defer("body", "headers").order_by("-pk")[:MOST_OTHERS]
    return [
        Other(
            reverse("event", args=[one.pk]),
            clock.ago(one.received_at),
            one.topic or "no topic",
            result_badge(one),
        )
        for one in newest
    ]


def _facts(event: Event, clock: Clock) -> list[tuple[str, SafeString | str]]:
    facts: list[tuple[str, SafeString | str]] = [
        ("Shop", event.shop.domain),
        ("Topic", event.topic or "none"),
        ("Webhook id", event.webhook_id),
        ("API version", event.api_version),
        ("Sender's time", event.sender_timestamp),
        ("Received", clock.tag(event.received_at)),
        ("Deliveries", f"{event.deliveries}"),
        ("Tries of ours", f"{event.attempts}"),
        ("Settled", clock.tag(event.done_at) if event.done_at else ""),
    ]
    if event.deliveries > 1:
        facts.append(("Last delivery", clock.tag(event.last_seen_at)))
    return [fact for fact in facts if fact[1]]
