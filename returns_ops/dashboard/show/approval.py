"""One request for a second person: all that there is to judge, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
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
from returns_ops.dashboard.show.bodies import Body, body_of
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.found import ItemFound, found_in
from returns_ops.dashboard.show.photos import Photos, photos_to_look_at
from returns_ops.dashboard.show.rma import Head, head_of
from returns_ops.dashboard.show.timeline import Timeline, timeline_of
from returns_ops.dashboard.show.tracker import may_undo, name_of
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns import requests
from returns_ops.returns.limits import Limits, limits_of
from returns_ops.returns.models import ReceiptLine, Rma
from returns_ops.returns.policy import METHODS, Verdict
from returns_ops.returns.preview import as_sent

OPEN = {CommandState.NEEDS_APPROVAL, CommandState.QUEUED}
WITHOUT_EFFECT = {CommandState.CANCELLED, CommandState.REFUSED}
OVERRIDE = b"total_refund_override_amount"


class Sum(NamedTuple):
    text: str
    amount: str
    total: bool = False


class Asked(NamedTuple):
    """What was asked for, by whom, and why it was asked."""

    amount: SafeString | str
    button: str
    share: int | None
    read_back: str
    by: str
    at: SafeString | str
    sentence: str
    reason: str
    note: str
    why: str


class Answer(NamedTuple):
    """What was answered, or what this person may answer now."""

    standing: SafeString
    waits: bool
    expires: SafeString | str
    may_approve: bool
    may_send_back: bool
    why_not: str
    said: str
    may_undo: bool
    next_url: str


@dataclass(frozen=True)
class ApprovalPage:
    command: Command
    head: Head
    rma_url: str
    asked: Asked
    answer: Answer
    against: tuple[str, ...]
    warnings: tuple[str, ...]
    sums: list[Sum]
    limits: list[tuple[str, str]]
    items: list[ItemFound]
    photos: Photos
    call: list[tuple[str, str]]
    names_no_amount: bool  # so that Narvar pays what it works out itself
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
    items = found_in(rma, when=lambda line: _when(line, command))
    verdict = _verdict(command, rma)
    return ApprovalPage(
        command=command,
        head=head_of(rma, clock),
        rma_url=subject_url(access, command.shop, command.subject),
        asked=_asked(command, rma, clock),
        answer=_answer(access, command, clock),
        against=verdict.reasons if verdict and command.state in OPEN else (),
        warnings=_warnings(command, verdict),
        sums=_sums(command, verdict),
        limits=_limits(command),
        items=items,
        photos=photos_to_look_at(access, rma, clock),
        call=_call(command),
        names_no_amount=command.moves_money and OVERRIDE not in bytes(command.body),
        body=body_of(command.body, revealed=True),
        timeline=timeline_of(rma, clock),
        sees_messages=access.may(Permission.VIEW_MESSAGES, command.shop),
    )


def _asked(command: Command, rma: Rma, clock: Clock) -> Asked:
    limits = requests.limits_when_asked([command]).get(command.pk)
    return Asked(
        amount=amount_of(command),
        button=f"Approve {money(command.amount, command.currency)}"
        if command.moves_money
        else "Approve without refund",
        share=share_of(command),
        read_back=read_back(command, rma),
        by=name_of(command),
        at=clock.ago(command.created_at),
        sentence=str(command.summary.get("sentence", "")),
        reason=str(command.summary.get("reason", "")),
        note=str(command.summary.get("note", "")),
        why=why_second(command, limits),
    )


def _answer(access: Access, command: Command, clock: Clock) -> Answer:
    changed = requests.changed_since([command]).get(command.pk, ())
    answer = requests.answers_to([command]).get(command.pk)
    waits = command.state == CommandState.NEEDS_APPROVAL
    void = is_void(command, changed, clock.now)
    right = access.may(Permission.SECOND_APPROVAL, command.shop)
    missing = "" if right else access.why_not(Permission.SECOND_APPROVAL)
    own = command.requested_by_id == access.user.pk
    may = waits and right and not own
    return Answer(
        standing=standing_of(command, changed, answer, clock),
        waits=waits,
        expires=ends(command, clock) if waits and not void else "",
        may_approve=may and not void,
        may_send_back=may,
        why_not=_why_not(own=own, missing_right=missing, changed=changed, void=void)
        if waits
        else "",
        said=answer_in_words(command, answer),
        may_undo=command.can_be_undone and may_undo(access, command),
        next_url="" if waits else _next(access, command),
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


def _why_not(*, own: bool, missing_right: str, changed: Sequence[str], void: bool) -> str:
    if changed:
        what = f"{', '.join(changed[:-1])} and {changed[-1]}" if changed[1:] else changed[0]
        return f"Changed since it was asked for: {what}. It ends by itself within a minute."
    if void:
        return "Nobody approved it in time. It ends by itself within a minute."
    if own:
        return OWN
    return missing_right


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
    by_hand = bool(command.summary.get("partial"))
    asked = f"Asked for, set by {name_of(command)}" if by_hand else "Asked for"
    rows.append(Sum(asked, money(command.amount, command.currency), total=True))
    rows.append(Sum("The most that can be refunded now", money(verdict.cap, currency)))
    return rows


def _limits(command: Command) -> list[tuple[str, str]]:
    if not command.moves_money:
        return []
    limits: Limits = limits_of(command.requested_by, command.shop, command.currency)
    rows = [
        ("At a time", money(limits.each, limits.currency)),
        ("In a day", money(limits.day, limits.currency)),
        ("Used today", money(limits.spent, limits.currency)),
    ]
    if limits.shop_day is not None:
        rows.append(("The shop in a day", money(limits.shop_day, limits.currency)))
        rows.append(("Used by the shop", money(limits.shop_spent, limits.currency)))
    return rows


def _call(command: Command) -> list[tuple[str, str]]:
    return [
        ("Call", f"{command.method} {command.target}"),
        ("call_reference_id", str(command.call_reference_id)),
        ("sha256 of the body", f"{bytes(command.body_sha256).hex()[:16]}…"),
    ]


def _when(line: ReceiptLine, command: Command) -> str:
    if line.command_id == command.pk:
        return ""
    return "told earlier" if line.command_id else "not part of this request"
