"""What Narvar shows of return locations, and what its answers mean for ours."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS, Kind
from returns_ops.returns.location_snapshot import (
    FIELDS,
    LocationSnapshot,
    differences,
    facts_of,
    same_place,
)
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions.outstanding import confirmed, looked_in_vain

Sync = ReturnLocation.Sync
READ = ["narvar_id", "document", "shown", "read_at"]
WRITTEN = [*READ, *FIELDS, "sync", "problem", "removed_at", "version", "changed_at"]
# By now their outcome is known as far as an answer can tell it.
JUDGED = [CommandState.ACCEPTED, CommandState.ATTENTION]


def location_moved(command: Command, location: ReturnLocation) -> None:
    """An answer came. The caller holds location and command locked."""
    removing = command.kind == Kind.DELETE_LOCATION
    if command.state == CommandState.ACCEPTED:
        location.narvar_id = location.narvar_id or command.result.get("location_id", "")
    elif command.state == CommandState.REFUSED:
        location.sync = Sync.IN_SYNC if removing else Sync.NOT_SAVED
        why = command.problem.removeprefix("Not sent: ")
        location.problem = f"Not {'removed' if removing else 'saved'}: {why}"
    elif command.state == CommandState.ATTENTION:
        location.sync = Sync.NOT_SAVED
        location.problem = f"Perhaps {'removed' if removing else 'saved'}: {command.problem}"
    _write(location)


@transaction.atomic
def location_read_back(command_id: int, snapshots: Sequence[LocationSnapshot] | None) -> None:
    """What Narvar shows after it accepted; None: it could not be asked."""
    found = Command.objects.get(pk=command_id)
    location = locked_location(found)
    command = Command.objects.select_for_update().get(pk=command_id)
    if command.state not in JUDGED or command.settled_at:
        return
    if snapshots is None or not _settled(command, location, _of(location, snapshots)):
        _wait(command, location)


def locked_location(command: Command) -> ReturnLocation:
    pk = int(command.subject.removeprefix("location "))
    return ReturnLocation.objects.select_for_update(of=("self",)).get(shop=command.shop_id, pk=pk)


def _wait(command: Command, location: ReturnLocation) -> None:
    if command.state != CommandState.ACCEPTED:
        return
    if looked_in_vain(command, "Accepted 10 minutes ago, and Narvar does not show it"):
        location.problem = command.problem
    if command.state == CommandState.ATTENTION:
        location.sync = Sync.NOT_SAVED
    _write(location)


def _of(location: ReturnLocation, snapshots: Iterable[LocationSnapshot]) -> LocationSnapshot | None:
    """The one with its id; without an id, the only one of its name and address."""
    if location.narvar_id:
        same = [one for one in snapshots if one.narvar_id == location.narvar_id]
    else:
        facts = facts_of(location)
        same = [one for one in snapshots if same_place(facts, facts_of(one))]
    return same[0] if len(same) == 1 else None


def _settled(command: Command, location: ReturnLocation, shown: LocationSnapshot | None) -> bool:
    """Confirm by what is shown; False when it shows nothing of what was asked for."""
    if command.kind == Kind.DELETE_LOCATION:
        if shown is not None:
            return False
        confirmed(command)
        _bury(location, "")
        return True
    if shown is None:
        return False
    asked, seen = command.summary["asked"], facts_of(shown)
    other = differences(asked, seen)
    if other and seen == command.summary.get("before"):
        return False
    confirmed(command)
    _take(location, shown)
    location.problem = f"Narvar kept it otherwise. {'; '.join(other)}" if other else ""
    _write(location)
    return True


@transaction.atomic
def mirror_locations(
    shop: Shop, snapshots: Sequence[LocationSnapshot], *, asked_at: datetime
) -> None:
    """Take in Narvar's whole list, as it was when it was asked for."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    rows = list(ReturnLocation.objects.select_for_update().filter(shop=shop).order_by("pk"))
    listed = [one for one in snapshots if one.narvar_id]
    # Of what was changed after the question, the answer may not know.
    later = {row.pk for row in rows if row.changed_at > asked_at}
    for shown in listed:
        row = _row_of(shown, rows)
        if row is None:
            rows.append(_new(shop, shown))
        elif row.pk not in later:
            _mirror(row, shown)
    ids = {one.narvar_id for one in listed}
    for row in rows:
        gone = row.narvar_id and row.narvar_id not in ids and row.sync == Sync.IN_SYNC
        if gone and row.pk not in later:
            _bury(row, "location.gone")
    _settle_waiting(shop, [row for row in rows if row.pk not in later], listed)


def _row_of(shown: LocationSnapshot, rows: list[ReturnLocation]) -> ReturnLocation | None:
    named = [row for row in rows if row.narvar_id == shown.narvar_id]
    nameless = [
        row
        for row in rows
        if not row.narvar_id and not row.removed_at and same_place(facts_of(row), facts_of(shown))
    ]
    return next(iter(named + nameless), None)


def _new(shop: Shop, shown: LocationSnapshot) -> ReturnLocation:
    row = ReturnLocation(shop=shop)
    _take(row, shown)
    row.save()
    return row


def _mirror(row: ReturnLocation, shown: LocationSnapshot) -> None:
    """What we have asked for stays ours until it is settled; the rest is Narvar's."""
    facts, seen = facts_of(row), facts_of(shown)
    if row.sync == Sync.DELETED:
        _take(row, shown)
        _write(row)
        audit.record("location.back", row.subject, shop=row.shop, actor=None, name=row.name)
    elif row.sync == Sync.IN_SYNC and facts != seen:
        _take(row, shown)
        row.problem = ""
        _write(row)
        changes = differences(facts, seen)
        audit.record("location.changed", row.subject, shop=row.shop, actor=None, changes=changes)
    elif row.sync == Sync.NOT_SAVED and facts == seen:
        _take(row, shown)
        row.problem = ""
        _write(row)
    else:
        _read(row, shown)
        row.save(update_fields=READ)


def _settle_waiting(shop: Shop, rows: list[ReturnLocation], listed: list[LocationSnapshot]) -> None:
    """Commands that only a look can settle."""
    waiting = Command.objects.filter(shop=shop, kind__in=OF_LOCATIONS, state__in=JUDGED)
    by_subject = {row.subject: row for row in rows}
    for command in waiting.filter(settled_at=None).select_for_update().order_by("id"):
        row = by_subject.get(command.subject)
        if row:
            _settled(command, row, _of(row, listed))


def _take(row: ReturnLocation, shown: LocationSnapshot) -> None:
    """The row becomes what Narvar shows; the caller writes it."""
    _read(row, shown)
    for name in FIELDS:
        setattr(row, name, getattr(shown, name))
    row.sync, row.removed_at = Sync.IN_SYNC, None


def _read(row: ReturnLocation, shown: LocationSnapshot) -> None:
    row.narvar_id = row.narvar_id or shown.narvar_id
    row.document, row.shown, row.read_at = dict(shown.document), facts_of(shown), timezone.now()


def _bury(row: ReturnLocation, action: str) -> None:
    row.sync, row.problem, row.removed_at = Sync.DELETED, "", timezone.now()
    _write(row)
    if action:
        audit.record(action, row.subject, shop=row.shop, actor=None, name=row.name)


def _write(row: ReturnLocation) -> None:
    row.version += 1
    row.changed_at = timezone.now()
    row.save(update_fields=WRITTEN)
