"""A file of locations: what each of its rows would do, and then what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.dashboard.show.badges import Look, saying
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.tracker import command_badge
from returns_ops.narvar.location_imports import Progress, progress
from returns_ops.returns.location_snapshot import FIELDS, spoken
from returns_ops.returns.models import LocationImport, LocationImportRow

PAGE = 100
State, RowState = LocationImport.State, LocationImportRow.State
Verdict = LocationImportRow.Verdict
VERDICTS = {
    Verdict.NEW: Look("info", "plus"),
    Verdict.CHANGED: Look("warn", "pencil-square"),
    Verdict.SAME: Look("neutral", "equals"),
    Verdict.ERROR: Look("err", "x-circle"),
}
DONE = {
    RowState.WAITING: Look("neutral", "clock"),
    RowState.ASKED: Look("info", "paper-airplane"),
    RowState.REFUSED: Look("err", "x-circle"),
    RowState.SKIPPED: Look("neutral", "minus-circle"),
}


class ImportRow(NamedTuple):
    line: int
    name: str
    url: str
    verdict: SafeString
    state: SafeString | str
    moves: bool
    wrong: bool
    problems: list[tuple[str, str]]
    changes: list[tuple[str, str, str]]
    result: str


@dataclass(frozen=True)
class ImportPage:
    job: LocationImport
    rows: list[ImportRow]
    counts: list[tuple[str, int]]
    progress: Progress
    wrong: int
    doubtful: int
    todo: int
    moving: int
    more: str
    started: SafeString | str

    @property
    def preview(self) -> bool:
        return self.job.state == State.PREVIEW

    @property
    def running(self) -> bool:
        return self.job.state == State.RUNNING

    @property
    def live(self) -> bool:
        """Until Narvar has answered for each row."""
        done = self.progress.confirmed + self.progress.failed
        return self.running or (not self.preview and done < self.progress.asked)


def import_page(job: LocationImport, now: datetime, *, after: int = 0) -> ImportPage:
    clock = Clock(now, job.shop.timezone)
    rows = job.rows.select_related("location", "command__requested_by", "command__shop")
    found = list(rows.filter(line__gt=after).order_by("line")[: PAGE + 1])
    counted = job.rows.order_by().values_list("verdict").annotate(n=Count("pk"))
    by_verdict = dict(counted)
    own = reverse("location_import", args=[job.pk])
    return ImportPage(
        job=job,
        rows=[_row(one, job, clock) for one in found[:PAGE]],
        counts=[
            (str(one.label), by_verdict[one.value]) for one in Verdict if one.value in by_verdict
        ],
        progress=progress(job),
        wrong=by_verdict.get(Verdict.ERROR, 0),
        doubtful=job.rows.exclude(verdict=Verdict.ERROR).exclude(problems={}).count(),
        todo=by_verdict.get(Verdict.NEW, 0) + by_verdict.get(Verdict.CHANGED, 0),
        moving=job.rows.filter(moves=True, verdict=Verdict.CHANGED).count(),
        more=f"{own}?after={found[PAGE - 1].line}" if len(found) > PAGE else "",
        started=clock.ago(job.created_at),
    )


def _row(row: LocationImportRow, job: LocationImport, clock: Clock) -> ImportRow:
    return ImportRow(
        line=row.line,
        name=str(row.values.get("name", "")) or "Without a name",
        url=row.location.get_absolute_url() if row.location else "",
        verdict=saying(VERDICTS[Verdict(row.verdict)], str(Verdict(row.verdict).label)),
        state=_state(row, clock) if job.state != State.PREVIEW else "",
        moves=row.moves,
        wrong=row.verdict == Verdict.ERROR,
        problems=[(_label(name), str(text)) for name, text in _in_order(row.problems)],
        changes=[
            (_label(name), spoken(was), spoken(then))
            for name, (was, then) in _in_order(row.changes)
        ]
        if row.verdict == Verdict.CHANGED
        else [],
        result=row.result,
    )


def _state(row: LocationImportRow, clock: Clock) -> SafeString:
    if row.command is not None:
        return command_badge(row.command, clock)
    return saying(DONE[RowState(row.state)], str(RowState(row.state).label))


def _in_order(told: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """As the columns of a file stand: JSON in the database knows no order."""
    known = [(name, told[name]) for name in FIELDS if name in told]
    return known + [(name, text) for name, text in told.items() if name not in FIELDS]


def _label(name: str) -> str:
    return FIELDS.get(name, name.replace("_", " ")).capitalize()
