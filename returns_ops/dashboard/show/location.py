"""One return location: its facts, how far the last change is, who changed what."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import Look
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.locations import UNSETTLED, latest_commands, state_badge
from returns_ops.dashboard.show.locator import Locator, locator_of, point_of
from returns_ops.dashboard.show.tracker import Tracker, is_settled, tracker_of
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar.locations import Standing, standing
from returns_ops.returns.location_compare import Comparison, compare
from returns_ops.returns.location_list import nearest
from returns_ops.returns.location_snapshot import FIELDS, facts_of
from returns_ops.returns.location_snapshot import spoken as said
from returns_ops.returns.location_use import Heading, Use, use_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.phone_numbers import spoken

PAGE = 20
Source = LocationChange.Source
LOOKS = {
    Source.HERE: Look("info", "pencil-square"),
    Source.ADMIN: Look("info", "cog-6-tooth"),
    Source.FILE: Look("info", "arrow-up-tray"),
    Source.NARVAR: Look("neutral", "arrow-down-tray"),
}
TEXTS = {
    CommandState.OUTCOME_UNKNOWN: (
        "Narvar may or may not have received it. We look at its list of locations before anything "
        "is sent again, so nothing happens twice."
    ),
    CommandState.ACCEPTED: "Narvar took it. We read it back before we call it confirmed.",
}
NEXT_STEPS = {
    CommandState.REFUSED: "Nothing was changed at Narvar. Correct it here, and save again.",
    CommandState.ATTENTION: (
        "Look whether Narvar shows it. Whatever you save or delete here next settles this."
    ),
}


class Line(NamedTuple):
    """One change; `restore` is empty where nothing would come back by it."""

    at: SafeString | str
    text: str
    who: str
    look: Look
    changes: list[tuple[str, str, str]]
    restore: str


@dataclass(frozen=True)
class LocationPage:
    location: ReturnLocation
    state: SafeString
    tracker: Tracker | None
    facts: list[tuple[str, SafeString | str]]
    phone: str
    locator: Locator | None
    use: Use
    standing: Standing
    read: SafeString | str
    to_settle: list[Comparison]
    history: list[Line]
    older: str
    may_manage: bool
    sees_command: str

    @property
    def certain(self) -> str:
        return heading_in_words(self.use.certain)

    @property
    def guessed(self) -> str:
        return heading_in_words(self.use.guessed)

    @property
    def removed(self) -> bool:
        return self.location.removed_at is not None

    @property
    def may_change(self) -> bool:
        return self.may_manage and not self.removed and self.standing.enabled

    @property
    def needs_settling(self) -> bool:
        return bool(self.to_settle or self.location.gone_at)


def location_or_404(access: Access, location_id: int) -> ReturnLocation:
    found = ReturnLocation.objects.select_related("shop").filter(
        pk=location_id, shop__in=access.shops
    )
    location = found.first()
    if location is None:
        raise Http404("There is no such location.")
    return location


def location_page(
    access: Access, location: ReturnLocation, now: datetime, before: int | None = None
) -> LocationPage:
    clock = Clock(now, location.shop.timezone)
    command = latest_commands([location]).get(location.subject)
    point = point_of(location)
    others = nearest(location.shop_id, point, but=location.pk) if point else []
    manages = access.may(Permission.MANAGE_LOCATIONS, location.shop)
    history, older = _history(location, clock, before, manages)
    sees = command is not None and access.may(Permission.VIEW_MESSAGES, location.shop)
    return LocationPage(
        location=location,
        state=state_badge(location, command, clock),
        tracker=location_tracker(location, command, clock),
        facts=_facts(location, clock),
        phone=spoken(location.phone) if location.phone else "",
        locator=locator_of(point, location.country_code, others),
        use=use_of(location),
        standing=standing(location.shop),
        read=clock.ago(location.read_at) if location.read_at else "never",
        to_settle=compare(location),
        history=history,
        older=older,
        may_manage=manages,
        sees_command=reverse("command", args=[command.pk]) if command and sees else "",
    )


def location_tracker(
    location: ReturnLocation, command: Command | None, clock: Clock
) -> Tracker | None:
    """While something is under way, or came to nothing."""
    if command is None or (is_settled(command) and location.sync not in UNSETTLED):
        return None
    if command.state == CommandState.CANCELLED:
        return None
    attempts = list(command.attempts.order_by("number"))
    url = reverse("location_standing", args=[location.pk])
    tracker = tracker_of(command, attempts, clock, url)
    state = CommandState(command.state)
    return tracker._replace(
        text=TEXTS.get(state, tracker.text),
        next_step=NEXT_STEPS.get(state, tracker.next_step),
    )


def _facts(location: ReturnLocation, clock: Clock) -> list[tuple[str, SafeString | str]]:
    return [
        ("Shop", location.shop.domain),
        ("Narvar’s id", location.narvar_id or "None yet"),
        ("Also known as", ", ".join(location.other_ids)),
        ("Last changed", clock.ago(location.changed_at)),
        ("Removed", clock.tag(location.removed_at) if location.removed_at else ""),
    ]


def _history(
    location: ReturnLocation, clock: Clock, before: int | None, manages: bool
) -> tuple[list[Line], str]:
    lines = location.history.select_related("actor").order_by("-id")
    found = list((lines.filter(pk__lt=before) if before else lines)[: PAGE + 1])
    now, open_ = facts_of(location), manages and not location.removed_at
    shown = [_line(one, location, clock, open_ and one.facts != now) for one in found[:PAGE]]
    if len(found) <= PAGE:
        return shown, ""
    return shown, f"{location.get_absolute_url()}?before={found[PAGE - 1].pk}#history-title"


def _line(change: LocationChange, location: ReturnLocation, clock: Clock, offer: bool) -> Line:
    return Line(
        at=clock.tag(change.at),
        text=change.text,
        who=_who(change),
        look=LOOKS[Source(change.source)],
        changes=[
            (FIELDS.get(name, name.replace("_", " ")), _value(values[0]), _value(values[1]))
            for name, values in change.changes.items()
        ],
        restore=reverse("location_restore", args=[location.pk, change.pk]) if offer else "",
    )


def _who(change: LocationChange) -> str:
    where = {Source.ADMIN: "in admin", Source.FILE: "by file"}.get(Source(change.source), "")
    who = _name(change.actor) if change.actor else str(Source(change.source).label)
    return f"{who}, {where}" if where else who


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return said(value) if isinstance(value, bool | str) else str(value)


def heading_in_words(heading: Heading) -> str:
    """`12 returns, 620.00 USD`, or that there are more than were counted."""
    returns = "return" if heading.count == 1 else "returns"
    count = f"{heading.count}{' or more' if heading.capped else ''} {returns}"
    value = " + ".join(money(amount, currency) for currency, amount in heading.value)
    return f"{count}, {value}" if value else count
