import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from returns_ops.dashboard.consoles import key_of
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part
from returns_ops.dashboard.location_forms import LocationFilterForm
from returns_ops.dashboard.show.location_files import ImportPage, import_page
from returns_ops.dashboard.views.locations import managing, seeing
from returns_ops.returns.location_csv import COLUMNS, MOST_BYTES, Unreadable, write_csv
from returns_ops.returns.location_list import countries_of, find_locations
from returns_ops.returns.models import LocationImport
from returns_ops.returns.transitions import Refused
from returns_ops.returns.transitions import location_imports as imports

NEW = "dashboard/locations/import_new.html"
JOB = "dashboard/locations/import.html"
AT_ONCE = 500


@require_safe
@seeing
def locations_export(request: StaffRequest) -> HttpResponse:
    """The rows of the list, as a file that can be read in again."""
    form = LocationFilterForm(request.GET, countries_of(request.access.shown))
    found = find_locations(request.access.shown, form.wanted())
    lines = write_csv(found.iterator(chunk_size=AT_ONCE))
    answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="locations.csv"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@managing
def import_new(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        return _ask(request)
    shop = request.access.shop_or_404(request.POST.get("shop", ""))
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return _ask(request, problem="Choose a file.", status=422)
    try:
        token = uuid.UUID(request.POST.get("submission_token", ""))
        file = imports.File(
            shop=shop,
            by=request.user,
            data=upload.read(MOST_BYTES + 1),
            name=upload.name or "",
            submission_token=token,
        )
        job = imports.start_import(file)
    except ValueError:
        told = "This form did not arrive whole. Choose the file again."
        return _ask(request, problem=told, status=422)
    except (Unreadable, Refused) as refusal:
        return _ask(request, problem=str(refusal), status=422)
    return redirect("location_import", job.pk)


def _ask(request: StaffRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "problem": problem,
        "shops": request.access.shops,
        "columns": COLUMNS,
        "token": uuid.uuid4(),
        "jobs": LocationImport.objects.filter(shop__in=request.access.shops)
        .select_related("started_by", "shop")
        .order_by("-pk")[:5],
    }
    return render(request, NEW, context, status=status)


@require_safe
@managing
def import_job(request: StaffRequest, job_id: int) -> HttpResponse:
    page = _page(request, _job_or_404(request, job_id))
    return render_page_or_part(
        request, JOB, "dashboard/locations/_import_state.html", {"page": page}
    )


@require_POST
@managing
def import_confirm(request: StaffRequest, job_id: int) -> HttpResponse:
    job = _job_or_404(request, job_id)
    try:
        imports.confirm_import(
            job.pk,
            by=request.user,
            rules_settled=request.POST.get("rules_settled") == "1",
            typed_count=request.POST.get("typed_count", "")[:20],
        )
    except Refused as refusal:
        page = _page(request, _job_or_404(request, job_id))
        return render(request, JOB, {"page": page, "problem": str(refusal)}, status=409)
    messages.success(request, "Started. Each row is saved by itself.")
    return redirect("location_import", job.pk)


@require_POST
@managing
def import_stop(request: StaffRequest, job_id: int) -> HttpResponse:
    job = _job_or_404(request, job_id)
    try:
        imports.stop_import(job.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Stopped. What was asked for already stays asked for.")
    return redirect("location_import", job.pk)


def _job_or_404(request: StaffRequest, job_id: int) -> LocationImport:
    jobs = LocationImport.objects.filter(shop__in=request.access.shops)
    job = jobs.select_related("shop", "started_by").filter(pk=job_id).first()
    if job is None:
        raise Http404("There is no such file.")
    return job


def _page(request: StaffRequest, job: LocationImport) -> ImportPage:
    after = key_of(request.GET.get("after", "")) or 0
    return import_page(job, timezone.now(), after=after)
