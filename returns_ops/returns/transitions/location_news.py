"""What Narvar shows of return locations, and what its answers mean for ours."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.kinds import OF_LOCATIONS, Kind
from returns_ops.returns.location_compare import followed_since, standing_of
from returns_ops.returns.location_snapshot import (
    FIELDS,
    Facts,
    LocationSnapshot,
    differences,
    facts_of,
    same_place,
    took,
)
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import location_acts as acts
from returns_ops.returns.transitions.outstanding import confirmed, looked_in_vain

Sync = ReturnLocation.Sync
NARVAR = acts.Source.NARVAR
READ = ["narvar_id", "document", "shown", "read_at"]
WRITTEN = [
    *READ,
    *FIELDS,
    "agreed",
    "followed",
    "gone_at",
    "sync",
    "problem",
    "removed_at",
    "version",
    "changed_at",
]
BOTH = "Changed here and at Narvar"
# In a command's result: what a look saw before it was to be sent.
SEEN, GONE = "seen", "gone"
# By now their outcome is known as far as an answer can tell it.
JUDGED = [CommandState.ACCEPTED, CommandState.ATTENTION]


def location_moved(command: Command, location: ReturnLocation) -> None:
    """An answer came. The caller holds location and command locked."""
    if command.state == CommandState.ACCEPTED:
        _name(location, command.result.get("location_id", ""))
    elif command.state == CommandState.REFUSED:
        _refused(command, location)
    elif command.state == CommandState.ATTENTION:
        done = "removed" if command.kind == Kind.DELETE_LOCATION else "saved"
        location.sync = Sync.NOT_SAVED
        location.problem = f"Perhaps {done}: {command.problem}"
    _write(location)


def _name(location: ReturnLocation, narvar_id: str) -> None:
    """One id is one location: that of another stays its own, whoever answers with it."""
    if location.narvar_id or not narvar_id:
        return
    others = ReturnLocation.objects.filter(shop=location.shop_id, narvar_id=narvar_id)
    other = others.exclude(pk=location.pk).first()
    if other is None:
        location.narvar_id = narvar_id
    else:
        location.problem = f"Narvar calls it {narvar_id}, and so it calls {other} here"


def _refused(command: Command, location: ReturnLocation) -> None:
    """What was wanted stays on the row; what a look saw at Narvar stands beside it."""
    location.shown = command.result.get(SEEN, location.shown)
    if command.result.get(GONE):
        location.gone_at = timezone.now()
    location.sync = standing_of(location)
    done = "removed" if command.kind == Kind.DELETE_LOCATION else "saved"
    location.problem = f"Not {done}: {command.problem.removeprefix('Not sent: ')}"
    acts.remember(
        location,
        facts_of(location),
        source=NARVAR,
        verb="refused",
        text=location.problem,
        command=command,
    )


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
        taken = ids_of_others(location)
        fits = [one for one in snapshots if same_place(facts, facts_of(one))]
        same = [one for one in fits if one.narvar_id not in taken]
    return same[0] if len(same) == 1 else None


def ids_of_others(location: ReturnLocation) -> set[str]:
    """What Narvar calls the other locations of the shop: this one is none of them."""
    others = ReturnLocation.objects.filter(shop=location.shop_id).exclude(pk=location.pk)
    return set(others.exclude(narvar_id="").values_list("narvar_id", flat=True))


def _settled(command: Command, location: ReturnLocation, shown: LocationSnapshot | None) -> bool:
    """Confirm by what is shown; False when it shows nothing of what was asked for."""
    if command.kind == Kind.DELETE_LOCATION:
        if shown is not None:
            return False
        confirmed(command)
        acts.bury(location)
        _write(location)
        return True
    if shown is None:
        return False
    asked, seen = command.summary["asked"], facts_of(shown)
    other = differences(asked, seen)
    if other and not _is_ours(command, asked, seen):
        return False
    confirmed(command)
    before = facts_of(location)
    _take(location, shown)
    location.problem = f"Narvar kept it otherwise. {'; '.join(other)}" if other else ""
    location.followed = followed_since({}, asked, seen, why="kept")
    _write(location)
    if other:
        text = location.problem
        acts.remember(location, before, source=NARVAR, verb="kept", text=text, command=command)
    return True


def _is_ours(command: Command, asked: Facts, seen: Facts) -> bool:
    """Whether what is shown, other than we asked for, can be what Narvar made of it."""
    before = command.summary.get("before")
    if seen == before:
        return False
    unclear = command.state == CommandState.ATTENTION and command.kind == Kind.UPDATE_LOCATION
    return not unclear or (bool(before) and took(asked, before, seen))


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
    _settle_waiting(shop, [row for row in rows if row.pk not in later], listed)
    by_id = {row.narvar_id: row for row in rows if row.narvar_id}
    for shown in listed:
        row = by_id.get(shown.narvar_id) or _nameless(shown, rows)
        if row is None:
            row = _new(shop, shown)
            rows.append(row)
        elif row.pk not in later:
            _mirror(row, shown)
        by_id[shown.narvar_id] = row
    if len(listed) < len(snapshots):
        return  # what has no name there may be any of ours
    ids = {one.narvar_id for one in listed}
    for row in rows:
        if row.narvar_id and row.narvar_id not in ids and row.pk not in later:
            _vanish(row)


def _nameless(shown: LocationSnapshot, rows: list[ReturnLocation]) -> ReturnLocation | None:
    """One of ours whose id nobody told us yet."""
    waiting = (row for row in rows if not row.narvar_id and not row.removed_at)
    return next((row for row in waiting if same_place(facts_of(row), facts_of(shown))), None)


def _new(shop: Shop, shown: LocationSnapshot) -> ReturnLocation:
    row = ReturnLocation(shop=shop)
    _take(row, shown)
    row.save()
    acts.remember(row, {}, source=NARVAR, verb="imported", text="Found at Narvar")
    return row


def _mirror(row: ReturnLocation, shown: LocationSnapshot) -> None:
    """What nobody changed here follows Narvar; what was changed on both sides waits for a word."""
    ours, seen = facts_of(row), facts_of(shown)
    if row.sync == Sync.DELETED:
        _take(row, shown)
        _news(row, ours, "back", "Narvar has it again")
    elif row.sync == Sync.SENDING:
        _read(row, shown)
        row.save(update_fields=READ)
    elif ours == seen:
        _agree(row, shown)
    elif row.sync == Sync.IN_SYNC or ours == row.agreed:
        _take(row, shown)
        row.problem = ""
        row.followed = followed_since(row.followed, ours, seen, why="changed")
        _news(
            row, ours, "changed", "Changed at Narvar", changes=differences(ours, seen, said="was")
        )
    else:
        _keep_both(row, shown)


def _agree(row: ReturnLocation, shown: LocationSnapshot) -> None:
    followed, settled = row.followed, row.sync == Sync.IN_SYNC
    _take(row, shown)
    row.followed = followed
    if settled:
        row.save(update_fields=[*READ, "agreed"])
    else:
        row.problem = ""
        _write(row)


def _keep_both(row: ReturnLocation, shown: LocationSnapshot) -> None:
    """Changed here; whether at Narvar too, what both last agreed on tells."""
    before = (row.sync, row.shown)
    _read(row, shown)
    row.gone_at = None
    row.sync = standing_of(row)
    if (row.sync, row.shown) == before:
        row.save(update_fields=READ)
    elif row.sync == Sync.CONFLICT:
        row.problem = row.problem or BOTH
        _news(row, facts_of(row), "conflict", BOTH)
    else:
        _write(row)


def _vanish(row: ReturnLocation) -> None:
    """Narvar does not list it any more."""
    ours = facts_of(row)
    if row.sync in (Sync.DELETED, Sync.SENDING) or row.gone_at:
        return
    if row.sync == Sync.IN_SYNC or ours == row.agreed:
        acts.bury(row)
        _news(row, ours, "gone", "Removed at Narvar")
        return
    row.sync, row.gone_at = Sync.CONFLICT, timezone.now()
    row.problem = "Changed here, removed at Narvar"
    _news(row, ours, "conflict", row.problem)


def _news(row: ReturnLocation, before: Facts, verb: str, text: str, **data: Any) -> None:
    """Narvar's doing: written, audited, and a line of history."""
    _write(row)
    subject = row.subject
    audit.record(f"location.{verb}", subject, shop=row.shop, actor=None, name=row.name, **data)
    acts.remember(row, before, source=NARVAR, verb=verb, text=text)


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
    row.sync, row.removed_at, row.gone_at = Sync.IN_SYNC, None, None
    row.agreed, row.followed = row.shown, {}


def _read(row: ReturnLocation, shown: LocationSnapshot) -> None:
    row.narvar_id = row.narvar_id or shown.narvar_id
    row.document, row.shown, row.read_at = dict(shown.document), facts_of(shown), timezone.now()


def _write(row: ReturnLocation) -> None:
    row.version += 1
    row.changed_at = timezone.now()
    row.save(update_fields=WRITTEN)
