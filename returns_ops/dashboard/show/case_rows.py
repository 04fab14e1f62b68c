"""The rows of the exceptions desk, ready to print: flat strings, nothing left to a template."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from returns_ops.accounts.models import Shop, User
from returns_ops.dashboard.show.badges import badge, hint, icon
from returns_ops.dashboard.show.formats import Clock, money, span
from returns_ops.returns.desk_viewers import About
from returns_ops.returns.masking import masked_email
from returns_ops.returns.models import Viewing
from returns_ops.returns.states import CaseState

SOON = timedelta(hours=1)
DUE_TONES = {"err": "late", "warn": "soon"}
NOBODY = mark_safe('<span class="muted">Nobody</span>')


class CaseRow(NamedTuple):
    id: int
    url: str
    number: str
    shop: str
    cause: SafeString
    hints: SafeString | str
    why: str
    customer: str
    value: str
    tone: str
    waits: SafeString
    due: SafeString | str
    owner: SafeString | str
    others: SafeString | str


def case_rows(
    found: list[dict[str, Any]],
    shops: Sequence[Shop],
    viewers: Mapping[About, Sequence[Viewing]],
    user: User,
    now: datetime,
    query: str,
) -> list[CaseRow]:
    clocks = {shop.pk: Clock(now, shop.timezone) for shop in shops}
    return [
        _row(
            case,
            clocks[case["shop_id"]],
            viewers.get((case["rma_id"], case["parcel_id"]), ()),
            user,
            query,
        )
        for case in found
    ]


def _row(
    case: Mapping[str, Any], clock: Clock, viewers: Iterable[Viewing], user: User, query: str
) -> CaseRow:
    tone, words = age_of(case["state"], case["opened_at"], case["due_at"], clock.now)
    return CaseRow(
        id=case["id"],
        url=f"/exceptions/{case['id']}/?{query}",  # reverse() costs a tenth of the page
        number=number_of(case["rma__rma_number"], case["parcel_id"]),
        shop=case["shop__domain"].removesuffix(".myshopify.com"),
        cause=badge("cause", case["cause"]),
        hints=_hints(case, clock),
        why=case["text"],
        customer=masked_email(case["rma__email"] or ""),
        value=money(case["value"], case["currency"]) if case["value"] else "",
        tone=tone,
        waits=_waits(case, clock, words),
        due=_due(case, clock, tone),
        owner=_owner(case, user),
        others=others_here(viewers),
    )


def number_of(rma_number: str | None, parcel_id: int | None) -> str:
    return rma_number or f"Parcel {parcel_id}"


def age_of(state: str, opened: datetime, due: datetime, now: datetime) -> tuple[str, str]:
    """Tone and word: the colour says nothing that the word does not."""
    if state == CaseState.RESOLVED:
        return "", "resolved"
    if state == CaseState.SNOOZED:
        return "", "asleep"
    if now >= due:
        return "err", "late"
    if due - now < max((due - opened) / 4, SOON):
        return "warn", "due soon"
    return "", "in time"


def _waits(case: Mapping[str, Any], clock: Clock, words: str) -> SafeString:
    at = case["closed_at"] or case["opened_at"]
    return format_html('{} <span class="age-word">{}</span>', clock.age(at), words)


def _due(case: Mapping[str, Any], clock: Clock, tone: str) -> SafeString | str:
    if case["state"] == CaseState.RESOLVED:
        return ""
    due = due_in_words(case["due_at"], clock, tone)
    ends = case["deadline_at"]
    if ends is None:
        return format_html('<span class="only-card">Answer due </span>{}', due)
    words = "automation ended" if ends < clock.now else "automation ends"
    when = clock.ago(ends) if ends < clock.now else clock.until(ends)
    return format_html(
        '<span class="only-card">Answer due </span>{} <small>{} {}</small>', due, words, when
    )


def due_in_words(due: datetime, clock: Clock, tone: str) -> SafeString:
    """`in 3 h` or `2 h late`, in the colour of the row."""
    left = due - clock.now
    text = f"in {span(left)}" if left > timedelta(0) else f"{span(-left)} late"
    return format_html(
        '<span class="due {}">{}</span>',
        DUE_TONES.get(tone, ""),
        clock.tag(due, text),
    )


def _hints(case: Mapping[str, Any], clock: Clock) -> SafeString:
    times = case["times_opened"]
    said = [hint("arrow-path", f"came back, {times}. time")] if times > 1 else []
    if case["state"] == CaseState.SNOOZED:
        said.append(_snoozed(case, clock))
    return format_html_join("", "{}", ((one,) for one in said))


def _snoozed(case: Mapping[str, Any], clock: Clock) -> SafeString:
    return format_html(
        '<span class="hint">{}<span>{}</span></span>',
        icon("moon"),
        snoozed_in_words(case["snoozed_until"], case["snoozed_sign"], clock),
    )


def snoozed_in_words(until: datetime | None, sign: str, clock: Clock) -> SafeString | str:
    change = "until something changes"
    if until is None:
        return change
    said = format_html("until {}", clock.tag(until))
    return format_html("{} or {}", said, change) if sign else said


def _owner(case: Mapping[str, Any], user: User) -> SafeString | str:
    if case["owner_id"] is None:
        return NOBODY
    if case["owner_id"] == user.pk:
        return "Me"
    name = f"{case['owner__first_name']} {case['owner__last_name']}".strip()
    return format_html("<bdi>{}</bdi>", name or case["owner__username"])


def others_here(viewers: Iterable[Viewing]) -> SafeString:
    return format_html_join(
        "",
        "<small>{}<span><bdi>{}</bdi> is {}</span></small>",
        (
            (
                icon("pencil" if one.editing else "eye"),
                one.user.known_as,
                "writing" if one.editing else "here",
            )
            for one in viewers
        ),
    )
