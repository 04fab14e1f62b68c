"""The panel that tells Narvar where a parcel is: what may be said, and what it may set off."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.safestring import SafeString

from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.tracker import command_badge, is_settled, may_undo, name_of
from returns_ops.messaging.models import Command
from returns_ops.returns.kinds import TELLINGS
from returns_ops.returns.models import Rma
from returns_ops.returns.policy import Verdict
from returns_ops.returns.states import NarvarStatus, label_of
from returns_ops.returns.transitions import preview_status

# What a bench sees for itself, in the order in which it happens.
OFFERED = (NarvarStatus.ON_ITS_WAY, NarvarStatus.DELIVERED, NarvarStatus.RECEIVED)
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the person has filled in so far, and what is wrong with it."""

    status: str = ""
    note: str = ""
    problem: str = ""
    review: Verdict | None = None

    @property
    def open(self) -> bool:
        return bool(self.status or self.note or self.problem or self.review)


class Offer(NamedTuple):
    value: str
    label: str
    verdict: Verdict


class Told(NamedTuple):
    command_id: int
    what: str
    note: str
    by: str
    state: SafeString
    problem: str
    undoable: bool
    settled: bool


@dataclass(frozen=True, kw_only=True)
class Telling:
    offers: list[Offer]
    told: list[Told]
    typed: Typed
    token: uuid.UUID

    @property
    def under_way(self) -> bool:
        return any(not one.settled for one in self.told)


def telling_of(
    access: Access, rma: Rma, commands: Sequence[Command], typed: Typed, clock: Clock
) -> Telling:
    """`commands` about this return, newest first."""
    open_ones = [one for one in reversed(commands) if one.is_open]
    told = [one for one in commands if one.kind in TELLINGS][:SHOWN]
    return Telling(
        offers=[
            Offer(
                status.value,
                label_of(status.value),
                preview_status(rma, status=status.value, commands=open_ones),
            )
            for status in OFFERED
        ],
        told=[_told(access, one, clock) for one in told],
        typed=typed,
        token=uuid.uuid4(),
    )


def _told(access: Access, command: Command, clock: Clock) -> Told:
    status = command.summary.get("status")
    return Told(
        command_id=command.pk,
        what=label_of(status) if status else "A note",
        note=command.summary.get("note") or "",
        by=name_of(command),
        state=command_badge(command, clock),
        problem=command.problem,
        undoable=command.can_be_undone and may_undo(access, command),
        settled=is_settled(command),
    )
