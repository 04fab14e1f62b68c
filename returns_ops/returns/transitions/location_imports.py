"""Files of locations: read and judged row by row, confirmed, done or stopped."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.location_csv import facts_of_row, read_csv
from returns_ops.returns.location_reading import read_location
from returns_ops.returns.location_snapshot import PLACE, Facts, changes, facts_of
from returns_ops.returns.models import LocationImport, LocationImportRow, ReturnLocation
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.location_acts import NeedsConfirmation, permit
from returns_ops.returns.transitions.locations import will_move

State, RowState = LocationImport.State, LocationImportRow.State
Verdict = LocationImportRow.Verdict
Place = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class File:
    shop: Shop
    by: User
    data: bytes
    name: str
    submission_token: uuid.UUID


@transaction.atomic
def start_import(file: File) -> LocationImport:
    """Read a file and say what each row would do; nothing is changed yet.

    Raises Refused, or location_csv.Unreadable when the file as a whole cannot be read.
    """
    permit(file.by, file.shop)
    # First of all: a second press of the same form waits here until the first is done.
    job, made = LocationImport.objects.get_or_create(
        submission_token=file.submission_token,
        defaults={
            "shop": file.shop,
            "file_name": file.name[:255].replace("\x00", ""),
            "started_by": file.by,
        },
    )
    if not made:
        if (job.shop_id, job.started_by_id) != (file.shop.pk, file.by.pk):
            raise Refused("This form belongs to something else.")
        return job
    rows = _judged(file.shop, read_csv(file.data))
    for row in rows:
        row.job = job
    LocationImportRow.objects.bulk_create(rows, batch_size=500)
    job.refresh_from_db()
    return job


@transaction.atomic
def confirm_import(
    job_id: int, *, by: User, rules_settled: bool = False, typed_count: str = ""
) -> LocationImport:
    """Begin it. Where addresses move, the person says that rules fit, and how many they are."""
    job = lock_import(job_id)
    permit(by, job.shop)
    if job.state == State.RUNNING:
        return job
    if job.state != State.PREVIEW:
        raise Refused("This import is over. Upload the file again.")
    if job.started_by_id != by.pk:
        raise Refused(f"{job.started_by} uploaded this file: they confirm it, or upload your own.")
    moving = job.rows.filter(moves=True, verdict=Verdict.CHANGED).count()
    if moving and not (rules_settled and typed_count.strip() == str(moving)):
        raise NeedsConfirmation(
            f"{moving} {'address changes' if moving == 1 else 'addresses change'}: confirm that "
            f"the rules at Narvar are settled, and type {moving} to confirm."
        )
    if not job.rows.filter(verdict__in=[Verdict.NEW, Verdict.CHANGED]).exists():
        raise Refused("Nothing in this file would change anything.")
    now = timezone.now()
    job.state, job.confirmed_at, job.rules_confirmed = State.RUNNING, now, bool(moving)
    job.save(update_fields=["state", "confirmed_at", "rules_confirmed"])
    job.rows.filter(verdict=Verdict.SAME).update(state=RowState.SKIPPED, done_at=now)
    errors = job.rows.filter(verdict=Verdict.ERROR)
    errors.update(state=RowState.REFUSED, done_at=now, result="The row has errors")
    _audit(job, by, "started", moving=moving)
    return job


@transaction.atomic
def stop_import(job_id: int, *, by: User) -> LocationImport:
    """Begin no more rows; what was asked for is sent."""
    job = lock_import(job_id)
    permit(by, job.shop)
    if job.state in (State.PREVIEW, State.RUNNING):
        finish_import(job, State.STOPPED)
        _audit(job, by, "stopped")
    return job


def lock_import(job_id: int) -> LocationImport:
    jobs = LocationImport.objects.select_for_update(of=("self",))
    return jobs.select_related("shop", "started_by").get(pk=job_id)


def finish_import(job: LocationImport, state: LocationImport.State) -> None:
    """The caller holds the lock. Rows that were not begun never will be."""
    job.state, job.finished_at = state, timezone.now()
    job.save(update_fields=["state", "finished_at"])
    waiting = job.rows.filter(state=RowState.WAITING)
    waiting.update(state=RowState.SKIPPED, done_at=job.finished_at, result="Stopped before it")


def _audit(job: LocationImport, by: User, verb: str, **data: Any) -> None:
    audit.record(
        f"location.import_{verb}",
        str(job),
        shop=job.shop,
        actor=by,
        file=job.file_name,
        permission=Permission.MANAGE_LOCATIONS,
        **data,
    )


class _Known:
    """The shop's locations, found by their id at Narvar or by their place."""

    def __init__(self, shop: Shop) -> None:
        rows = list(ReturnLocation.objects.filter(shop=shop, removed_at=None))
        self.facts = {one.pk: facts_of(one) for one in rows}
        self._by_id = {one.narvar_id: one for one in rows if one.narvar_id}
        self._by_place: dict[Place, list[ReturnLocation]] = {}
        for one in rows:
            self._by_place.setdefault(_place(self.facts[one.pk]), []).append(one)

    def find(self, narvar_id: str, said: Facts) -> ReturnLocation | None:
        if narvar_id:
            return self._by_id.get(narvar_id)
        same = self._by_place.get(_place(said), [])
        return same[0] if len(same) == 1 else None


def _judged(shop: Shop, rows: list[dict[str, str]]) -> list[LocationImportRow]:
    known = _Known(shop)
    judged: list[LocationImportRow] = []
    taken: dict[int, int] = {}
    places: dict[Place, int] = {}
    for line, values in enumerate(rows, start=2):
        row = _judge(line, values, known)
        twin = taken.get(row.location_id or 0) or places.get(_place(row.wanted))
        if twin and row.verdict != Verdict.ERROR:
            row.verdict, row.problems = Verdict.ERROR, {"": f"Line {twin} is the same location."}
        if row.location_id:
            taken.setdefault(row.location_id, line)
        places.setdefault(_place(row.wanted), line)
        judged.append(row)
    return judged


def _judge(line: int, values: dict[str, str], known: _Known) -> LocationImportRow:
    said = facts_of_row(values)
    row = LocationImportRow(line=line, values=_storable(values), wanted=_storable(said))
    narvar_id = values["narvar_id"].strip()
    row.location = known.find(narvar_id, said)
    before = known.facts[row.location.pk] if row.location else {}
    if row.location and said == before:
        row.verdict, row.version = Verdict.SAME, row.location.version
        return row
    reading = read_location(values)
    order, row.problems = reading.order, reading.problems
    if narvar_id and row.location is None:
        row.problems["narvar_id"] = f"There is no location {narvar_id[:80]} here."
    if order is None or row.problems:
        row.verdict = Verdict.ERROR
        return row
    row.wanted, row.verdict = facts_of(order), Verdict.NEW
    if row.location:
        row.version = row.location.version
        row.changes = changes(before, row.wanted)
        row.verdict = Verdict.CHANGED if row.changes else Verdict.SAME
        row.moves = will_move(row.location, order)
    row.problems = {
        one.field: one.text
        for one in reading.doubts
        if row.verdict == Verdict.NEW or row.changes.keys() & set(one.about)
    }
    return row


def _place(wanted: Facts) -> Place:
    return tuple(str(wanted[name]).casefold() for name in PLACE)


def _storable(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value[:2000] if isinstance(value, str) else value for name, value in values.items()
    }


def waiting_row(job: LocationImport) -> LocationImportRow | None:
    """The next row to do; the caller holds the job's lock."""
    rows = job.rows.filter(state=RowState.WAITING).select_related("location")
    return rows.order_by("line").first()
