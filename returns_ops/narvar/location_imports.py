"""Does a confirmed file of locations, a row at a time, each by the same act as on the screen."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from returns_ops.failpoints import failpoint
from returns_ops.messaging.models import DUE_STATES, Command, CommandState
from returns_ops.messaging.retrying import retried
from returns_ops.narvar import decisions
from returns_ops.returns.kinds import OF_LOCATIONS
from returns_ops.returns.models import LocationImport, LocationImportRow
from returns_ops.returns.transitions import Confirmation, Refused, Source
from returns_ops.returns.transitions.location_imports import (
    finish_import,
    lock_import,
    waiting_row,
)
from returns_ops.returns.transitions.locations import order_of

SLICE = 25
# A long file must not stand before a refund in the queue of calls.
MOST_UNDER_WAY = 20
# One form per row: whoever does it again, after a kill, does nothing again.
ROWS = uuid.UUID("0a6f5c52-7d8a-5f0e-9b1e-4f5d0c3e9a77")
State, RowState = LocationImport.State, LocationImportRow.State


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Of the rows with something to do: asked for, and of these what Narvar said."""

    total: int
    waiting: int
    asked: int
    refused: int
    skipped: int
    confirmed: int
    failed: int

    @property
    def percent(self) -> int:
        return 100 * (self.total - self.waiting) // self.total if self.total else 100


def progress(job: LocationImport) -> Progress:
    by_state = dict(job.rows.order_by().values_list("state").annotate(n=Count("pk")))
    commands = Command.objects.filter(pk__in=job.rows.exclude(command=None).values("command"))
    ends = dict(commands.order_by().values_list("state").annotate(n=Count("pk")))
    return Progress(
        total=sum(by_state.values()),
        waiting=by_state.get(RowState.WAITING, 0),
        asked=by_state.get(RowState.ASKED, 0),
        refused=by_state.get(RowState.REFUSED, 0),
        skipped=by_state.get(RowState.SKIPPED, 0),
        confirmed=ends.get(CommandState.CONFIRMED, 0),
        failed=ends.get(CommandState.REFUSED, 0) + ends.get(CommandState.ATTENTION, 0),
    )


def run_slice(limit: int = SLICE) -> int:
    """Go on with the confirmed files, the oldest first; returns how many rows were done.

    A file that has to wait, for its shop's calls are stopped, keeps no other shop's waiting.
    """
    running = LocationImport.objects.filter(state=State.RUNNING).order_by("pk")
    done = 0
    for job in running.values_list("pk", flat=True):
        while done < limit and _next_row(job):
            done += 1
            failpoint("import.after_row")
    return done


@retried
@transaction.atomic
def _next_row(job_id: int) -> bool:
    """One row and what it asks for, in one transaction; False when none is left."""
    job = lock_import(job_id)
    if job.state != State.RUNNING or _is_ahead(job):
        return False
    row = waiting_row(job)
    if row is None:
        finish_import(job, State.DONE)
        return False
    _do(job, row)
    row.done_at = timezone.now()
    row.save(update_fields=["state", "result", "command", "done_at"])
    return True


def _is_ahead(job: LocationImport) -> bool:
    due = Command.objects.filter(shop=job.shop_id, kind__in=OF_LOCATIONS, state__in=DUE_STATES)
    return due.count() >= MOST_UNDER_WAY


def _do(job: LocationImport, row: LocationImportRow) -> None:
    try:
        row.command = _ask(job, row)
    except Refused as refusal:
        row.state, row.result = RowState.REFUSED, str(refusal)
    else:
        row.state = RowState.ASKED


def _ask(job: LocationImport, row: LocationImportRow) -> Command:
    place = row.location
    confirmed = Confirmation()
    if place is not None and row.moves and job.rules_confirmed:
        # The person named how many move; each by its own name would say no more.
        confirmed = Confirmation(rules_settled=True, typed_name=place.name)
    return decisions.save_location(
        job.shop,
        by=job.started_by,
        order=order_of(row.wanted),
        submission_token=uuid.uuid5(ROWS, f"{job.pk}|{row.line}"),
        location_id=row.location_id,
        version=row.version,
        confirmed=confirmed,
        source=Source.FILE,
    )
