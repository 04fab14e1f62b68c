"""The only place where our states change. Each move: lock, judge, write, leave its trace."""

from returns_ops.returns.transitions.approval import Approval, Refused, Stale, approve, undo
from returns_ops.returns.transitions.rereading import MOST_TRIES, ask_later, asked_in_vain
from returns_ops.returns.transitions.settlement import (
    command_moved,
    look_was_in_vain,
    why_not_send,
)
from returns_ops.returns.transitions.snapshots import Arrival, apply

__all__ = [
    "MOST_TRIES",
    "Approval",
    "Arrival",
    "Refused",
    "Stale",
    "apply",
    "approve",
    "ask_later",
    "asked_in_vain",
    "command_moved",
    "look_was_in_vain",
    "undo",
    "why_not_send",
]
