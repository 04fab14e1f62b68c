"""The page of one RMA: all it shows, in a number of queries that does not grow with the RMA."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.bench import BenchDevice, bench_of
from returns_ops.dashboard.htmx import StaffRequest, wants_part
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
from returns_ops.dashboard.show.telling import Telling, Typed, telling_of
from returns_ops.dashboard.show.timeline import Change, Timeline, changes_of, timeline_of
from returns_ops.dashboard.show.tracker import Tracker, tracker_of
from returns_ops.dashboard.show.words import AS_OF, METHODS, word
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.documents import policy_track
from returns_ops.returns.kinds import Kind
from returns_ops.returns.masking import masked_email
from returns_ops.returns.models import Case, Rma
from returns_ops.returns.preview import Bundle, commands_about
from returns_ops.returns.states import CaseState

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


def current_command(commands: list[Command], now: datetime) -> Command | None:
    """The decision to show: the newest that holds. One just undone is shown for a minute."""
    for command in commands:
        if command.state != CommandState.CANCELLED:
            return command
    newest = commands[0] if commands else None
    settled = newest.settled_at or newest.created_at if newest else None
    return newest if settled and now - settled < JUST_UNDONE else None


def tracker_for(access: Access, rma: Rma, now: datetime) -> Tracker | None:
    command = current_command(list(commands_about(rma).filter(kind=Kind.APPROVAL)), now)
    return _tracker(access, rma, command, Clock(now, rma.shop.timezone)) if command else None


def _tracker(access: Access, rma: Rma, command: Command, clock: Clock) -> Tracker:
    url = reverse("rma_tracker", args=[rma.shop.domain, rma.rma_number])
    command.shop = rma.shop
    attempts = list(command.attempts.order_by("number"))
    return tracker_of(command, attempts, clock, url, access=access)


@dataclass(frozen=True, kw_only=True)
class View:
    """How the person looks at it: what they have said so far, and from which device."""

    before: int | None = None  # the timeline, earlier than this entry
    asked: Asked = field(default_factory=Asked)
    device: BenchDevice = field(default_factory=BenchDevice)
    partial: PartialPanel | None = None
    typed: Typed = field(default_factory=Typed)  # of what Narvar is to be told
    revealed: bool = False  # the customer's address, in full
    scanned: bool = False  # a scanner waits: what the page asks for by itself comes after


class RmaPage:
    """All that the page of one RMA shows.

    Each part is read when it is asked for: the answer to a scan shows a few, and pays for those.
    """

    def __init__(self, access: Access, bundle: Bundle, now: datetime, view: View) -> None:
        self.rma = rma = bundle.rma
        self._read = bundle
        self._access, self._now, self._view = access, now, view
        self._clock = Clock(now, rma.shop.timezone)
        self._items, self._packages = list(rma.items.all()), list(rma.packages.all())

    @cached_property
    def _commands(self) -> list[Command]:
        """Newest first."""
        return self._read.commands

    @cached_property
    def _decisions(self) -> list[Command]:
        return [one for one in self._commands if one.kind == Kind.APPROVAL]

    @cached_property
    def _bundle(self) -> Bundle:
        return self._read.having(
            items=[item for item in self._items if item.removed_at is None],
            packages=[one for one in self._packages if one.removed_at is None],
            open_commands=[one for one in reversed(self._commands) if one.is_open],
        )

    @cached_property
    def head(self) -> Head:
        return head_of(self.rma, self._clock)

    @cached_property
    def facts(self) -> list[tuple[str, str, str]]:
        return facts_of(self.rma, revealed=self._view.revealed)

    @cached_property
    def may_reveal(self) -> bool:
        hidden = bool(self.rma.email) and not self._view.revealed
        return hidden and self._access.may(Permission.REVEAL, self.rma.shop)

    @cached_property
    def lines(self) -> list[Line]:
        return lines_of(self.rma, self._items, self._clock)

    @cached_property
    def gone(self) -> list[Line]:
        return [line for line in self.lines if line.gone]

    @cached_property
    def parcels(self) -> list[Parcel]:
        return parcels_of(self.rma, self._packages)

    @cached_property
    def funds(self) -> Funds:
        cap = self.decision.choices[0].verdict.cap
        bundle = self._bundle
        return funds_of(self.rma, bundle.transactions, cap, self._clock, bundle.items)

    @cached_property
    def tracks(self) -> list[Track]:
        return tracks_of(self.rma, self._clock)

    @cached_property
    def restocks(self) -> bool:
        return bool(policy_track(self.rma.policy, "restock").get("fires_at"))

    @cached_property
    def people(self) -> People:
        return people_of(self._access, self.rma, self._now, alone=self._view.scanned)

    @cached_property
    def photos(self) -> Photos:
        bundle = self._bundle
        return photos_of(self._access, self.rma, self._clock, bundle.lines, bundle.items)

    @cached_property
    def bench(self) -> Bench:
        return bench_of_rma(
            self._bundle,
            [line for line in self.lines if not line.gone],
            may=self._access.may(Permission.RECEIVE, self.rma.shop),
            may_claim=self._access.may(Permission.RESOLVE, self.rma.shop),
            device=self._view.device,
            user_id=self._access.user.pk,
        )

    @cached_property
    def decision(self) -> Decision:
        return decision_of(
            self._access,
            self._bundle,
            self._decisions,
            self.bench.counted,
            asked=self._view.asked,
            seen=self._newest,
        )

    @property
    def _newest(self) -> int:
        """What the person has seen last of its history, whether or not it is shown here."""
        return self.timeline.newest if "timeline" in vars(self) else self._read.newest

    @cached_property
    def partial(self) -> PartialPanel:
        return self._view.partial or panel_of(self._bundle)

    @cached_property
    def telling(self) -> Telling:
        known = (self.rma, self._commands, self._view.typed, self._clock)
        return telling_of(self._access, *known)

    @cached_property
    def tracker(self) -> Tracker | None:
        command = current_command(self._decisions, self._now)
        return _tracker(self._access, self.rma, command, self._clock) if command else None

    @cached_property
    def timeline(self) -> Timeline:
        return timeline_of(self.rma, self._clock, before=self._view.before)

    @cached_property
    def errors(self) -> list[tuple[str, SafeString | str]]:
        return errors_of(self.rma, self._clock)

    @cached_property
    def versions(self) -> list[tuple[SafeString | str, str, list[Change]]]:
        return _versions(self.rma, self._clock)

    @cached_property
    def extra(self) -> list[tuple[str, str]]:
        return pairs(self.rma.extra)

    @cached_property
    def cases(self) -> list[tuple[str, str]]:
        """What the exceptions desk has of it, for who works there."""
        if not self._access.may(Permission.RESOLVE, self.rma.shop):
            return []
        found = Case.objects.filter(rma=self.rma).exclude(state=CaseState.RESOLVED)
        return [
            (reverse("case", args=[case.pk]), case.get_cause_display())
            for case in found.order_by("rank_at")
        ]

    @cached_property
    def sees_messages(self) -> bool:
        return self._access.may(Permission.VIEW_MESSAGES, self.rma.shop)


def page_of(access: Access, rma: Rma, now: datetime, view: View | None = None) -> RmaPage:
    return RmaPage(access, Bundle(rma), now, view or View())


def fresh_page(request: StaffRequest, rma: Rma, view: View | None = None) -> RmaPage:
    """The page as the database has it after a move."""
    fresh = Rma.objects.select_related("claimed_by").get(pk=rma.pk)
    fresh.shop = rma.shop
    view = replace(view or View(), device=bench_of(request))
    return page_of(request.access, fresh, timezone.now(), view)


def page_of_bundle(request: StaffRequest, bundle: Bundle) -> RmaPage:
    """The page of rows that the move itself has just read and written."""
    view = View(device=bench_of(request), scanned=wants_part(request))
    return RmaPage(request.access, bundle, timezone.now(), view)


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


def facts_of(rma: Rma, *, revealed: bool) -> list[tuple[str, str, str]]:
    """Name, text, and where to look further."""
    place = ", ".join(
        text for text in (rma.origin_city, rma.origin_postal_code, rma.origin_country) if text
    )
    facts = [
        ("Customer", rma.email if revealed else masked_email(rma.email), ""),
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


def errors_of(rma: Rma, clock: Clock) -> list[tuple[str, SafeString | str]]:
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
