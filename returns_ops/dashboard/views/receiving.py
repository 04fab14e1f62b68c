"""What a bench does to a return, button by button. Each answers with the parts that changed."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import bench_of
from returns_ops.dashboard.bench_forms import SplitForm
from returns_ops.dashboard.forms import NoteForm
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.merge import merge_of, seen_from
from returns_ops.dashboard.show.rma import fresh_page, rma_or_404
from returns_ops.dashboard.views.scanning import tell
from returns_ops.narvar import decisions
from returns_ops.returns import transitions
from returns_ops.returns.models import Rma, Scan
from returns_ops.returns.rules import reasons_of
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions import Bench, Part, Refused, Stale
from returns_ops.returns.transitions.scanning import Outcome

Result = Scan.Result
# These ask why before anything is sent.
NEED_REASON = {Decision.EXCEPTION, Decision.REJECTED}


class Why(NamedTuple):
    """The question that follows an outcome: one of these reasons, by its digit."""

    said: str
    rma: Rma
    line_id: int
    decision: str
    reasons: list[str]
    result: str = "choice"


class Done(NamedTuple):
    said: str
    why: Why | None = None


@require_POST
@needs(Permission.RECEIVE)
def rma_receive(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    name, _, value = request.POST.get("act", "").partition(":")
    act = ACTS.get(name)
    try:
        if act is None:
            raise Refused("This button is not known here.")
        done = act(request, rma, value)
    except Refused as refusal:
        return _refused(request, rma, str(refusal))
    decisions.tell_received(rma.pk, by=request.user)
    return _done(request, rma, done)


def _bench(request: StaffRequest) -> Bench:
    return Bench(request.user, bench_of(request).name)


def _id(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        raise Refused("This button is not known here.")
    return int(value)


def _all(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.receive_all(rma.pk, bench=_bench(request))
    return Done("All as expected")


def _missing(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.mark_missing(rma.pk, bench=_bench(request))
    return Done("The rest is missing")


def _arrived(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.box_arrived(rma.pk, bench=_bench(request), package_id=_id(value))
    return Done("The box is here")


def _count(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.count_unit(rma.pk, _id(value), bench=_bench(request))
    return Done("1 more received")


def _anyway(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.count_unit(rma.pk, _id(value), bench=_bench(request), anyway=True)
    return Done("Received, though the customer was to keep it")


def _more(request: StaffRequest, rma: Rma, value: str) -> Done:
    line = rma.receipt_lines.filter(pk=_id(value), item__isnull=False).first()
    if line is None or line.item_id is None:
        raise Refused("This was taken back already.")
    transitions.count_unit(rma.pk, line.item_id, bench=_bench(request), decision=line.decision)
    return Done("1 more received")


def _back(request: StaffRequest, rma: Rma, value: str) -> Done:
    transitions.take_back(rma.pk, _id(value), bench=_bench(request))
    return Done("1 taken back")


def _stranger(request: StaffRequest, rma: Rma, value: str) -> Done:
    sku = request.POST.get("sku", "")
    transitions.keep_stranger(rma.pk, sku, bench=_bench(request))
    return Done(f"{sku[:80]} is kept as not in this return")


def _teach(request: StaffRequest, rma: Rma, value: str) -> Done:
    line = transitions.teach_barcode(
        rma.pk, _id(value), request.POST.get("code", ""), bench=_bench(request)
    )
    sku = line.item.sku if line.item else ""
    return Done(f"Remembered: this code is {sku}. 1 received")


def _decide(request: StaffRequest, rma: Rma, value: str) -> Done:
    line_id, _, decision = value.partition(":")
    line = transitions.redecide_unit(
        rma.pk, _id(line_id), Part(quantity=1, decision=decision), bench=_bench(request)
    )
    said = f"Last unit: {Decision(line.decision).label}"
    reasons = reasons_of(rma.shop).get(line.decision, [])[:9]
    if line.decision not in NEED_REASON or not reasons:
        return Done(said)
    return Done(said, Why(f"{said}. Why?", rma, line.pk, line.decision, reasons))


def _reason(request: StaffRequest, rma: Rma, value: str) -> Done:
    part = Part(quantity=1, decision=request.POST.get("decision", ""), reason=value)
    line_id = _id(request.POST.get("line", ""))
    line = transitions.redecide_unit(rma.pk, line_id, part, bench=_bench(request))
    return Done(f"{Decision(line.decision).label}: {line.reason}")


def _claim(request: StaffRequest, rma: Rma, value: str) -> Done:
    given = {name: request.POST.get(name, "") for name in ("units", "reason", "note")}
    transitions.claim_units(
        rma.pk,
        _id(value),
        _id(given["units"] or "0"),
        bench=_bench(request),
        reason=given["reason"],
        note=given["note"],
    )
    return Done("Claim entered. Send it under Decision.")


ACTS: dict[str, Callable[[StaffRequest, Rma, str], Done]] = {
    "all": _all,
    "missing": _missing,
    "arrived": _arrived,
    "count": _count,
    "anyway": _anyway,
    "more": _more,
    "back": _back,
    "claim": _claim,
    "stranger": _stranger,
    "decide": _decide,
    "reason": _reason,
    "teach": _teach,
}


def _done(request: StaffRequest, rma: Rma, done: Done) -> HttpResponse:
    context: dict[str, Any] = {"page": fresh_page(request, rma), "found": done.why}
    if wants_part(request):
        response = render(request, "dashboard/rma/_received.html", context)
        return tell(response, Result.COUNTED, done.said)
    if done.why is not None:
        return render(request, "dashboard/rma.html", context)
    messages.success(request, done.said)
    return redirect(rma)


def _refused(request: StaffRequest, rma: Rma, problem: str) -> HttpResponse:
    found = Outcome(result=Result.REFUSED, said=f"{problem} Nothing was changed.", rma=rma)
    context = {"page": fresh_page(request, rma), "found": found}
    if wants_part(request):
        response = render(request, "dashboard/rma/_received.html", context, status=409)
        return tell(response, Result.REFUSED, problem)
    return render(request, "dashboard/rma.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECEIVE)
def rma_split(request: StaffRequest, shop: str, rma_number: str, item_id: int) -> HttpResponse:
    """An item said anew: units, grade, reason and note by outcome."""
    rma = rma_or_404(request.access, shop, rma_number)
    if request.method != "POST":
        return _split_rows(request, rma, item_id)
    form = SplitForm(request.POST)
    if not form.is_valid():
        return _split_again(request, rma, item_id, form, "Look at what is marked below.")
    try:
        transitions.split_item(
            rma.pk,
            item_id,
            form.parts(),
            bench=_bench(request),
            version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        return _split_again(
            request, rma, item_id, form, str(refusal), stale=isinstance(refusal, Stale)
        )
    decisions.tell_received(rma.pk, by=request.user)
    return _done(request, rma, Done("Saved"))


def _split_rows(request: StaffRequest, rma: Rma, item_id: int) -> HttpResponse:
    """The fields of the form, which come when it is opened; a page of their own without scripts."""
    page = fresh_page(request, rma)
    line = next((one for one in page.bench.lines if one.item_id == item_id), None)
    if line is None or not line.split:
        raise Http404("There is nothing to split here any more.")
    if not wants_part(request):
        context = {"page": page, "split": SplitAgain(item_id, "")}
        return render(request, "dashboard/rma.html", context)
    context = {"page": page, "line": line}
    return render(request, "dashboard/rma/_split_rows.html", context)


class SplitAgain(NamedTuple):
    """What was typed goes back into the form."""

    item_id: int
    problem: str


def _split_again(
    request: StaffRequest,
    rma: Rma,
    item_id: int,
    form: SplitForm,
    problem: str,
    *,
    stale: bool = False,
) -> HttpResponse:
    page = fresh_page(request, rma)
    lines = [
        line._replace(split=[form.kept(row) for row in line.split])
        if line.item_id == item_id
        else line
        for line in page.bench.lines
    ]
    page.bench = page.bench._replace(lines=lines)
    problem = " ".join([problem, *form.problems()])
    context = {"page": page, "split": SplitAgain(item_id, f"{problem} Nothing was changed.")}
    if stale:
        seen = seen_from(request.POST.get("seen"))
        context["split_merge"] = merge_of(rma, timezone.now(), seen=seen, entered=form.entered())
    status = 409 if stale else 422
    if wants_part(request):
        response = render(request, "dashboard/rma/_received.html", context, status=status)
        return tell(response, Result.REFUSED, problem)
    return render(request, "dashboard/rma.html", context, status=status)


@require_POST
@needs(Permission.RECEIVE)
def rma_note(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """A note to Narvar, and nothing else: it never changes the status."""
    rma = rma_or_404(request.access, shop, rma_number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _refused(request, rma, "Write a note of at most 500 characters.")
    try:
        decisions.tell_status(rma.pk, by=request.user, status=None, **form.cleaned_data)
    except Refused as refusal:
        return _refused(request, rma, str(refusal))
    messages.success(request, "The note goes to Narvar by itself.")
    return redirect(rma)
