"""One action for many cases: what would become of each, how far the job is, and each result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db.models import Count, QuerySet
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.consoles import FilterLink, key_of
from returns_ops.dashboard.desk import Asked
from returns_ops.dashboard.show.badges import Look, badge, saying
from returns_ops.dashboard.show.case_page import colleagues_of
from returns_ops.dashboard.show.case_rows import number_of
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.macros import in_words
from returns_ops.dashboard.show.reviewed import Reviewed
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import bulk
from returns_ops.returns.case_actions import Action
from returns_ops.returns.desk import matching
from returns_ops.returns.models import BulkJob, BulkRow, Case, Macro

PAGE = 50
PREVIEWED = 25
MOST_PICKED = 500
NOBODY = "nobody"
# In the bar under a list, the most used first.
IN_BAR = (
    bulk.ASSIGN,
    bulk.SNOOZE,
    Action.REFUND.value,
    Action.NO_REFUND.value,
    Action.RETRY.value,
    Action.BY_HAND.value,
    Action.RESOLVE.value,
    Action.NOTE.value,
    bulk.MACRO,
)
STATES = {
    BulkRow.State.WAITING: Look("info", "clock"),
    BulkRow.State.DONE: Look("ok", "check-circle"),
    BulkRow.State.REFUSED: Look("err", "x-circle"),
    BulkRow.State.LEFT: Look("neutral", "minus-circle"),
}
JOB_STATES = {
    BulkJob.State.RUNNING: Look("info", "arrow-path"),
    BulkJob.State.DONE: Look("ok", "check-circle"),
    BulkJob.State.STOPPED: Look("neutral", "stop-circle"),
}


class BulkButton(NamedTuple):
    key: str
    label: str


class Foreseen(NamedTuple):
    number: str
    url: str
    cause: SafeString
    value: str
    effect: str
    blocked: str


@dataclass(frozen=True)
class Choice:
    """Which cases, and what is to be done with them."""

    asked: Asked
    all: bool
    picked: list[int]
    code: str
    too_many: bool

    @classmethod
    def read(cls, access: Access, data: QueryDict) -> "Choice":
        picked, code = data.getlist("case"), data.get("action", "")
        keys = [key_of(text) for text in picked[:MOST_PICKED]]
        return cls(
            asked=Asked.parse(access, data.get("query", "")),
            all=data.get("all") == "1",
            too_many=len(picked) > MOST_PICKED and data.get("all") != "1",
            picked=[key for key in keys if key is not None],
            code=code if code in bulk.ACTIONS else "",
        )

    def cases(self, access: Access, now: datetime) -> QuerySet[Case]:
        shops = self.asked.shops_of(access)
        if self.all:
            return matching(self.asked.wanted, shops, access.user, now)
        return Case.objects.filter(pk__in=self.picked, shop__in=shops)


@dataclass(frozen=True)
class Review:
    choice: Choice
    label: str
    count: int
    rows: list[Foreseen]
    start: int
    left: int
    shops: int
    people: list[tuple[str, str]]
    macros: list[tuple[str, str]]
    token: UUID
    reviewed: str

    @property
    def hidden(self) -> list[tuple[str, str]]:
        choice = self.choice
        known = [
            ("action", choice.code),
            ("query", choice.asked.query()),
            ("reviewed", self.reviewed),
        ]
        if choice.all:
            return [*known, ("all", "1")]
        return [*known, *(("case", str(pk)) for pk in choice.picked)]

    @property
    def pages(self) -> list[tuple[int, str]]:
        """Where the rows before and after these begin."""
        before = [(self.start - PREVIEWED, "Before these")] if self.start else []
        after = [(self.start + PREVIEWED, f"The next {min(self.left, PREVIEWED)}")]
        return [*before, *(after if self.left else [])]

    @property
    def blocked(self) -> int:
        return sum(1 for row in self.rows if row.blocked)


class Result(NamedTuple):
    number: str
    url: str
    cause: SafeString
    state: SafeString
    said: str
    command_id: int | None


class JobLine(NamedTuple):
    pk: int
    label: str
    state: SafeString
    by: str
    progress: str
    refused: int


@dataclass(frozen=True)
class JobPage:
    job: BulkJob
    label: str
    state: SafeString
    running: bool
    settled: int
    verb: str
    calls: str
    started: SafeString | str
    tabs: list[FilterLink]
    rows: list[Result]
    more: str
    sees_messages: bool


def bar_buttons() -> list[BulkButton]:
    return [BulkButton(code, bulk.ACTIONS[code]) for code in IN_BAR]


def review_of(
    access: Access, choice: Choice, reviewed: Reviewed, *, token: UUID | None, start: int = 0
) -> Review:
    """What would become of the cases from `start` on: so many at a time as one page judges."""
    shown = reviewed.page(access, choice.asked, start, PREVIEWED)
    for case in shown:
        if case.rma is not None:
            case.rma.shop = case.shop
    count = len(reviewed.seen)
    foreseen = bulk.preview(shown, choice.code, access.user, seen=reviewed.seen)
    return Review(
        choice=choice,
        label=bulk.ACTIONS[choice.code],
        count=count,
        rows=[_foreseen(one) for one in foreseen],
        start=start,
        left=max(count - start - PREVIEWED, 0),
        shops=len({case.shop_id for case in shown}),
        people=_people(shown, access.user) if choice.code == bulk.ASSIGN else [],
        macros=_macros(access, choice) if choice.code == bulk.MACRO else [],
        token=token or uuid4(),
        reviewed=reviewed.signed(),
    )


def _foreseen(one: bulk.Foreseen) -> Foreseen:
    case = one.case
    return Foreseen(
        number=number_of(case.rma.rma_number if case.rma else None, case.parcel_id),
        url=reverse("case", args=[case.pk]),
        cause=badge("cause", case.cause),
        value=money(case.value, case.currency) if case.value else "",
        effect=" ".join([one.effect, *one.warnings]),
        blocked=" ".join(one.blocked),
    )


def _people(cases: Sequence[Case], user: User) -> list[tuple[str, str]]:
    people = colleagues_of(cases[0]) if cases else []
    others = [(str(one.pk), one.known_as) for one in people if one.pk != user.pk]
    return [(str(user.pk), "Me"), *others, (NOBODY, "Nobody")]


def _macros(access: Access, choice: Choice) -> list[tuple[str, str]]:
    """Each with the version that is read here."""
    found = Macro.objects.filter(shop__in=choice.asked.shops_of(access))
    return [(f"{one.pk}.{one.version}", f"{one.name}: {in_words(one)}") for one in found]


def shops_in(access: Access, choice: Choice, reviewed: Reviewed) -> list[Shop]:
    """A job belongs to one shop."""
    found = Case.objects.filter(pk__in=reviewed.seen, shop__in=choice.asked.shops_of(access))
    held = set(found.order_by().values_list("shop", flat=True).distinct())
    return [shop for shop in access.shops if shop.pk in held]


def job_or_404(access: Access, job_id: int) -> BulkJob:
    shops = access.shops_with(Permission.RESOLVE)
    found = BulkJob.objects.filter(pk=job_id, shop__in=shops)
    job = found.select_related("shop", "started_by").first()
    if job is None:
        raise Http404("There is no such job.")
    return job


def job_page(access: Access, job: BulkJob, query: QueryDict, now: datetime) -> JobPage:
    only, after = query.get("only", ""), key_of(query.get("after", "")) or 0
    rows = job.rows.filter(pk__gt=after).select_related("case__rma", "command")
    rows = rows.defer("command__body").order_by("id")
    if only in BulkRow.State.values:
        rows = rows.filter(state=only)
    found = list(rows[: PAGE + 1])
    shown, url = found[:PAGE], reverse("case_job", args=[job.pk])
    more = f"{url}?only={only}&after={shown[-1].pk}" if len(found) > PAGE else ""
    return JobPage(
        job=job,
        label=bulk.ACTIONS.get(job.action, job.action),
        state=_job_state(job),
        running=job.state == BulkJob.State.RUNNING,
        settled=job.done + job.refused,
        verb=_verb(job),
        calls=_calls_in_words(job),
        started=Clock(now, job.shop.timezone).ago(job.started_at),
        tabs=_job_tabs(job, url, only),
        rows=[_result(row) for row in shown],
        more=more,
        sees_messages=access.may(Permission.VIEW_MESSAGES, job.shop),
    )


def _job_tabs(job: BulkJob, url: str, only: str) -> list[FilterLink]:
    return [
        FilterLink("All", url, not only, job.total),
        FilterLink(_verb(job).capitalize(), f"{url}?only=done", only == "done", job.done),
        FilterLink("Refused", f"{url}?only=refused", only == "refused", job.refused, True),
        FilterLink("Waiting", f"{url}?only=waiting", only == "waiting"),
    ]


def _result(row: BulkRow) -> Result:
    case = row.case
    return Result(
        number=number_of(case.rma.rma_number if case.rma else None, case.parcel_id),
        url=reverse("case", args=[case.pk]),
        cause=badge("cause", case.cause),
        state=_state_of(row),
        said=row.said,
        command_id=row.command_id,
    )


def _job_state(job: BulkJob) -> SafeString:
    return saying(JOB_STATES[BulkJob.State(job.state)], job.get_state_display())


def _state_of(row: BulkRow) -> SafeString:
    """Of what has to be told, where its call stands: we have only decided it."""
    if row.command is not None:
        return badge("command", row.command.state)
    return saying(STATES[BulkRow.State(row.state)], row.get_state_display())


def _verb(job: BulkJob) -> str:
    """A call that is queued is not done."""
    return "done" if job.action in bulk.ON_THE_CASE else "decided"


def _calls_in_words(job: BulkJob) -> str:
    """`3 queued · 40 accepted by Narvar`: as their calls stand now, the furthest last."""
    told = Command.objects.filter(pk__in=job.rows.exclude(command=None).values("command"))
    found = dict(told.order_by().values_list("state").annotate(n=Count("pk")))
    states = [state for state in CommandState if state in found]
    return " · ".join(f"{found[state]} {state.said}" for state in states)


def newest_jobs(access: Access) -> list[JobLine]:
    shops = access.shops_with(Permission.RESOLVE)
    found = BulkJob.objects.filter(shop__in=shops).select_related("started_by", "shop")
    return [
        JobLine(
            pk=job.pk,
            label=bulk.ACTIONS.get(job.action, job.action),
            state=_job_state(job),
            by=job.started_by.known_as,
            progress=f"{job.done + job.refused} of {job.total}",
            refused=job.refused,
        )
        for job in found.order_by("-id")[:20]
    ]
