"""One action for many cases: choose, look at what becomes of each, begin, follow, stop."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.case_forms import SnoozeProblem, snooze_of
from returns_ops.dashboard.consoles import key_of
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.bulk import (
    MOST_PICKED,
    NOBODY,
    Choice,
    job_or_404,
    job_page,
    newest_jobs,
    review_of,
    shops_in,
)
from returns_ops.dashboard.show.reviewed import Reviewed
from returns_ops.narvar import bulk, desk
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import Action
from returns_ops.returns.models import BulkJob, Case, Macro
from returns_ops.returns.transitions import Refused

TOO_MANY = (
    f"At most {MOST_PICKED} cases can be picked one by one. Nothing was begun: choose all that "
    "match, or fewer."
)
UNSEEN = "This list did not arrive as it was shown. Look at it, then say yes once more."
REVIEW = "dashboard/desk/bulk.html"


@require_POST
@needs(Permission.RESOLVE)
def case_bulk(request: StaffRequest) -> HttpResponse:
    """What would become of each; begun is what is confirmed after that."""
    choice = Choice.read(request.access, request.POST)
    if choice.too_many:
        messages.error(request, TOO_MANY)
        return redirect(choice.asked.link())
    if not choice.code or not (choice.all or choice.picked):
        messages.error(request, "Choose cases, and what to do with them.")
        return redirect(choice.asked.link())
    reviewed = Reviewed.read(request.POST.get("reviewed", ""), choice.code, request.user)
    if "confirm" not in request.POST:
        return _review(request, choice, reviewed)
    if reviewed is None:
        return _review(request, choice, problem=UNSEEN)
    try:
        jobs = _start(request, choice, reviewed)
    except (Refused, SnoozeProblem) as problem:
        return _review(request, choice, reviewed, problem=str(problem))
    return redirect("case_job", jobs[0].pk) if len(jobs) == 1 else redirect("case_jobs")


def _review(
    request: StaffRequest, choice: Choice, reviewed: Reviewed | None = None, *, problem: str = ""
) -> HttpResponse:
    token, start = _token(request.POST), key_of(request.POST.get("from", "")) or 0
    start = min(start, bulk.MOST)
    if reviewed is None:
        cases = choice.cases(request.access, timezone.now())
        reviewed = Reviewed.of(cases, choice.code, request.user)
    review = review_of(request.access, choice, reviewed, token=token, start=start)
    told = {"review": review, "problem": problem, "typed": request.POST}
    return render(request, REVIEW, told, status=422 if problem else 200)


@transaction.atomic
def _start(request: StaffRequest, choice: Choice, reviewed: Reviewed) -> list[BulkJob]:
    """What was reviewed, as it was reviewed: what changed since is refused when its turn comes."""
    token = _token(request.POST) or uuid.uuid4()
    shops = shops_in(request.access, choice, reviewed)
    if not shops:
        raise Refused("None of these cases is there any more.")
    cases = Case.objects.filter(pk__in=reviewed.seen)
    return [
        bulk.start_bulk(
            bulk.Order(
                shop=shop,
                code=choice.code,
                by=request.user,
                cases=cases.filter(shop=shop),
                seen=reviewed.seen,
                submission_token=uuid.uuid5(token, shop.domain),
                arguments=_arguments(request.POST, choice, shop=shop),
                selection=choice.asked.query() if choice.all else "",
            )
        )
        for shop in shops
    ]


def _arguments(data: QueryDict, choice: Choice, *, shop: Shop) -> dict[str, Any]:
    """What the action needs to know, the same for each of them; as JSON keeps it."""
    match choice.code:
        case bulk.ASSIGN:
            return {"to": _person(data.get("to", ""), shop)}
        case bulk.SNOOZE:
            until, change = snooze_of(data, shop, timezone.now())
            return {"until": until.isoformat() if until else None, "until_change": change}
        case bulk.MACRO:
            return _macro(data.get("macro", ""), shop)
        case Action.NOTE:
            return _needed("note", data, "Write the note.")
        case Action.RESOLVE:
            return _needed("because", data, "Say how they were resolved.")
        case Action.ASK:
            return {}  # somebody else has yet to agree
    return {"then_resolve": bulk.ACTIONS[choice.code]}


def _person(text: str, shop: Shop) -> int | None:
    """None: to nobody, which has to be said as well."""
    if text == NOBODY:
        return None
    person = User.objects.filter(pk=key_of(text) or 0, is_active=True).first()
    if person is None:
        raise Refused("Choose who is to look after them.")
    transitions.permit_desk(person, shop)
    return person.pk


def _macro(text: str, shop: Shop) -> dict[str, Any]:
    """`12.3`: the macro, and the version of it whose steps were read."""
    number, _, version = text.partition(".")
    macro = Macro.objects.filter(pk=key_of(number) or 0, shop=shop).first()
    if macro is None:
        raise Refused(f"Choose a macro of {shop}: each shop has its own.")
    if version != str(macro.version):
        raise Refused(f"Macro “{macro.name}” was changed meanwhile. Read its steps once more.")
    return {"macro": macro.pk, "macro_version": macro.version}


def _needed(name: str, data: QueryDict, problem: str) -> dict[str, Any]:
    text = data.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise Refused(problem)
    if len(text) > desk.LONGEST_NOTE:
        raise Refused(f"At most {desk.LONGEST_NOTE} characters: this has {len(text)}.")
    return {name: text}


def _token(data: QueryDict) -> uuid.UUID | None:
    try:
        return uuid.UUID(data.get("submission_token", ""))
    except ValueError:
        return None


@require_safe
@needs(Permission.RESOLVE)
def case_jobs(request: StaffRequest) -> HttpResponse:
    return render(request, "dashboard/desk/jobs.html", {"jobs": newest_jobs(request.access)})


@require_safe
@needs(Permission.RESOLVE)
def case_job(request: StaffRequest, job_id: int) -> HttpResponse:
    job = job_or_404(request.access, job_id)
    page = job_page(request.access, job, request.GET, timezone.now())
    if not wants_part(request):
        return render(request, "dashboard/desk/job.html", {"page": page})
    part = render(request, "dashboard/desk/_job.html", {"page": page, "oob": True})
    return part if page.running else HttpResponseStopPolling(part.content)


@require_POST
@needs(Permission.RESOLVE)
def case_job_stop(request: StaffRequest, job_id: int) -> HttpResponse:
    job = job_or_404(request.access, job_id)
    bulk.stop_bulk(job.pk, by=request.user)
    messages.success(request, "No further case is begun. What was done stays done.")
    return redirect("case_job", job.pk)
