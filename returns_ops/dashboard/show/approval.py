"""One request for a second person: all that there is to judge, and what was answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access, who_can
from returns_ops.dashboard.approvals import (
    OWN,
    amount_of,
    answer_in_words,
    ends,
    is_void,
    share_of,
    standing_of,
    why_second,
)
from returns_ops.dashboard.consoles import subject_url
from returns_ops.dashboard.show.bench import TONES
from returns_ops.dashboard.show.bodies import Body, body_of
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.rma import Head, head_of
from returns_ops.dashboard.show.timeline import Timeline, timeline_of
from returns_ops.dashboard.show.tracker import name_of
from returns_ops.dashboard.show.words import word
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import requests
from returns_ops.returns.limits import Limits, limits_of
from returns_ops.returns.models import Photo, ReceiptLine, Rma, RmaItem
from returns_ops.returns.policy import METHODS, Verdict
from returns_ops.returns.preview import as_sent
from returns_ops.returns.rules import grades_of
from returns_ops.returns.states import Decision

WITHOUT_EFFECT = {CommandState.CANCELLED, CommandState.REFUSED}
NOT_SCANNED = "Nobody scanned it: said of the rest"


class Units(NamedTuple):
    quantity: int
    label: str
    tone: str
    grade: str
    reason: str
    note: str
    by: str
    when: str  # told by this request, by an earlier one, or not at all


class ItemUnits(NamedTuple):
    name: str
    quantity: int
    total: str
    reason: str
    comment: str
    keeps: bool
    units: list[Units]


class Sum(NamedTuple):
    text: str
    amount: str
    total: bool = False


@dataclass(frozen=True)
class ApprovalPage:
    command: Command
    head: Head
    rma_url: str
    amount: SafeString | str
    share: int | None
    read_back: str
    by: str
    at: SafeString | str
    sentence: str
    reason: str
    note: str
    why: str
    expires: SafeString | str
    standing: SafeString
    waits: bool
    may_answer: bool
    may_send_back: bool
    why_not: str
    answer: str
    may_undo: bool
    next_url: str
    against: tuple[str, ...]
    warnings: tuple[str, ...]
    sums: list[Sum]
    limits: list[tuple[str, str]]
    items: list[ItemUnits]
    photos: int
    call: list[tuple[str, str]]
    body: Body
    timeline: Timeline
    sees_messages: bool


def request_or_404(access: Access, command_id: int) -> Command:
    """For who may answer it, and for who asked."""
    answering = Q(shop__in=access.shops_with(Permission.SECOND_APPROVAL))
    own = Q(shop__in=access.shops_with(Permission.APPROVE), requested_by=access.user)
    asked = Command.objects.filter(answering | own, second_person=True, pk=command_id)
    found = asked.select_related("shop", "requested_by", "approved_by").first()
    if found is None:
        raise Http404("There is no such request.")
    return found


def approval_page(access: Access, command: Command, now: datetime) -> ApprovalPage:
    clock, rma = Clock(now, command.shop.timezone), _rma_of(command)
    changed = requests.changed_since([command]).get(command.pk, ())
    answer = requests.answers_to([command]).get(command.pk)
    limits = requests.limits_when_asked([command]).get(command.pk)
    items = _items(rma, command)
    waits = command.state == CommandState.NEEDS_APPROVAL
    void = is_void(command, changed, now)
    right = access.may(Permission.SECOND_APPROVAL, command.shop)
    own = command.requested_by_id == access.user.pk
    verdict = _verdict(command, rma)
    return ApprovalPage(
        command=command,
        head=head_of(rma, clock),
        rma_url=subject_url(access, command.shop, command.subject),
        amount=amount_of(command),
        share=share_of(command),
        read_back=read_back(command, rma),
        by=name_of(command),
        at=clock.ago(command.created_at),
        sentence=str(command.summary.get("sentence", "")),
        reason=str(command.summary.get("reason", "")),
        note=str(command.summary.get("note", "")),
        why=why_second(command, limits),
        expires=ends(command, clock) if waits else "",
        standing=standing_of(command, changed, answer, clock),
        waits=waits,
        may_answer=waits and right and not own and not void,
        may_send_back=waits and right and not own,
        why_not=_why_not(own=own, right=right, changed=changed, void=void) if waits else "",
        answer=answer_in_words(command, answer),
        may_undo=command.can_be_undone and access.may(Permission.APPROVE, command.shop),
        next_url="" if waits else _next(access, command),
        against=verdict.reasons if verdict and waits else (),
        warnings=_warnings(command, verdict),
        sums=_sums(command, verdict),
        limits=_limits(command),
        items=items,
        photos=Photo.objects.filter(rma=rma).count(),
        call=_call(command),
        body=body_of(command.body, revealed=True),
        timeline=timeline_of(rma, clock),
        sees_messages=access.may(Permission.VIEW_MESSAGES, command.shop),
    )


def _rma_of(command: Command) -> Rma:
    rma = Rma.objects.get(shop=command.shop_id, rma_number=command.subject)
    rma.shop = command.shop
    return rma


def _verdict(command: Command, rma: Rma) -> Verdict | None:
    """As it will be judged when it is sent; once it has ended, its units are free again."""
    if not command.moves_money or command.state in WITHOUT_EFFECT:
        return None
    return as_sent(command, rma)


def read_back(command: Command, rma: Rma) -> str:
    asked = f"RMA {rma.rma_number}, asked for by {name_of(command)}"
    if not command.moves_money:
        return f"You approve a decision without refund for {asked}."
    target = METHODS.get(rma.refund_method, rma.refund_method)
    return f"You approve {amount_of(command)} to {target} for {asked}."


def _why_not(*, own: bool, right: bool, changed: Sequence[str], void: bool) -> str:
    if changed:
        what = f"{', '.join(changed[:-1])} and {changed[-1]}" if changed[1:] else changed[0]
        return f"Changed since it was asked for: {what}. It ends by itself within a minute."
    if void:
        return "Nobody approved it in time. It ends by itself within a minute."
    if own:
        return OWN
    return "" if right else who_can(Permission.SECOND_APPROVAL)


def _next(access: Access, command: Command) -> str:
    """The oldest that this person may answer."""
    shops = access.shops_with(Permission.SECOND_APPROVAL)
    others = requests.waiting(shops).exclude(requested_by=access.user).exclude(pk=command.pk)
    found = others.values_list("pk", flat=True).first() if shops else None
    return reverse("approval", args=[found]) if found else ""


def _warnings(command: Command, verdict: Verdict | None) -> tuple[str, ...]:
    """Those of now, and those that were there when it was asked for."""
    then = [str(one) for one in command.summary.get("warnings", [])]
    return tuple(dict.fromkeys([*(verdict.warnings if verdict else ()), *then]))


def _sums(command: Command, verdict: Verdict | None) -> list[Sum]:
    if verdict is None or verdict.worked is None:
        return []
    currency, worked = verdict.currency, verdict.worked
    rows = [Sum(line.text, money(line.amount, currency)) for line in worked.lines]
    if worked.amount is not None:
        rows.append(Sum("Due by this", money(worked.amount, currency), total=True))
    by_hand = command.amount != worked.amount
    asked = f"Asked for, set by {name_of(command)}" if by_hand else "Asked for"
    rows.append(Sum(asked, money(command.amount, command.currency), total=True))
    rows.append(Sum("The most that can be refunded now", money(verdict.cap, currency)))
    return rows


def _limits(command: Command) -> list[tuple[str, str]]:
    if not command.moves_money:
        return []
    limits: Limits = limits_of(command.requested_by, command.shop, command.currency)
    return [
        ("At a time", money(limits.each, limits.currency)),
        ("In a day", money(limits.day, limits.currency)),
        ("Used today", money(limits.spent, limits.currency)),
    ]


def _call(command: Command) -> list[tuple[str, str]]:
    return [
        ("Call", f"{command.method} {command.target}"),
        ("call_reference_id", str(command.call_reference_id)),
        ("sha256 of the body", f"{bytes(command.body_sha256).hex()[:16]}…"),
    ]


def _items(rma: Rma, command: Command) -> list[ItemUnits]:
    """What became of each line of the return, and what lay in the box beside it."""
    lines = list(rma.receipt_lines.select_related("entered_by"))
    grades = {grade.code: grade.name for grade in grades_of(rma.shop)}
    found = [
        _item(item, [_units(line, command, grades) for line in lines if line.item_id == item.pk])
        for item in rma.items.filter(removed_at=None)
    ]
    strangers = (line for line in lines if line.item_id is None)
    return [*found, *(_stranger(line, command, grades) for line in strangers)]


def _item(item: RmaItem, units: Iterable[Units]) -> ItemUnits:
    reasons = (item.reason, item.child_reason)
    return ItemUnits(
        name=item.sku or item.item_id or "Item without a SKU",
        quantity=item.quantity,
        total=money(item.total_price, item.rma.currency),
        reason=" · ".join(word({}, text) for text in reasons if text),
        comment=item.comment,
        keeps=item.keep_the_item,
        units=list(units),
    )


def _stranger(line: ReceiptLine, command: Command, grades: dict[str, str]) -> ItemUnits:
    units = [_units(line, command, grades)]
    return ItemUnits(line.sku, line.quantity, "", "", "", False, units)


def _units(line: ReceiptLine, command: Command, grades: dict[str, str]) -> Units:
    rest = line.decision != Decision.NOT_RECEIVED and not line.in_hand
    return Units(
        quantity=line.quantity,
        label=str(Decision(line.decision).label) if line.decision else "Not decided yet",
        tone=TONES[Decision(line.decision)] if line.decision else "warn",
        grade=grades.get(line.grade, line.grade),
        reason=line.reason,
        note=line.note,
        by=NOT_SCANNED if rest else f"entered by {line.entered_by.known_as}",
        when=_when(line, command),
    )


def _when(line: ReceiptLine, command: Command) -> str:
    if line.command_id == command.pk:
        return ""
    return "told earlier" if line.command_id else "not part of this request"
