"""The page of one RMA: all it shows, in a number of queries that does not grow with the RMA."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.bench import BenchDevice, bench_of
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.bench import Bench, bench_of_rma
from returns_ops.dashboard.show.contents import Line, Parcel, lines_of, pairs, parcels_of, safe_link
from returns_ops.dashboard.show.decision import Asked, Decision, decision_of
from returns_ops.dashboard.show.formats import Clock, moment_of
from returns_ops.dashboard.show.funds import Funds, funds_of
from returns_ops.dashboard.show.partial import PartialPanel, panel_of
from returns_ops.dashboard.show.people import People, people_of
from returns_ops.dashboard.show.photos import Photos, photos_of
from returns_ops.dashboard.show.policy import Track, tracks_of
from returns_ops.dashboard.show.timeline import Change, Timeline, changes_of, timeline_of
from returns_ops.dashboard.show.tracker import Tracker, tracker_of
from returns_ops.dashboard.show.words import AS_OF, METHODS, word
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.documents import policy_track
from returns_ops.returns.models import Package, Rma, RmaItem
from returns_ops.returns.preview import Bundle

JUST_UNDONE = timedelta(minutes=1)


@dataclass(frozen=True)
class Head:
    number: str
    order: str
    shop: str
    url: str
    version: int
    status: SafeString
    receipt: SafeString
    money: SafeString
    work: SafeString
    work_value: str
    as_of: SafeString | str
    as_of_how: str
    started: SafeString | str
    deadline: SafeString | str
    hints: list[tuple[str, str]]


@dataclass(frozen=True)
class RmaPage:
    rma: Rma
    head: Head
    facts: list[tuple[str, str, str]]
    lines: list[Line]
    parcels: list[Parcel]
    funds: Funds
    tracks: list[Track]
    people: People
    photos: Photos
    restocks: bool
    bench: Bench
    gone: list[Line]
    decision: Decision
    partial: PartialPanel
    tracker: Tracker | None
    timeline: Timeline
    errors: list[tuple[str, SafeString | str]]
    versions: list[tuple[SafeString | str, str, list[Change]]]
    extra: list[tuple[str, str]]
    sees_messages: bool


def rma_or_404(access: Access, domain: str, rma_number: str) -> Rma:
    shop = access.shop_or_404(domain)
    found = Rma.objects.filter(shop=shop, rma_number=rma_number).first()
    if found is None:
        raise Http404(f"{shop.domain} has no return {rma_number} here.")
    found.shop = shop
    return found


def command_or_404(access: Access, command_id: int) -> Command:
    found = Command.objects.filter(pk=command_id, shop__in=access.shops).first()
    if found is None:
        raise Http404("There is no such command.")
    return found


def decisions_about(rma: Rma) -> list[Command]:
    """Our decisions, newest first."""
    commands = Command.objects.about(rma.shop_id, rma.rma_number).filter(kind="approval")
    commands = commands.defer("body")
    return list(commands.select_related("requested_by").order_by("-id"))


def current_command(commands: list[Command], now: datetime) -> Command | None:
    """The decision to show: the newest that holds. One just undone is shown for a minute."""
    for command in commands:
        if command.state != CommandState.CANCELLED:
            return command
    newest = commands[0] if commands else None
    settled = newest.settled_at or newest.created_at if newest else None
    return newest if settled and now - settled < JUST_UNDONE else None


def tracker_for(rma: Rma, now: datetime) -> Tracker | None:
    command = current_command(decisions_about(rma), now)
    return _tracker(rma, command, Clock(now, rma.shop.timezone)) if command else None


def _tracker(rma: Rma, command: Command, clock: Clock) -> Tracker:
    url = reverse("rma_tracker", args=[rma.shop.domain, rma.rma_number])
    return tracker_of(command, list(command.attempts.order_by("number")), clock, url)


@dataclass(frozen=True, kw_only=True)
class View:
    """How the person looks at it: what they have said so far, and from which device."""

    before: int | None = None  # the timeline, earlier than this entry
    asked: Asked = field(default_factory=Asked)
    device: BenchDevice = field(default_factory=BenchDevice)
    partial: PartialPanel | None = None


def page_of(access: Access, rma: Rma, now: datetime, view: View | None = None) -> RmaPage:
    view = view or View()
    clock = Clock(now, rma.shop.timezone)
    items, packages = list(rma.items.all()), list(rma.packages.all())
    commands = decisions_about(rma)
    command = current_command(commands, now)
    bundle = _bundle(rma, items, packages)
    details = lines_of(rma, items, clock)
    timeline = timeline_of(rma, clock, before=view.before)
    bench = _bench(access, bundle, details, view)
    decision = decision_of(
        access, bundle, commands, bench.counted, asked=view.asked, seen=timeline.newest
    )
    return RmaPage(
        rma=rma,
        head=head_of(rma, clock),
        facts=facts_of(rma),
        lines=details,
        parcels=parcels_of(rma, packages),
        funds=funds_of(rma, bundle.transactions, decision.choices[0].verdict.cap, clock),
        tracks=tracks_of(rma, clock),
        people=people_of(access, rma, now),
        photos=photos_of(access, rma, clock, bundle.lines, bundle.items),
        restocks=bool(policy_track(rma.policy, "restock").get("fires_at")),
        bench=bench,
        gone=[line for line in details if line.gone],
        decision=decision,
        partial=view.partial or panel_of(bundle),
        tracker=_tracker(rma, command, clock) if command else None,
        timeline=timeline,
        errors=_errors(rma, clock),
        versions=_versions(rma, clock),
        extra=pairs(rma.extra),
        sees_messages=access.may(Permission.VIEW_MESSAGES, rma.shop),
    )


def fresh_page(request: StaffRequest, rma: Rma, view: View | None = None) -> RmaPage:
    """The page as the database has it after a move."""
    fresh = Rma.objects.select_related("claimed_by").get(pk=rma.pk)
    fresh.shop = rma.shop
    view = replace(view or View(), device=bench_of(request))
    return page_of(request.access, fresh, timezone.now(), view)


def _bundle(rma: Rma, items: list[RmaItem], packages: list[Package]) -> Bundle:
    return Bundle(
        rma,
        items=[item for item in items if item.removed_at is None],
        packages=[one for one in packages if one.removed_at is None],
    )


def _bench(access: Access, bundle: Bundle, details: list[Line], view: View) -> Bench:
    return bench_of_rma(
        bundle,
        [line for line in details if not line.gone],
        may=access.may(Permission.RECEIVE, bundle.rma.shop),
        may_claim=access.may(Permission.RESOLVE, bundle.rma.shop),
        device=view.device,
        user_id=access.user.pk,
    )


def head_of(rma: Rma, clock: Clock) -> Head:
    hints = [
        ("gift", "Gift") if rma.gift else None,
        ("home", "The customer keeps it") if rma.return_method == "keep_the_item" else None,
        ("arrows-right-left", "Exchange") if rma.is_shop_now_return else None,
    ]
    return Head(
        number=rma.rma_number,
        order=rma.order_number,
        shop=rma.shop.domain,
        url=rma.get_absolute_url(),
        version=rma.version,
        status=badge("narvar_status", rma.narvar_status),
        receipt=badge("receipt", rma.receipt),
        money=badge("money", rma.money),
        work=badge("work", rma.work),
        work_value=rma.work,
        as_of=clock.tag(rma.as_of, clock.time_of_day(rma.as_of)),
        as_of_how=AS_OF.get(rma.as_of_source, rma.as_of_source.replace("_", " ")),
        started=clock.tag(rma.created_at),
        deadline=clock.deadline(rma.deadline_at) if rma.deadline_at else "",
        hints=[hint for hint in hints if hint],
    )


def facts_of(rma: Rma) -> list[tuple[str, str, str]]:
    """Name, text, and where to look further."""
    place = ", ".join(
        text for text in (rma.origin_city, rma.origin_postal_code, rma.origin_country) if text
    )
    facts = [
        ("Customer", rma.email, ""),
        ("Language", rma.locale, ""),
        ("Sends it from", place, ""),
        ("Way of return", word(METHODS, rma.return_method) if rma.return_method else "", ""),
        ("Label", "Open the label" if safe_link(rma.label_url) else "", safe_link(rma.label_url)),
        ("Retailer", rma.retailer_name, ""),
        ("Shop", rma.shop.domain, ""),
        ("Shopify order", rma.shopify_order_id, ""),
        ("First Shopify order", rma.original_shopify_order_id, ""),
        ("Charge", rma.charge_payment_id, ""),
        ("Transaction", rma.transaction_id, ""),
    ]
    return [fact for fact in facts if fact[1]]


def _errors(rma: Rma, clock: Clock) -> list[tuple[str, SafeString | str]]:
    return [
        (str(error.get("message") or "No message"), clock.ago(moment_of(error.get("at"))))
        for error in reversed(rma.errors)
    ]


def _versions(rma: Rma, clock: Clock) -> list[tuple[SafeString | str, str, list[Change]]]:
    return [
        (
            clock.ago(moment_of(version.get("at"))),
            str(version.get("edited_by") or ""),
            changes_of(version.get("changes") or {}),
        )
        for version in reversed(rma.versions)
    ]
