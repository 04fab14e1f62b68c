"""The only place where our states change. Each move: lock, judge, write, leave its trace."""

from returns_ops.returns.transitions.approval import Approval, Refused, Stale, approve, undo
from returns_ops.returns.transitions.creating import (
    Creation,
    create_return,
    give_up_creation,
    return_not_seen,
    return_seen,
)
from returns_ops.returns.transitions.location_news import location_read_back, mirror_locations
from returns_ops.returns.transitions.locations import (
    Removal,
    Saving,
    remove_location,
    save_location,
)
from returns_ops.returns.transitions.rereading import MOST_TRIES, ask_later, asked_in_vain
from returns_ops.returns.transitions.resending import give_up
from returns_ops.returns.transitions.settlement import (
    command_moved,
    look_was_in_vain,
    why_not_send,
)
from returns_ops.returns.transitions.snapshots import Arrival, apply
from returns_ops.returns.transitions.subjects import lock_subject, moved
from returns_ops.returns.transitions.telling import (
    Telling,
    permission_for,
    preview_status,
    status_not_seen,
    tell_status,
)

__all__ = [
    "MOST_TRIES",
    "Approval",
    "Arrival",
    "Creation",
    "Refused",
    "Removal",
    "Saving",
    "Stale",
    "Telling",
    "apply",
    "approve",
    "ask_later",
    "asked_in_vain",
    "command_moved",
    "create_return",
    "give_up",
    "give_up_creation",
    "location_read_back",
    "lock_subject",
    "look_was_in_vain",
    "mirror_locations",
    "moved",
    "permission_for",
    "preview_status",
    "remove_location",
    "return_not_seen",
    "return_seen",
    "save_location",
    "status_not_seen",
    "tell_status",
    "undo",
    "why_not_send",
]
