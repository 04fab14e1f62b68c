"""The only place where our states change. Each move: lock, judge, write, leave its trace."""

from returns_ops.returns.transitions.approval import Approval, Refused, Stale, approve, undo
from returns_ops.returns.transitions.settlement import command_moved
from returns_ops.returns.transitions.snapshots import Arrival, apply

__all__ = [
    "Approval",
    "Arrival",
    "Refused",
    "Stale",
    "apply",
    "approve",
    "command_moved",
    "undo",
]
