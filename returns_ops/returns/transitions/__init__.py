"""The only place where our states change. Each move: lock, judge, write, leave its trace."""

from returns_ops.returns.transitions.approval import (
    Approval,
    NeedsSecondPerson,
    Refused,
    Stale,
    approve,
)
from returns_ops.returns.transitions.claims import claim_units
from returns_ops.returns.transitions.creating import (
    Creation,
    create_return,
    give_up_creation,
    return_not_seen,
    return_seen,
)
from returns_ops.returns.transitions.location_acts import (
    Act,
    Confirmation,
    NeedsConfirmation,
    Source,
)
from returns_ops.returns.transitions.location_news import location_read_back, mirror_locations
from returns_ops.returns.transitions.location_settling import (
    Linking,
    Settling,
    link_location,
    settle_location,
    unlink_location,
)
from returns_ops.returns.transitions.locations import (
    Removal,
    Restoring,
    Saving,
    remove_location,
    restore_location,
    save_location,
    will_move,
)
from returns_ops.returns.transitions.receiving import (
    Bench,
    NotExpected,
    Part,
    TooMany,
    box_arrived,
    count_unit,
    keep_stranger,
    mark_missing,
    open_return,
    receive_all,
    redecide_unit,
    take_back,
)
from returns_ops.returns.transitions.rereading import MOST_TRIES, ask_later, asked_in_vain
from returns_ops.returns.transitions.resending import give_up
from returns_ops.returns.transitions.second import approve_request, end_requests, send_back
from returns_ops.returns.transitions.settlement import (
    command_moved,
    look_was_in_vain,
    why_not_send,
)
from returns_ops.returns.transitions.snapshots import Arrival, apply
from returns_ops.returns.transitions.splitting import split_item
from returns_ops.returns.transitions.subjects import lock_subject, moved
from returns_ops.returns.transitions.teaching import teach_barcode
from returns_ops.returns.transitions.telling import (
    Telling,
    permission_for,
    preview_status,
    status_not_seen,
    tell_status,
)
from returns_ops.returns.transitions.undoing import put_on_hold, release_hold, undo

__all__ = [
    "MOST_TRIES",
    "Act",
    "Approval",
    "Arrival",
    "Bench",
    "Confirmation",
    "Creation",
    "Linking",
    "NeedsConfirmation",
    "NeedsSecondPerson",
    "NotExpected",
    "Part",
    "Refused",
    "Removal",
    "Restoring",
    "Saving",
    "Settling",
    "Source",
    "Stale",
    "Telling",
    "TooMany",
    "apply",
    "approve",
    "approve_request",
    "ask_later",
    "asked_in_vain",
    "box_arrived",
    "claim_units",
    "command_moved",
    "count_unit",
    "create_return",
    "end_requests",
    "give_up",
    "give_up_creation",
    "keep_stranger",
    "link_location",
    "location_read_back",
    "lock_subject",
    "look_was_in_vain",
    "mark_missing",
    "mirror_locations",
    "moved",
    "open_return",
    "permission_for",
    "preview_status",
    "put_on_hold",
    "receive_all",
    "redecide_unit",
    "release_hold",
    "remove_location",
    "restore_location",
    "return_not_seen",
    "return_seen",
    "save_location",
    "send_back",
    "settle_location",
    "split_item",
    "status_not_seen",
    "take_back",
    "teach_barcode",
    "tell_status",
    "undo",
    "unlink_location",
    "why_not_send",
    "will_move",
]
