"""What every whole page needs: who it is, where they may go, and what is wrong."""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access, access_of
from returns_ops.dashboard.approvals import waiting_count
from returns_ops.dashboard.bench import BenchDevice, bench_of
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.troubles import Trouble, troubles_of
from returns_ops.returns.states import Work

WITH_SHOP_FILTER = {
    "home",
    "rmas",
    "exceptions",
    "messages_in",
    "messages_out",
    "approvals",
    "parcels",
    "locations",
}
DESK_SCREENS = {
    "exceptions",
    "case",
    "case_next",
    "case_bulk",
    "case_job",
    "case_jobs",
    "desk_macros",
    "playbook",
    "notices",
}
APPROVAL_SCREENS = {"approvals", "approval", "approval_approve", "approval_send_back"}
PARCEL_SCREENS = {"parcels", "parcel_new", "parcel", "parcel_edit", "parcel_match"}
LOCATION_SCREENS = {
    "locations",
    "location",
    "location_new",
    "location_edit",
    "location_delete",
    "location_settle",
    "location_restore",
    "location_import_new",
    "location_import",
    "location_import_confirm",
}
EVENT_SCREENS = {"messages_in", "event", "event_reveal", "replay", "replay_job"}
COMMAND_SCREENS = {"messages_out", "command", "give_up", "calls_pause", "calls_resume", "shop"}
BENCH = {"scan", "scan_open", "scan_ask", "scan_setup", "scan_check", "scan_cards"}
PLACES_IN_A_LIST = ("shop", "after", "before")


@dataclass(frozen=True)
class Destination:
    key: str
    url: str
    name: str
    icon: str
    current: bool
    count: int | None = None
    urgent: bool = False

    @property
    def counted(self) -> str:
        if not self.count:
            return ""
        return "999+" if self.count > 999 else str(self.count)


@dataclass(frozen=True)
class ShopLink:
    name: str
    url: str
    current: bool


@dataclass(frozen=True)
class Shell:
    name: str
    theme: str
    places: list[Destination]
    shops: list[ShopLink]
    shop_name: str
    troubles: list[Trouble]
    counts_url: str
    may_search: bool
    may_ask: bool
    unread: str | None
    bench: BenchDevice

    @property
    def density(self) -> str:
        return self.bench.density


def shell(request: HttpRequest) -> dict[str, Any]:
    match = request.resolver_match
    if match and match.app_name == "admin":
        return {}
    staff = cast(StaffRequest, request)
    if not hasattr(request, "user") or not request.user.is_authenticated or wants_part(staff):
        return {}
    access = access_of(staff)
    where = (match.url_name or "") if match else ""
    if where == "rmas" and request.GET.get("tab") == Work.EXCEPTION:
        where = "exceptions"
    shops = shop_links(staff, access, where)
    domain = str(match.kwargs.get("shop", "")) if match else ""
    domain = domain.lower() or access.chosen
    return {
        "shell": Shell(
            name=staff.user.get_full_name() or staff.user.get_username(),
            theme=staff.user.theme,
            places=destinations(access, where),
            shops=shops,
            shop_name=next((shop.name for shop in shops if shop.current), ""),
            troubles=troubles_of(access, domain=domain, where=where, now=timezone.now()),
            counts_url=_counts_url(domain, access.chosen, where),
            may_search=where not in ("rmas", "exceptions") and access.may(Permission.VIEW_RMAS),
            may_ask=access.may(Permission.APPROVE),
            unread=unread_of(access),
            bench=bench_of(request),
        )
    }


def unread_of(access: Access) -> str | None:
    """As the tray shows it; None for who has no tray."""
    if not access.may(Permission.RESOLVE):
        return None
    return "" if not access.unread else str(min(access.unread, 99))


def _counts_url(domain: str, chosen: str, where: str) -> str:
    about = {"shop": chosen, "about": domain, "on": "home" if where == "home" else ""}
    kept = {name: value for name, value in about.items() if value}
    return f"{reverse('nav_counts')}?{urlencode(kept)}" if kept else reverse("nav_counts")


def destinations(access: Access, where: str) -> list[Destination]:
    """Only what the person may see; the counters say what waits there."""
    keep = f"?{urlencode({'shop': access.chosen})}" if access.chosen else ""
    sees_rmas = access.may(Permission.VIEW_RMAS)
    places = [Destination("home", reverse("home") + keep, "Home", "home", where == "home")]
    if access.may(Permission.RECEIVE):
        places.append(Destination("bench", reverse("scan"), "Bench", "qr-code", where in BENCH))
    if sees_rmas:
        places += _queues(access, where, keep)
    if access.may(Permission.RECEIVE) or access.may(Permission.RESOLVE):
        places.append(_parcels(where, keep))
    if access.may(Permission.MANAGE_LOCATIONS) or access.may(Permission.RESOLVE):
        places.append(_locations(where, keep))
    if access.may(Permission.SECOND_APPROVAL):
        places.append(_approvals(access, where, keep))
    if access.may(Permission.VIEW_MESSAGES):
        places += _messages(access, where, keep)
    if access.may(Permission.MANAGE_SHOP) and access.user.is_staff:
        places.append(Destination("admin", reverse("admin:index"), "Admin", "cog-6-tooth", False))
    return places


def _queues(access: Access, where: str, keep: str) -> list[Destination]:
    counts = access.work_counts
    mine = sum(counts.get(w, 0) for w in (Work.TO_INSPECT, Work.TO_DECIDE, Work.NEEDS_APPROVAL))
    trouble = access.in_trouble
    here = where in ("rmas", "rma")
    exceptions = f"{reverse('rmas')}?tab=exception{keep.replace('?', '&')}"
    if access.may(Permission.RESOLVE):
        exceptions = reverse("exceptions") + keep
    return [
        Destination("rmas", reverse("rmas") + keep, "Returns", "inbox-stack", here, mine),
        Destination(
            "exceptions",
            exceptions,
            "Exceptions",
            "exclamation-triangle",
            where in DESK_SCREENS,
            trouble,
            urgent=trouble > 0,
        ),
    ]


def _parcels(where: str, keep: str) -> Destination:
    url, here = reverse("parcels") + keep, where in PARCEL_SCREENS
    return Destination("parcels", url, "Parcels", "cube", here)


def _locations(where: str, keep: str) -> Destination:
    url, here = reverse("locations") + keep, where in LOCATION_SCREENS
    return Destination("locations", url, "Locations", "map-pin", here)


def _approvals(access: Access, where: str, keep: str) -> Destination:
    url, here = reverse("approvals") + keep, where in APPROVAL_SCREENS
    return Destination("approvals", url, "Approvals", "user-plus", here, waiting_count(access))


def _messages(access: Access, where: str, keep: str) -> list[Destination]:
    visible = {shop.pk for shop in access.shops_with(Permission.VIEW_MESSAGES)}
    shown = [health for health in access.health if health.shop_id in visible]
    dead = sum(health.dead_events for health in shown)
    stuck = sum(health.stuck_commands for health in shown)
    into, out = where in EVENT_SCREENS, where in COMMAND_SCREENS
    return [
        Destination(
            "in", reverse("messages_in") + keep, "Events", "arrow-down-tray", into, dead, dead > 0
        ),
        Destination(
            "out",
            reverse("messages_out") + keep,
            "Commands",
            "paper-airplane",
            out,
            stuck,
            stuck > 0,
        ),
    ]


def shop_links(request: StaffRequest, access: Access, where: str) -> list[ShopLink]:
    """For a person with several shops: the same screen for one of them, or for all."""
    shops = {m.shop.domain for m in access.memberships}
    if len(shops) < 2:
        return []
    base = request.path if where in WITH_SHOP_FILTER else reverse("home")
    kept = request.GET.copy() if where in WITH_SHOP_FILTER else None
    links = [ShopLink("All shops", _with_shop(base, kept, ""), access.chosen not in shops)]
    for domain in sorted(shops):
        links.append(ShopLink(domain, _with_shop(base, kept, domain), domain == access.chosen))
    return links


def _with_shop(base: str, kept: Any, domain: str) -> str:
    query = {name: value for name, value in (kept or {}).items() if value}
    query = {name: value for name, value in query.items() if name not in PLACES_IN_A_LIST}
    if domain:
        query["shop"] = domain
    return f"{base}?{urlencode(query)}" if query else base
