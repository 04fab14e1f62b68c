"""The page of one RMA: all it shows, in a number of queries that does not grow with the RMA."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.contents import Line, Parcel, lines_of, pairs, parcels_of, safe_link
from returns_ops.dashboard.show.decision import Decision, decision_of
from returns_ops.dashboard.show.formats import Clock, moment_of
from returns_ops.dashboard.show.funds import Funds, funds_of
from returns_ops.dashboard.show.policy import Track, tracks_of
from returns_ops.dashboard.show.timeline import Change, Timeline, changes_of, timeline_of
from returns_ops.dashboard.show.tracker import Tracker, tracker_of
from returns_ops.dashboard.show.words import AS_OF, METHODS, word
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.models import Rma
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
    decision: Decision
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


def page_of(access: Access, rma: Rma, now: datetime, *, before: int | None = None) -> RmaPage:
    clock = Clock(now, rma.shop.timezone)
    items, packages = list(rma.items.all()), list(rma.packages.all())
    transactions, commands = list(rma.transactions.all()), decisions_about(rma)
    command = current_command(commands, now)
    bundle = Bundle(
        rma,
        items=[item for item in items if item.removed_at is None],
        packages=[one for one in packages if one.removed_at is None],
        transactions=transactions,
    )
    decision = decision_of(access, bundle, commands)
    return RmaPage(
        rma=rma,
        head=head_of(rma, clock),
        facts=facts_of(rma),
        lines=lines_of(rma, items, clock),
        parcels=parcels_of(rma, packages),
        funds=funds_of(rma, transactions, decision.choices[0].verdict.cap, clock),
        tracks=tracks_of(rma, clock),
        decision=decision,
        tracker=_tracker(rma, command, clock) if command else None,
        timeline=timeline_of(rma, clock, before=before),
        errors=_errors(rma, clock),
        versions=_versions(rma, clock),
        extra=pairs(rma.extra),
        sees_messages=access.may(Permission.VIEW_MESSAGES, rma.shop),
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
