"""Events applied once more: what to choose from, what was chosen, how far it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.events import shop_of
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.words import REASONS, sentence, word
from returns_ops.messaging import replay
from returns_ops.messaging.models import ReplayJob
from returns_ops.messaging.replay import Selection

NEWEST = 5


class Group(NamedTuple):
    name: str
    number: int
    url: str


class Earlier(NamedTuple):
    url: str
    what: str
    at: SafeString | str
    state: SafeString


@dataclass(frozen=True)
class Choice:
    shop: Shop | None
    shops: list[tuple[str, str, bool]]
    groups: list[Group]
    since: str
    until: str
    earlier: list[Earlier]


@dataclass(frozen=True)
class Review:
    shop: Shop
    what: str
    count: int
    hidden: list[tuple[str, str]]
    back: str


@dataclass(frozen=True)
class JobPage:
    job: ReplayJob
    what: str
    state: SafeString
    running: bool
    settled: int
    facts: list[tuple[str, SafeString | str]]
    may_stop: bool


def choice_of(access: Access, asked: QueryDict, now: datetime) -> Choice:
    wanted = asked.get("shop", "").lower()
    shop = next((one for one in access.shops if one.domain == wanted), None)
    if shop is None and len(access.shops) == 1:
        shop = access.shops[0]
    shops = [(one.domain, _link(one), one == shop) for one in access.shops]
    return Choice(
        shop=shop,
        shops=shops if len(shops) > 1 else [],
        groups=[_group(shop, *row) for row in replay.reasons([shop])] if shop else [],
        since=asked.get("since", "")[:30],
        until=asked.get("until", "")[:30],
        earlier=_earlier(access, now),
    )


def _link(shop: Shop, **query: str) -> str:
    return f"{reverse('replay')}?{urlencode({'shop': shop.domain, **query})}"


def _group(shop: Shop, state: str, reason: str, count: int) -> Group:
    return Group(sentence(word(REASONS, reason)), count, _link(shop, reason=reason))


def _earlier(access: Access, now: datetime) -> list[Earlier]:
    jobs = ReplayJob.objects.filter(shop__in=access.shops).order_by("-pk")[:NEWEST]
    found = []
    for job in jobs:
        clock = Clock(now, (shop_of(access, job.shop_id) or job.shop).timezone)
        url, state = reverse("replay_job", args=[job.pk]), badge("replay", job.state)
        found.append(Earlier(url, what_of(job, clock), clock.ago(job.started_at), state))
    return found


def what_of(chosen: ReplayJob | Selection, clock: Clock) -> str:
    """`Failed: the body is not JSON, received from 21 Nov, 09:00 to now`."""
    if isinstance(chosen, ReplayJob):
        named = chosen.event_id
    else:
        named = chosen.event.pk if chosen.event else None
    if named is not None:
        return f"Event {named}"
    parts = [sentence(word(REASONS, chosen.reason))] if chosen.reason else []
    if chosen.since:
        until = clock.wall(chosen.until) if chosen.until else "its start"
        if isinstance(chosen, Selection) and not chosen.until:
            until = "now"
        parts.append(f"received from {clock.wall(chosen.since)} to {until}")
    return sentence(", ".join(parts))


def review_of(selection: Selection, now: datetime) -> Review:
    event = selection.event
    chosen = {
        "shop": selection.shop.domain,
        "event": str(event.pk) if event else "",
        "reason": selection.reason,
        "since": _local(selection.since),
        "until": _local(selection.until),
    }
    return Review(
        shop=selection.shop,
        what=what_of(selection, Clock(now, selection.shop.timezone)),
        count=selection.events().count(),
        hidden=[(name, value) for name, value in chosen.items() if value],
        back=reverse("event", args=[event.pk]) if event else _link(selection.shop),
    )


def _local(at: datetime | None) -> str:
    """As the form takes it: the shop's wall clock, without a zone."""
    return f"{at:%Y-%m-%dT%H:%M:%S}" if at else ""


def job_or_404(access: Access, job_id: int) -> ReplayJob:
    jobs = ReplayJob.objects.filter(pk=job_id, shop__in=access.shops)
    job = jobs.select_related("shop", "started_by").first()
    if job is None:
        raise Http404("There is no such replay.")
    return job


def job_page(access: Access, job: ReplayJob, now: datetime) -> JobPage:
    clock = Clock(now, job.shop.timezone)
    who = job.started_by.get_full_name() or job.started_by.get_username()
    running = job.state == ReplayJob.State.RUNNING
    return JobPage(
        job=job,
        what=what_of(job, clock),
        state=badge("replay", job.state),
        running=running,
        settled=job.done + job.failed,
        facts=[
            ("Shop", job.shop.domain),
            ("Why", job.why),
            ("Started by", who),
            ("Started", clock.tag(job.started_at)),
        ],
        may_stop=running and access.may(Permission.RESOLVE, job.shop),
    )
