"""The list screen of the exceptions desk: its views, what was asked for, and the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode

from django.urls import reverse

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import FilterLink, short
from returns_ops.dashboard.show.case_rows import CaseRow, case_rows
from returns_ops.returns import desk as queries
from returns_ops.returns.desk import Tab, Tabs, Wanted
from returns_ops.returns.desk_viewers import viewers_of
from returns_ops.returns.models import SavedView
from returns_ops.returns.queues import Cursor
from returns_ops.returns.states import Cause

SCREEN = "exceptions"
CAUSES, CLOCKS = "causes", "clocks"
NAMES = {
    Tab.ALL.value: "All open",
    Tab.MINE.value: "Mine",
    Tab.UNASSIGNED.value: "Unassigned",
    Tab.LATE.value: "Late",
    CAUSES: "By cause",
    CLOCKS: "Automation clocks",
    Tab.SNOOZED.value: "Snoozed",
    Tab.WATCHING.value: "Watching",
    Tab.RESOLVED.value: "Resolved",
}
NOTHING = {
    Tab.ALL: ("No open case", "What goes wrong with a return appears here by itself."),
    Tab.MINE: ("Nothing is yours", "“Work next” opens the most urgent case that nobody has."),
    Tab.UNASSIGNED: ("Every case has somebody", "New ones appear here by themselves."),
    Tab.LATE: ("Nothing is late", "A case is late when its time to answer has passed."),
    Tab.SNOOZED: ("Nothing sleeps", "A snoozed case comes back at its time, or when it changes."),
    Tab.WATCHING: ("You watch nothing", "Watch a case to hear of what becomes of it."),
    Tab.RESOLVED: ("Nothing was resolved yet", "Cases stay here with their history."),
}
NO_MATCH = ("No case matches", "Take a filter away, or look at all open cases.")
LONGEST = 100


class Chip(NamedTuple):
    text: str
    remove: str


class ViewLink(NamedTuple):
    id: int
    name: str
    url: str
    shared: bool
    by: str  # the colleague who shares it; empty for one's own
    current: bool


@dataclass(frozen=True)
class Asked:
    """What the address of the desk asks for; a value it does not know is as good as none."""

    tab: str = Tab.ALL.value
    shop: str = ""
    cause: str = ""
    group: str = ""
    q: str = ""

    @classmethod
    def read(cls, access: Access, query: Mapping[str, Any]) -> Self:
        said = {name: str(query.get(name) or "").strip() for name in ("tab", "cause", "group", "q")}
        shop = str(query.get("shop") or "").lower()
        return cls(
            tab=said["tab"] if said["tab"] in NAMES else Tab.ALL.value,
            shop=shop if any(one.domain == shop for one in access.shops) else "",
            cause=said["cause"] if said["cause"] in Cause.values else "",
            group=said["group"] if said["group"].isalnum() and len(said["group"]) <= 16 else "",
            q=said["q"].replace("\x00", "")[:LONGEST],
        )

    @classmethod
    def parse(cls, access: Access, text: str) -> Self:
        """The same out of a hidden field, or out of a saved view."""
        return cls.read(access, dict(parse_qsl(text[:1000])))

    @property
    def is_list(self) -> bool:
        return self.tab not in (CAUSES, CLOCKS)

    @property
    def view(self) -> Tab:
        return Tab(self.tab) if self.is_list else Tab.ALL

    @property
    def name(self) -> str:
        return NAMES[self.tab]

    @property
    def wanted(self) -> Wanted:
        return Wanted(tab=self.view, cause=self.cause, fingerprint=self.group, query=self.q)

    def query(self, **other: str) -> str:
        """As the address has it, with something changed; an empty value takes it away."""
        known = {"tab": self.tab, "cause": self.cause, "group": self.group, "q": self.q}
        kept = {**known, "shop": self.shop, **other}
        return urlencode({name: value for name, value in kept.items() if value})

    def link(self, to: str = SCREEN, **other: str) -> str:
        return f"{reverse(to)}?{self.query(**other)}"

    def case_link(self, case_id: int) -> str:
        """A case as one comes to it from this list."""
        return f"{reverse('case', args=[case_id])}?{self.query()}"

    def shops_of(self, access: Access) -> list[Shop]:
        return [shop for shop in access.shops if shop.domain == self.shop] or access.shops


@dataclass(frozen=True)
class Frame:
    """What stands around every view of the desk."""

    asked: Asked
    tabs: list[FilterLink]
    chips: list[Chip]
    views: list[ViewLink]
    shared_to: list[tuple[str, str]]

    @property
    def query(self) -> str:
        return self.asked.query()

    @property
    def next_url(self) -> str:
        return self.asked.link("case_next")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a search within the view keeps of the address."""
        return [pair for pair in parse_qsl(self.asked.query()) if pair[0] != "q"]

    @property
    def own_views(self) -> list[ViewLink]:
        return [view for view in self.views if not view.by]


@dataclass(frozen=True)
class Listing:
    rows: list[CaseRow]
    matching: str
    more: str
    changes: str
    first_page: bool
    with_shop: bool
    nothing: tuple[str, str]

    @property
    def columns(self) -> int:
        return 8 if self.with_shop else 7


def frame_of(access: Access, asked: Asked, numbers: Tabs) -> Frame:
    return Frame(
        asked=asked,
        tabs=_tabs(asked, numbers),
        chips=_chips(asked),
        views=_views(access, asked),
        shared_to=[(shop.domain, short(shop)) for shop in access.shops],
    )


def _tabs(asked: Asked, numbers: Tabs) -> list[FilterLink]:
    counts: dict[str, int] = {
        Tab.ALL: numbers.all,
        Tab.MINE: numbers.mine,
        Tab.UNASSIGNED: numbers.unassigned,
        Tab.LATE: numbers.late,
        Tab.SNOOZED: numbers.snoozed,
        Tab.WATCHING: numbers.watching,
    }
    return [
        FilterLink(
            name=name,
            url=Asked(tab=tab, shop=asked.shop).link(),
            current=tab == asked.tab,
            number=counts.get(tab),
            urgent=tab == Tab.LATE and numbers.late > 0,
        )
        for tab, name in NAMES.items()
    ]


def _chips(asked: Asked) -> list[Chip]:
    chips = []
    if asked.cause:
        chips.append(Chip(str(Cause(asked.cause).label), asked.link(cause="", group="")))
    if asked.group:
        chips.append(Chip("Only those that say the same", asked.link(group="")))
    if asked.q:
        chips.append(Chip(f"“{asked.q}”", asked.link(q="")))
    return chips


def _views(access: Access, asked: Asked) -> list[ViewLink]:
    here = asked.query()
    return [_view(access, view, here) for view in queries.views_of(access.user, access.shops)]


def _view(access: Access, view: SavedView, here: str) -> ViewLink:
    means = Asked.parse(access, view.query)
    by = "" if view.owner_id == access.user.pk else view.owner.known_as
    return ViewLink(view.pk, view.name, means.link(), view.shared, by, means.query() == here)


def listing_of(
    access: Access, asked: Asked, numbers: Tabs, now: datetime, *, after: Cursor | None
) -> Listing:
    shops = asked.shops_of(access)
    page = queries.page(asked.wanted, shops, access.user, now, after=after)
    viewers = viewers_of(((row["rma_id"], row["parcel_id"]) for row in page.rows), access.user)
    return Listing(
        rows=case_rows(page.rows, shops, viewers, access.user, now, asked.query()),
        matching=_matching(asked, numbers, len(page.rows), more=bool(page.after)),
        more=asked.link(after=str(page.after)) if page.after else "",
        changes=asked.link("exceptions_changes", since=now.isoformat()),
        first_page=after is None,
        with_shop=len(shops) > 1,
        nothing=NO_MATCH if _chips(asked) else NOTHING[asked.view],
    )


def _matching(asked: Asked, numbers: Tabs, shown: int, *, more: bool) -> str:
    """How many match, where it is known without counting them."""
    if not more:
        return str(shown)
    if asked.cause or asked.group or asked.q:
        known = numbers.by_cause.get(asked.cause, 0) if asked.tab == Tab.ALL else 0
        return "" if asked.group or asked.q or not known else str(known)
    return str(getattr(numbers, asked.tab, "") or "")
