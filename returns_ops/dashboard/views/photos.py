from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.bench import bench_of
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part, wants_part
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.parcels import page_of_parcel, parcel_or_404
from returns_ops.dashboard.show.photos import Photos, photos_of, photos_of_parcel
from returns_ops.dashboard.show.rma import page_of, rma_or_404
from returns_ops.dashboard.uploads import Problem, Taken, take_photos
from returns_ops.returns.models import Parcel, Photo, Rma
from returns_ops.returns.photo_files import small_name_of
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.evidence import remove_photo
from returns_ops.returns.transitions.receiving import Bench

PART = "dashboard/rma/_photos.html"
HEADERS = {
    # A picture never changes under its number. Sessions vary by cookie, so whoever logs in
    # next at the same device asks anew.
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
@needs(Permission.VIEW_RMAS)
def photo(request: StaffRequest, photo_id: int) -> HttpResponse:
    name = photo_or_404(request, photo_id).file.name or ""
    small = small_name_of(name)
    wants_small = request.GET.get("size") == "small" and default_storage.exists(small)
    try:
        with default_storage.open(small if wants_small else name) as file:
            data = file.read()
    except FileNotFoundError as missing:
        raise Http404("The file of this photo is not there.") from missing
    return HttpResponse(data, content_type="image/jpeg", headers=HEADERS)


@require_POST
@needs(Permission.RECEIVE, Permission.RESOLVE)
def rma_photos(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    line = request.POST.get("line", "")
    known = line.isdecimal() and len(line) < 19
    taken = _take(request, rma, line_id=int(line) if known else None)
    return _told(request, rma, taken)


@require_POST
@needs(Permission.RECEIVE, Permission.RESOLVE)
def parcel_photos(request: StaffRequest, parcel_id: int) -> HttpResponse:
    parcel = parcel_or_404(request.access, parcel_id)
    return _told(request, parcel, _take(request, parcel))


@require_POST
@needs(Permission.RECEIVE, Permission.RESOLVE)
def photo_remove(request: StaffRequest, photo_id: int) -> HttpResponse:
    found = photo_or_404(request, photo_id)
    at_parcel = request.POST.get("back") == "parcel" or found.rma is None
    of = found.parcel if at_parcel and found.parcel else found.rma
    assert of is not None  # the database says that a photo shows something
    try:
        remove_photo(found.pk, by=request.user)
    except Refused as refusal:
        return _told(request, of, Taken(problems=[Problem("", str(refusal))]), refused=409)
    except Photo.DoesNotExist as gone:
        raise Http404("This photo was removed already.") from gone
    return _told(request, of, Taken(), done="Photo removed.")


def photo_or_404(request: StaffRequest, photo_id: int) -> Photo:
    photos = Photo.objects.select_related("rma__shop", "parcel__shop")
    found = photos.filter(pk=photo_id, shop__in=request.access.shops).first()
    if found is None:
        raise Http404("There is no such photo.")
    return found


def _take(request: StaffRequest, of: Rma | Parcel, *, line_id: int | None = None) -> Taken:
    bench = Bench(request.user, bench_of(request).name)
    files = request.FILES.getlist("photos")
    return take_photos(files, of, bench=bench, line_id=line_id)


def _told(
    request: StaffRequest, of: Rma | Parcel, taken: Taken, *, done: str = "", refused: int = 422
) -> HttpResponse:
    """The photos as they are now; bad files are named, and fail the request only if all are."""
    done = done or (taken.said if taken.kept else "")
    if done and not wants_part(request):
        messages.success(request, done)
        for problem in taken.problems:
            messages.error(request, " ".join(part for part in problem if part))
        return redirect(_url(of))
    context: dict[str, Any] = {"photo_problems": taken.problems, "photos_done": done}
    if wants_part(request):
        context["page"] = {"photos": _photos(request, of)}
        return render(request, PART, context, status=200 if done else refused)
    page, context["page"] = _page(request, of)
    return render_page_or_part(request, page, PART, context, status=refused)


def _url(of: Rma | Parcel) -> str:
    return f"{of.get_absolute_url()}#photos"


def _photos(request: StaffRequest, of: Rma | Parcel) -> Photos:
    clock = Clock(timezone.now(), of.shop.timezone)
    if isinstance(of, Rma):
        return photos_of(request.access, of, clock, of.receipt_lines.all(), of.items.all())
    return photos_of_parcel(request.access, of, clock)


def _page(request: StaffRequest, of: Rma | Parcel) -> tuple[str, object]:
    if isinstance(of, Rma):
        return "dashboard/rma.html", page_of(request.access, of, timezone.now())
    return "dashboard/parcels/parcel.html", page_of_parcel(request.access, of, timezone.now())
