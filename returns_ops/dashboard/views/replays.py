from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.forms import ReplayForm
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.replay import choice_of, job_or_404, job_page, review_of
from returns_ops.dashboard.views.messages import no_longer_kept
from returns_ops.messaging import replay as replaying
from returns_ops.messaging.replay import CannotReplay


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESOLVE)
def replay(request: StaffRequest) -> HttpResponse:
    """Choose events, look at how many they are, say why, begin."""
    data = request.POST if request.method == "POST" else request.GET
    form = ReplayForm(data, request.access.shops)
    if not form.names_events or not form.is_valid():
        choice = choice_of(request.access, data, timezone.now())
        context = {"choice": choice, "form": form if form.names_events else None}
        status = 422 if form.names_events else 200
        return render(request, "dashboard/messages/replay.html", context, status=status)
    chosen = form.selection()
    if chosen.event and not chosen.has_its_event:
        return no_longer_kept(request, chosen.event.pk)
    problem = ""
    if request.method == "POST":
        try:
            job = replaying.start(chosen, by=request.user, why=request.POST.get("why", ""))
        except CannotReplay as refusal:
            problem = str(refusal)
        else:
            return redirect("replay_job", job.pk)
    review = review_of(chosen, timezone.now())
    told = {"review": review, "problem": problem, "posted": request.POST}
    status = 422 if problem else 200
    return render(request, "dashboard/messages/replay_review.html", told, status=status)


@require_safe
@needs(Permission.VIEW_MESSAGES)
def replay_job(request: StaffRequest, job_id: int) -> HttpResponse:
    page = job_page(request.access, job_or_404(request.access, job_id), timezone.now())
    if not wants_part(request):
        return render(request, "dashboard/messages/replay_job.html", {"page": page})
    part = render(request, "dashboard/messages/_replay_job.html", {"page": page, "oob": True})
    return part if page.running else HttpResponseStopPolling(part.content)


@require_POST
@needs(Permission.RESOLVE)
def replay_stop(request: StaffRequest, job_id: int) -> HttpResponse:
    job = job_or_404(request.access, job_id)
    replaying.stop(job.pk, by=request.user)
    messages.success(request, "No more events are taken.")
    return redirect("replay_job", job.pk)
