"""The list screen: tabs, chips, rows and the links between them."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode

from django.forms import ChoiceField
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from returns_ops.dashboard.access import Access
from returns_ops.dashboard.forms import ALL, TABS, RmaFilterForm
from returns_ops.dashboard.show.badges import look_of
from returns_ops.dashboard.show.rows import rows_of
from returns_ops.returns import queues
from returns_ops.returns.queues import Cursor, Wanted


@dataclass(frozen=True)
class Tab:
    url: str
    name: str
    count: int
    current: bool
    tone: str


@dataclass(frozen=True)
class Chip:
    text: str
    remove: str


@dataclass(frozen=True)
class Listing:
    form: RmaFilterForm
    wanted: Wanted
    tab_name: str
    tabs: list[Tab]
    chips: list[Chip]
    rows: list[SafeString]
    with_shop: bool
    url: str
    cleared: str
    everywhere: str
    more: str
    changes: str
    first_page: bool
    askable: list[str]

    @property
    def selects(self) -> list[SafeString]:
        return [_select(name, self.form.value(name)) for name in RmaFilterForm.SELECTS]

    @property
    def narrowed(self) -> bool:
        """By more than the words searched for."""
        return len(self.chips) > (1 if self.wanted.query else 0)

    @property
    def columns(self) -> int:
        return 8 if self.with_shop else 7


def listing_of(access: Access, form: RmaFilterForm, now: datetime) -> Listing:
    wanted, tab, active = form.wanted(now), form.current_tab, form.active()
    page = queues.page(wanted, access.shown, after=form.cursor)
    rows = rows_of(page.rows, access.shown, now)
    names = dict(TABS)
    return Listing(
        form=form,
        wanted=wanted,
        tab_name=str(names[tab]),
        tabs=_tabs(access.work_counts, tab, active),
        chips=_chips(form, tab, active),
        rows=rows,
        with_shop=len(access.shown) > 1,
        url=link(tab, active),
        cleared=link(tab, {}),
        everywhere=link(ALL, {"q": active["q"]}) if "q" in active else "",
        more=link(tab, active, after=str(page.after)) if page.after else "",
        changes=_changes(tab, active, page.after, now),
        first_page=form.cursor is None,
        askable=[shop.domain for shop in access.shown],
    )


@lru_cache(maxsize=256)
def _select(name: str, value: str) -> SafeString:
    """A field as Django would write it; Django takes a sixth of the page's time to do so."""
    field = RmaFilterForm.base_fields[name]
    assert isinstance(field, ChoiceField)
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (known, mark_safe(" selected") if known == value else "", label)
            for known, label in field.widget.choices
        ),
    )
    return format_html(
        '<div class="field"><label for="{0}">{1}</label>'
        '<select id="{0}" name="{0}" class="filter-select">{2}</select></div>',
        name,
        field.label,
        options,
    )


def link(tab: str, active: dict[str, str], *, to: str = "rmas", **more: str) -> str:
    return f"{reverse(to)}?{urlencode({'tab': tab, **active, **more})}"


def _tabs(counts: dict[str, int], current: str, active: dict[str, str]) -> list[Tab]:
    total = sum(counts.values())
    return [
        Tab(
            url=link(value, active),
            name=str(name),
            count=total if value == ALL else counts.get(value, 0),
            current=value == current,
            tone=look_of("work", value).tone,
        )
        for value, name in TABS
    ]


def _chips(form: RmaFilterForm, tab: str, active: dict[str, str]) -> list[Chip]:
    return [
        Chip(form.described(name), link(tab, {k: v for k, v in active.items() if k != name}))
        for name in active
    ]


def _changes(tab: str, active: dict[str, str], after: Cursor | None, now: datetime) -> str:
    seen = {"seen_at": now.isoformat(), **({"last": str(after)} if after else {})}
    return link(tab, active, to="rmas_changes", **seen)


def told(changes: queues.Changes) -> str:
    """`4 new returns, 1 changed`, or nothing when there is nothing to tell."""
    returns = "return" if changes.new == 1 else "returns"
    parts = []
    if changes.new:
        parts.append(f"{changes.new} new {returns}")
    if changes.changed:
        noun = "" if changes.new else (" return" if changes.changed == 1 else " returns")
        parts.append(f"{changes.changed}{noun} changed")
    return ", ".join(parts)
