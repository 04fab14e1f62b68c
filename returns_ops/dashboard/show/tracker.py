"""How far a decision has come on its way to Narvar, in words that never say more than we know."""

from datetime import datetime
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.badges import Look, look_of, saying
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.messaging.models import Attempt, Command, CommandState
from returns_ops.returns.kinds import TELLINGS
from returns_ops.returns.transitions import permission_for

SETTLED = {
    CommandState.CONFIRMED,
    CommandState.REFUSED,
    CommandState.CANCELLED,
    CommandState.ATTENTION,
}
HELD = Look("info", "pause-circle")
STEPS = ["Saved", "Sent", "Accepted by Narvar", "Confirmed"]
REACHED = {
    CommandState.NEEDS_APPROVAL: 0,
    CommandState.QUEUED: 0,
    CommandState.SENDING: 1,
    CommandState.OUTCOME_UNKNOWN: 1,
    CommandState.ACCEPTED: 2,
    CommandState.CONFIRMED: 3,
    CommandState.REFUSED: 1,
    CommandState.CANCELLED: 0,
    CommandState.ATTENTION: 1,
}
EXPLAINED = {
    CommandState.NEEDS_APPROVAL: "A second person must approve this. Nothing is sent until then.",
    CommandState.OUTCOME_UNKNOWN: (
        "Narvar may or may not have received it. We look the return up before anything is sent "
        "again, so nothing happens twice."
    ),
    CommandState.ACCEPTED: (
        "Narvar took the decision. We wait for its own record of it before we call it confirmed."
    ),
    CommandState.CANCELLED: "Undone before it was sent. Narvar never heard of it.",
}


class Step(NamedTuple):
    name: str
    state: str  # done, now, todo, failed


class Tracker(NamedTuple):
    url: str
    command_id: int
    title: str
    amount: str
    by: str
    state: str
    tone: str
    icon: str
    headline: SafeString | str
    said: str
    text: SafeString | str
    problem: str
    next_step: str
    steps: list[Step]
    settled: bool
    slow: bool
    undoable: bool
    on_hold: bool
    held_until: SafeString | str


def may_undo(access: Access, command: Command) -> bool:
    """Who may say it may undo it; a request is for who asked for it, and for who answers it."""
    if command.state == CommandState.NEEDS_APPROVAL and command.requested_by_id != access.user.pk:
        return access.may(Permission.SECOND_APPROVAL, command.shop)
    if command.kind in TELLINGS:
        return access.may(permission_for(command.summary.get("status")), command.shop)
    return access.may(Permission.APPROVE, command.shop)


def tracker_of(
    command: Command,
    attempts: list[Attempt],
    clock: Clock,
    url: str = "",
    *,
    access: Access | None = None,
) -> Tracker:
    """Without `access` whoever shows it says who may undo."""
    state = CommandState(command.state)
    look = look_of("command", state)
    headline = headline_of(command, clock)
    return Tracker(
        url=url,
        command_id=command.pk,
        title=title_of(command),
        amount=money(command.amount, command.currency) if command.moves_money else "",
        by=name_of(command),
        state=state,
        tone=look.tone,
        icon=look.icon,
        headline=headline,
        said=_said(command, clock.now),
        text=_text(command, clock),
        problem=command.problem if state not in {CommandState.CONFIRMED} else "",
        next_step=_next_step(command, attempts),
        steps=_steps(state),
        settled=is_settled(command),
        slow=state in (CommandState.ACCEPTED, CommandState.NEEDS_APPROVAL),
        undoable=command.can_be_undone and (access is None or may_undo(access, command)),
        on_hold=is_on_hold(command),
        held_until=clock.tag(command.held_until) if command.held_until else "",
    )


def title_of(command: Command) -> str:
    if command.kind.startswith("approv"):
        if command.summary.get("partial"):
            return "Partial refund"
        return "Approve and refund" if command.moves_money else "Decide without refund"
    return command.kind.replace("_", " ").capitalize()


def name_of(command: Command) -> str:
    return command.requested_by.get_full_name() or command.requested_by.get_username()


def _held(command: Command, now: datetime) -> bool:
    return command.can_be_undone and command.held_until is not None and command.held_until > now


def _said(command: Command, now: datetime) -> str:
    """Without the seconds: what a screen reader hears once per change."""
    if _held(command, now):
        return "Held"
    return state_in_words(command)


def is_on_hold(command: Command) -> bool:
    return command.can_be_undone and bool(command.summary.get("on_hold"))


def headline_of(command: Command, clock: Clock) -> SafeString | str:
    if is_on_hold(command):
        return "On hold until somebody releases it"
    if _held(command, clock.now):
        return format_html("Held, sent in {}", clock.countdown(command.held_until))
    if command.state == CommandState.SENDING and command.next_attempt_at > clock.now:
        wait = clock.countdown(command.next_attempt_at)
        return format_html("Sending (try {}, next in {})", command.tries, wait)
    if command.state == CommandState.SENDING:
        return f"Sending (try {max(command.tries, 1)})"
    if command.state == CommandState.QUEUED and command.tries:
        wait = clock.countdown(command.next_attempt_at)
        return format_html("Sending (try {}, next in {})", command.tries + 1, wait)
    return state_in_words(command)


def state_in_words(command: Command) -> str:
    """Four ends share one state: they are not the same to whoever reads of them."""
    if command.state != CommandState.CANCELLED:
        return str(CommandState(command.state).label)
    if command.was_given_up:
        return "Given up"
    if command.second_person and command.approved_by_id is None:
        return "Not approved" if command.problem else "Taken back"
    return "Cancelled" if command.tries else "Undone"


def is_settled(command: Command) -> bool:
    return command.state in SETTLED or command.settled_at is not None


def _text(command: Command, clock: Clock) -> SafeString | str:
    if command.state == CommandState.CONFIRMED:
        proof = "A transaction at Narvar" if command.moves_money else "Narvar's own record"
        return format_html("{} shows it, {}.", proof, clock.ago(command.settled_at))
    if command.state == CommandState.QUEUED and not command.tries:
        return "Nothing has been sent yet. It goes out by itself."
    if command.state == CommandState.ACCEPTED and command.settled_at:
        return "Narvar took it. More than that cannot be known of a call of this kind."
    if command.was_given_up:
        return "Given up by a second person. Narvar may still have acted on it."
    if command.state == CommandState.CANCELLED and command.tries:
        return "Cancelled. It was tried, and Narvar never took it."
    if command.state == CommandState.CANCELLED and state_in_words(command) != "Undone":
        return "The request ended before anybody approved it. Nothing was sent."
    return EXPLAINED.get(CommandState(command.state), "")


def _next_step(command: Command, attempts: list[Attempt]) -> str:
    if command.state == CommandState.REFUSED and command.was_ambiguous:
        return (
            "An earlier try may have acted, so this refusal proves nothing. Look at Narvar first."
        )
    if command.state == CommandState.REFUSED:
        return (
            "Nothing moved. Read Narvar's words, correct the return there if needed, and decide "
            "again."
        )
    if command.state == CommandState.ATTENTION:
        return "Compare with the return at Narvar. An approver can settle it."
    if attempts and attempts[-1].http_status == 429:
        return "Narvar asked us to slow down. We wait as long as it said."
    return ""


def _steps(state: CommandState) -> list[Step]:
    reached = REACHED[state]
    failed = state in (CommandState.REFUSED, CommandState.ATTENTION, CommandState.CANCELLED)
    found = []
    for place, name in enumerate(STEPS):
        if place < reached or state == CommandState.CONFIRMED:
            found.append(Step(name, "done"))
        elif place == reached:
            found.append(Step(name, "failed" if failed else "now"))
        else:
            found.append(Step(name, "todo"))
    return found


def command_badge(command: Command, clock: Clock) -> SafeString:
    """`Sending (try 2, next in 40 s)`: all that a list says of how far it is."""
    held = _held(command, clock.now)
    look = HELD if held else look_of("command", command.state)
    return saying(look, headline_of(command, clock))
