"""One command in full: what is sent, every try with its answer, and what may be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import subject_url
from returns_ops.dashboard.events import shop_of
from returns_ops.dashboard.show.bodies import Body, body_of
from returns_ops.dashboard.show.contents import pairs
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.timeline import Timeline, Try, timeline_of_command, tries_of
from returns_ops.dashboard.show.tracker import (
    Tracker,
    command_badge,
    may_undo,
    name_of,
    title_of,
    tracker_of,
)
from returns_ops.dashboard.show.words import CAUSES, sentence
from returns_ops.messaging.models import DUE_STATES, Command, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS, OF_RMAS, Kind

OWN = "You asked for this decision yourself: somebody else has to settle it."
OWN_ANEW = "You asked for this decision yourself: somebody else has to send it as new."


class Anew(NamedTuple):
    """Whether it can be sent as new: who may not is told why, where it is about that at all."""

    offered: bool
    may: bool
    why_not: str
    became: Sequence[tuple[int, str]]  # what it was sent as: id and link


@dataclass(frozen=True)
class CommandPage:
    command: Command
    title: str
    amount: str
    state: SafeString
    about_rma: bool
    subject_url: str
    facts: list[tuple[str, SafeString | str]]
    request: list[tuple[str, str]]
    summary: list[tuple[str, str]]
    tracker: Tracker
    cause: str
    tries: list[Try]
    body: Body
    timeline: Timeline
    may_undo: bool
    may_cancel: bool
    may_hurry: bool
    anew: Anew
    needs_settling: bool
    may_give_up: bool
    why_not_give_up: str
    sees_messages: bool = False  # its own timeline needs no link to itself


def whole_command_or_404(access: Access, command_id: int) -> Command:
    commands = Command.objects.select_related("requested_by", "approved_by")
    command = commands.filter(pk=command_id, shop__in=access.shops).first()
    if command is None:
        raise Http404("There is no such command.")
    command.shop = shop_of(access, command.shop_id) or command.shop
    return command


def command_page(access: Access, command: Command, now: datetime) -> CommandPage:
    clock = Clock(now, command.shop.timezone)
    attempts = list(command.attempts.order_by("number"))
    stuck = command.state == CommandState.ATTENTION
    waits = command.state in DUE_STATES and command.lease_until is None
    hurried = waits and command.next_attempt_at > now
    about_rma = command.kind in OF_RMAS
    own = command.requested_by_id == access.user.pk
    approver = access.may(Permission.SECOND_APPROVAL, command.shop)
    return CommandPage(
        command=command,
        title=title_of(command),
        amount=money(command.amount, command.currency) if command.moves_money else "",
        state=command_badge(command, clock),
        about_rma=about_rma,
        subject_url=subject_url(access, command.shop, command.subject) if about_rma else "",
        facts=_facts(command, clock),
        request=_request(command),
        summary=pairs(command.summary),
        tracker=tracker_of(
            command,
            attempts,
            clock,
            reverse("command_tracker", args=[command.pk]),
            access=access,
        ),
        cause=_cause(command),
        tries=tries_of(attempts, clock),
        body=body_of(command.body),
        timeline=timeline_of_command(command, clock),
        may_undo=about_rma and command.can_be_undone and may_undo(access, command),
        may_cancel=_may_cancel(access, command, about_rma=about_rma),
        anew=_anew(access, command, own=own),
        may_hurry=hurried and access.may(Permission.RESOLVE, command.shop),
        needs_settling=stuck,
        may_give_up=stuck and approver and not own,
        why_not_give_up=OWN if stuck and approver and own else "",
    )


def _may_cancel(access: Access, command: Command, *, about_rma: bool) -> bool:
    """What was tried and not taken, or is no decision: for those *Undo* is not the word."""
    undone = about_rma and command.can_be_undone
    of_locations = command.kind in OF_LOCATIONS
    right = Permission.MANAGE_LOCATIONS if of_locations else Permission.RESOLVE
    return command.can_be_cancelled and not undone and access.may(right, command.shop)


def _anew(access: Access, command: Command, *, own: bool) -> Anew:
    offered = command.kind == Kind.APPROVAL and command.ended_without_effect
    if not offered:
        return Anew(offered=False, may=False, why_not="", became=[])
    approver = access.may(Permission.SECOND_APPROVAL, command.shop)
    why_not = OWN_ANEW if approver and own else ""
    if not approver:
        why_not = access.why_not(Permission.SECOND_APPROVAL)
    later = Command.objects.about(command.shop_id, command.subject).filter(
        kind=Kind.APPROVAL, summary__sent_as_new_of=command.pk
    )
    became = [(pk, reverse("command", args=[pk])) for pk in later.values_list("pk", flat=True)]
    return Anew(offered=True, may=not why_not, why_not=why_not, became=became)


def _cause(command: Command) -> str:
    """Unless the words of the problem begin with the same."""
    words = CAUSES.get(command.cause, sentence(command.cause))
    return "" if command.problem.startswith(words) else words


def _request(command: Command) -> list[tuple[str, str]]:
    return [
        ("Call", f"{command.method} {command.target}"),
        ("Authorization", "Basic, hidden"),
        ("X-Narvar-Shop-Domain", command.shop.domain),
        ("Content-Type", command.content_type or "none"),
        ("call_reference_id", str(command.call_reference_id)),
        ("sha256 of the body", bytes(command.body_sha256).hex()),
    ]


def _facts(command: Command, clock: Clock) -> list[tuple[str, SafeString | str]]:
    approver: Any = command.approved_by
    facts: list[tuple[str, SafeString | str]] = [
        ("Shop", command.shop.domain),
        ("Asked for by", name_of(command)),
        ("Approved by", approver.get_username() if approver else ""),
        ("Amount", money(command.amount, command.currency) if command.moves_money else ""),
        ("Cap at that time", money(command.cap, command.currency) if command.moves_money else ""),
        ("Decided", clock.tag(command.created_at)),
        ("First sent", clock.tag(command.first_sent_at) if command.first_sent_at else ""),
        ("Accepted", clock.tag(command.accepted_at) if command.accepted_at else ""),
        ("Settled", clock.tag(command.settled_at) if command.settled_at else ""),
        ("A try may have acted", "Yes" if command.was_ambiguous else ""),
    ]
    return [fact for fact in facts if fact[1]]
