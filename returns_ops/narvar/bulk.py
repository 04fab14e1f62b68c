"""One action for many cases: previewed, frozen as a list, done row by row by a worker.

Each row is a transaction of its own, under its own token and the versions that were seen. So a
worker may die anywhere, a colleague may be quicker, and nothing is told twice or half.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import locks
from returns_ops.messaging.models import Command, CommandState
from returns_ops.messaging.retrying import is_bad_luck, retried
from returns_ops.narvar import desk, macros
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import LABELS, Action, PossibleAction
from returns_ops.returns.models import BulkJob, BulkRow, Case
from returns_ops.returns.states import CaseState

log = structlog.get_logger(__name__)

MOST = 5000
SLICE = 20
# What people do one by one is not to stand behind more of a job's calls than this.
MOST_WAITING = 40
TOKENS = uuid.UUID("b3a7c7d4-9a44-5b0e-8a6e-6c1f4f0d9d52")

FAILED = "This failed for a reason of ours, and nothing was done. Open the case and do it there."

ASSIGN, SNOOZE, MACRO = "assign", "snooze", "macro"
ON_THE_CASE: dict[str, str] = {
    ASSIGN: "Assign",
    SNOOZE: "Snooze",
    MACRO: "Run a macro",
    Action.RESOLVE.value: LABELS[Action.RESOLVE],
}
# Without it a job would do something else than was meant. To nobody is said as None.
NEEDED = {
    ASSIGN: ("to", "Choose who is to look after them."),
    MACRO: ("macro_version", "Choose a macro."),
}
UNTOLD = "Nothing is told to Narvar."
EFFECTS = {
    MACRO: (
        "Every step of the macro, or none. Its steps may tell Narvar, and may refund: each is "
        "judged when the turn of the case comes."
    )
}
BY_CALL = (
    Action.RETRY,
    Action.REFUND,
    Action.NO_REFUND,
    Action.ASK,
    Action.REJECT,
    Action.CANCEL,
    Action.BY_HAND,
    Action.NOTE,
)
# code → label: what can be done for many at once. An amount is named for one return at a time.
ACTIONS: dict[str, str] = {**{one.value: LABELS[one] for one in BY_CALL}, **ON_THE_CASE}


Cases = QuerySet[Case]
# Of a case, and of its return.
Versions = tuple[int, int | None]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a person wants done for many cases of one shop. `selection`: the query of *all that
    match*, for the record. `seen`: the versions that were looked at; without them the cases are
    frozen as they are now."""

    shop: Shop
    code: str
    by: User
    cases: Iterable[Case] | QuerySet[Case]
    submission_token: uuid.UUID
    arguments: Mapping[str, Any]
    selection: str = ""
    seen: Mapping[int, Versions] | None = None


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would become of one case now."""

    case: Case
    effect: str
    blocked: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def preview(
    cases: Sequence[Case], code: str, by: User, *, seen: Mapping[int, Versions] | None = None
) -> list[Foreseen]:
    """For a page of cases, each with `rma`, `parcel` and `shop` fetched. Changes nothing."""
    same = [one for one in cases if not seen or seen[one.pk] == _versions(one)]
    judged = {} if code in ON_THE_CASE else desk.actions_of_many(same, by)
    kept = {one.pk: _foreseen(one, code, judged.get(one.pk, ())) for one in same}
    return [kept.get(case.pk) or _changed(case) for case in cases]


def _versions(case: Case) -> Versions:
    return case.version, case.rma.version if case.rma else None


def _changed(case: Case) -> Foreseen:
    return Foreseen(case=case, effect="", blocked=("It changed since this list was made.",))


def _foreseen(case: Case, code: str, actions: Iterable[PossibleAction]) -> Foreseen:
    if case.state == CaseState.RESOLVED:
        return Foreseen(case=case, effect="", blocked=("It is resolved already.",))
    if code in ON_THE_CASE:
        return Foreseen(case=case, effect=EFFECTS.get(code, f"{ON_THE_CASE[code]}. {UNTOLD}"))
    found = next((one for one in actions if one.code == code), None)
    if found is None:
        return Foreseen(case=case, effect="", blocked=("It does not fit this case.",))
    return Foreseen(case=case, effect=found.effect, blocked=found.blocked, warnings=found.warnings)


@transaction.atomic
def start_bulk(order: Order) -> BulkJob:
    """Freeze the list and leave the rest to the worker; the same form twice is one job."""
    locks.wait_for(f"bulk {order.submission_token}")
    earlier = BulkJob.objects.filter(submission_token=order.submission_token).first()
    if earlier is not None:
        return _same(earlier, order)
    transitions.permit_desk(order.by, order.shop)
    _judge_what(order)
    cases = _frozen(order)
    job = BulkJob.objects.create(
        shop=order.shop,
        action=order.code,
        arguments=dict(order.arguments),
        selection=order.selection[:500],
        started_by=order.by,
        by_badge=order.by.by_badge,
        submission_token=order.submission_token,
        total=len(cases),
    )
    BulkRow.objects.bulk_create(_row(job, *one) for one in cases)
    _audit("bulk.start", job, order.by, total=job.total)
    return job


def _judge_what(order: Order) -> None:
    if order.code not in ACTIONS:
        raise transitions.Refused("This cannot be done for many at once.")
    name, words = NEEDED.get(order.code, ("", ""))
    if name and name not in order.arguments:
        raise transitions.Refused(words)


def _frozen(order: Order) -> list[tuple[int, int, int | None]]:
    """(case, its version, its return's version)."""
    if isinstance(order.cases, QuerySet):
        cases = order.cases
    else:
        cases = Case.objects.filter(pk__in=[case.pk for case in order.cases])
    mine = cases.filter(shop=order.shop).order_by("rank_at", "id")
    rows = list(mine.values_list("pk", "version", "rma__version")[: MOST + 1])
    if not rows:
        raise transitions.Refused("Choose at least one case.")
    if len(rows) > MOST:
        raise transitions.Refused(f"At most {MOST:,} cases at once: narrow the list.")
    if order.seen is None:
        return rows
    return [(pk, *order.seen[pk]) for pk, *_ in rows if pk in order.seen]


def _row(job: BulkJob, case: int, version: int, rma_version: int | None) -> BulkRow:
    return BulkRow(
        job=job,
        case_id=case,
        case_version=version,
        rma_version=rma_version,
        submission_token=uuid.uuid5(TOKENS, f"{job.submission_token}|{case}"),
    )


def _same(earlier: BulkJob, order: Order) -> BulkJob:
    if (earlier.shop_id, earlier.started_by_id) != (order.shop.pk, order.by.pk):
        raise transitions.Refused("This form belongs to something else.")
    return earlier


@transaction.atomic
def stop_bulk(job_id: int, *, by: User) -> BulkJob:
    """No further row is begun; what was done stays done, and says so."""
    locked = BulkJob.objects.select_for_update(of=("self",)).select_related("shop")
    job = locked.get(pk=job_id)
    transitions.permit_desk(by, job.shop)
    if job.state != BulkJob.State.RUNNING:
        return job
    job.state, job.finished_at = BulkJob.State.STOPPED, timezone.now()
    job.save(update_fields=["state", "finished_at"])
    left = job.rows.filter(state=BulkRow.State.WAITING)
    left.update(state=BulkRow.State.LEFT, at=timezone.now())
    _audit("bulk.stop", job, by, done=job.done, refused=job.refused)
    return job


def run_slice(limit: int = SLICE) -> int:
    """Go on with the oldest job that may; returns how many rows came to an end."""
    for job in BulkJob.objects.filter(state=BulkJob.State.RUNNING).order_by("id"):
        if _has_enough_waiting(job):
            continue
        waiting = job.rows.filter(state=BulkRow.State.WAITING).order_by("id")
        ended = sum(run_row(pk) for pk in list(waiting.values_list("pk", flat=True)[:limit]))
        _finish(job.pk)
        return ended
    return 0


def _has_enough_waiting(job: BulkJob) -> bool:
    unsent = Command.objects.filter(
        pk__in=job.rows.exclude(command=None).values("command"),
        state=CommandState.QUEUED,
        tries=0,
    )
    return unsent.count() >= MOST_WAITING


@retried
@transaction.atomic
def run_row(row_id: int) -> bool:
    """One case, whole or not at all. False: somebody else has the row, or it has ended."""
    job_id = BulkRow.objects.values_list("job_id", flat=True).get(pk=row_id)
    # Whoever stops the job waits for this row, and this row for them.
    job = BulkJob.objects.select_for_update(of=("self",)).select_related("started_by", "shop")
    held = job.get(pk=job_id)
    row = (
        BulkRow.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=row_id, state=BulkRow.State.WAITING)
        .first()
    )
    if row is None or held.state != BulkJob.State.RUNNING:
        return False
    held.started_by.by_badge = held.by_badge
    _end(row, held)
    return True


def _end(row: BulkRow, job: BulkJob) -> None:
    try:
        with transaction.atomic():
            done = _do(row, job)
            if done.command is not None:
                _mark(done.command, job)
            row.state, row.said, row.command = BulkRow.State.DONE, done.said, done.command
    except transitions.Refused as no:
        row.state, row.said, row.command = BulkRow.State.REFUSED, str(no), None
    except Exception as error:
        if not connection.is_usable() or _is_nobodys_fault(error):
            raise  # the row is as it was, and its turn comes again
        # One case that cannot be done is not to hold up all the others, and all other jobs.
        log.exception("bulk_row_failed", job=job.pk, row=row.pk, case=row.case_id)
        row.state, row.said, row.command = BulkRow.State.REFUSED, FAILED, None
    row.at = timezone.now()
    row.save(update_fields=["state", "said", "command", "at"])
    counted = "done" if row.state == BulkRow.State.DONE else "refused"
    BulkJob.objects.filter(pk=job.pk).update(**{counted: F(counted) + 1})


def _is_nobodys_fault(error: Exception) -> bool:
    """PostgreSQL broke it off so that others could go on."""
    return isinstance(error, OperationalError) and is_bad_luck(error)


def _do(row: BulkRow, job: BulkJob) -> desk.Acted:
    by, arguments = job.started_by, job.arguments
    if job.action in (ASSIGN, SNOOZE, MACRO):
        transitions.lock_case(row.case_id, by=by, version=row.case_version)
    if job.action == ASSIGN:
        return _assign(row, arguments["to"], by)
    if job.action == MACRO:
        return macros.run(_macro(row, job))
    code = Action.WAIT.value if job.action == SNOOZE else job.action
    return desk.act(
        desk.Act(
            case_id=row.case_id,
            code=code,
            by=by,
            version=row.case_version,
            rma_version=row.rma_version,
            submission_token=row.submission_token,
            arguments=arguments,
            then_resolve=str(arguments.get("then_resolve") or ""),
        )
    )


def _assign(row: BulkRow, to_id: int | None, by: User) -> desk.Acted:
    to = User.objects.filter(pk=to_id).first() if to_id is not None else None
    if to_id is not None and to is None:
        raise transitions.Refused("There is no such person any more.")
    transitions.assign(row.case_id, to, by=by)
    return desk.Acted(said=f"Assigned to {to.known_as if to else 'nobody'}")


def _macro(row: BulkRow, job: BulkJob) -> macros.Run:
    """As it was when it was chosen: should it be another by now, the row is refused."""
    return macros.Run(
        macro_id=int(job.arguments["macro"]),
        macro_version=int(job.arguments["macro_version"]),
        case_id=row.case_id,
        by=job.started_by,
        version=row.case_version,
        rma_version=row.rma_version,
        submission_token=row.submission_token,
    )


def _mark(command: Command, job: BulkJob) -> None:
    """Its call gives way to what people do one by one: see operations.priority_of."""
    command.summary = {**command.summary, "bulk": job.pk}
    command.save(update_fields=["summary"])


@transaction.atomic
def _finish(job_id: int) -> None:
    job = BulkJob.objects.select_for_update(of=("self",)).select_related("shop").get(pk=job_id)
    waiting = job.rows.filter(state=BulkRow.State.WAITING)
    if job.state == BulkJob.State.RUNNING and not waiting.exists():
        job.state, job.finished_at = BulkJob.State.DONE, timezone.now()
        job.save(update_fields=["state", "finished_at"])
        _audit("bulk.done", job, job.started_by, done=job.done, refused=job.refused)


def _audit(action: str, job: BulkJob, by: User, **data: Any) -> None:
    audit.record(action, str(job), shop=job.shop, actor=by, job=job.pk, what=job.action, **data)
