"""Return locations as rows: where, what they take, and how far what was asked for has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.forms import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import clock_of, key_of, keys_of, short
from returns_ops.dashboard.location_forms import LocationFilterForm
from returns_ops.dashboard.show.badges import Look, badge, saying
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.tracker import command_badge
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar.locations import Standing, standings
from returns_ops.returns.kinds import OF_LOCATIONS
from returns_ops.returns.location_list import countries_of, find_locations
from returns_ops.returns.location_use import ids_in_use, ids_of
from returns_ops.returns.models import ReturnLocation

PAGE = 50
Sync = ReturnLocation.Sync
FOLLOWED = saying(Look("warn", "arrows-right-left"), "Changed at Narvar")
GONE = saying(Look("warn", "arrows-right-left"), "Removed at Narvar")
UNSETTLED = (Sync.SENDING, Sync.NOT_SAVED)


class Row(NamedTuple):
    id: int
    url: str
    name: str
    address: str
    place: str
    shop: str
    mail: bool
    store: bool
    used: bool
    state: SafeString
    problem: str
    changed: SafeString | str


class SyncLine(NamedTuple):
    """One shop's locations as a whole."""

    shop: str
    domain: str
    standing: Standing
    read: SafeString | str
    may_sync: bool


@dataclass(frozen=True)
class LocationList:
    form: LocationFilterForm
    rows: list[Row]
    lines: list[SyncLine]
    with_shop: bool
    more: str
    url: str
    cleared: str
    export: str
    changes: str
    filtered: bool
    first_page: bool
    may_add: bool

    @property
    def selects(self) -> list[BoundField]:
        return [self.form[name] for name in LocationFilterForm.SELECTS]

    @property
    def off(self) -> list[SyncLine]:
        return [line for line in self.lines if not line.standing.enabled]


def location_list(access: Access, query: QueryDict, now: datetime) -> LocationList:
    form = LocationFilterForm(query, countries_of(access.shown))
    after = _cursor(query)
    page = list(find_locations(access.shown, form.wanted(), after=after)[: PAGE + 1])
    shown, lines = page[:PAGE], sync_lines(access, now)
    active = form.active()
    return LocationList(
        form=form,
        rows=rows_of(shown, access, now),
        lines=lines,
        with_shop=len(access.shown) > 1,
        more=_link("locations", active, **_after(shown[-1])) if len(page) > PAGE else "",
        url=_link("locations", active),
        cleared=_link("locations", {"shop": active.get("shop", "")}),
        export=_link("locations_export", active),
        changes=_changes(shown),
        filtered=bool(active.keys() - {"shop"}),
        first_page=after is None,
        may_add=any(line.may_sync and line.standing.enabled for line in lines),
    )


def sync_lines(access: Access, now: datetime) -> list[SyncLine]:
    known = standings(access.shown)
    clock = clock_of(access, now)
    return [
        SyncLine(
            shop=short(shop),
            domain=shop.domain,
            standing=known[shop.pk],
            read=clock.ago(known[shop.pk].read_at) if known[shop.pk].read_at else "never",
            may_sync=access.may(Permission.MANAGE_LOCATIONS, shop),
        )
        for shop in access.shown
    ]


def rows_of(locations: Sequence[ReturnLocation], access: Access, now: datetime) -> list[Row]:
    clock = clock_of(access, now)
    shops = {one.shop_id: one.shop for one in locations}
    commands = latest_commands([one for one in locations if one.sync in UNSETTLED])
    used = ids_in_use(shops.values(), {name for one in locations for name in ids_of(one)})
    return [
        Row(
            id=one.pk,
            url=one.get_absolute_url(),
            name=one.name or "Without a name",
            address=one.address1,
            place=_place(one),
            shop=short(one.shop),
            mail=one.accepts_mail,
            store=one.accepts_in_store,
            used=bool(used.intersection(ids_of(one))),
            state=state_badge(one, commands.get(one.subject), clock),
            problem=one.problem,
            changed=clock.ago(one.changed_at),
        )
        for one in locations
    ]


def fresh_rows(access: Access, query: QueryDict, now: datetime) -> list[Row]:
    """Those of a list that were under way when it was shown."""
    found = ReturnLocation.objects.filter(
        shop__in=access.shops, pk__in=keys_of(query.get("open", ""))
    )
    return rows_of(list(found.select_related("shop")), access, now)


def latest_commands(locations: Sequence[ReturnLocation]) -> dict[str, Command]:
    """By subject."""
    if not locations:
        return {}
    about = Command.objects.filter(
        shop__in={one.shop_id for one in locations},
        subject__in=[one.subject for one in locations],
        kind__in=OF_LOCATIONS,
    )
    newest = about.order_by("subject", "-id").distinct("subject").defer("body")
    return {one.subject: one for one in newest.select_related("requested_by")}


def state_badge(location: ReturnLocation, command: Command | None, clock: Clock) -> SafeString:
    """Under way or refused: in the words of its command."""
    if location.gone_at:
        return GONE
    told = command is not None and command.state != CommandState.CANCELLED
    if command is not None and told and location.sync in UNSETTLED:
        return command_badge(command, clock)
    if location.sync == Sync.IN_SYNC and location.followed:
        return FOLLOWED
    return badge("location", location.sync)


def _place(location: ReturnLocation) -> str:
    parts = [location.city, location.state_code or location.state, location.country_code]
    return ", ".join(part for part in parts if part)


def _cursor(query: QueryDict) -> tuple[str, int] | None:
    key = key_of(query.get("after_id", ""))
    return (query.get("after", "").replace("\x00", ""), key) if key is not None else None


def _after(last: ReturnLocation) -> dict[str, str]:
    return {"after": last.name, "after_id": str(last.pk)}


def _changes(shown: Sequence[ReturnLocation]) -> str:
    keys = ",".join(str(one.pk) for one in shown if one.sync == Sync.SENDING)
    return _link("locations_changes", {}, open=keys) if keys else ""


def _link(name: str, query: dict[str, str], **more: str) -> str:
    kept = {key: value for key, value in {**query, **more}.items() if value}
    return f"{reverse(name)}?{urlencode(kept)}" if kept else reverse(name)
