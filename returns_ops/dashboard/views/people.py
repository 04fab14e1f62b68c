from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.htmx import StaffRequest, wants_part
from returns_ops.dashboard.show.case import case_or_404
from returns_ops.dashboard.show.people import here_of, people_of
from returns_ops.dashboard.show.rma import rma_or_404
from returns_ops.returns import presence
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions import claiming


@require_POST
@needs(Permission.VIEW_RMAS)
def rma_presence(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    """I am here; who else is? Silence when the page shows that already."""
    rma = rma_or_404(request.access, shop, rma_number)
    presence.be_here(rma, request.user, editing=request.POST.get("editing") == "1")
    people = people_of(request.access, rma, timezone.now())
    other_hands = request.POST.get("holder", "0") != str(people.holder_id)
    if request.POST.get("seen", "") == people.seen and not other_hands:
        return HttpResponse(status=204)
    context = {"people": people, "other_hands": other_hands}
    return render(request, "dashboard/rma/_presence.html", context)


@require_POST
@needs(Permission.RESOLVE)
def case_presence(request: StaffRequest, case_id: int) -> HttpResponse:
    """The same at a case about a parcel; one about a return is the return's."""
    parcel = case_or_404(request.access, case_id).parcel
    if parcel is None:
        raise Http404
    presence.be_here(parcel, request.user, editing=request.POST.get("editing") == "1")
    here = here_of(presence.others(parcel, request.user))
    if request.POST.get("seen", "") == here.seen:
        return HttpResponse(status=204)
    return render(request, "dashboard/rma/_others.html", {"people": here})


@require_POST
@needs(Permission.RECEIVE)
def rma_take_over(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    before = claiming.take_over(rma.pk, by=request.user)
    said = f"You took over from {before.known_as}." if before else "It is in your hands."
    return _told(request, rma, said)


@require_POST
@needs(Permission.RECEIVE)
def rma_release(request: StaffRequest, shop: str, rma_number: str) -> HttpResponse:
    rma = rma_or_404(request.access, shop, rma_number)
    was_mine = claiming.release(rma.pk, by=request.user)
    return _told(request, rma, "Released." if was_mine else "It was not in your hands any more.")


def _told(request: StaffRequest, rma: Rma, said: str) -> HttpResponse:
    """Who has it now; a plain form is redirected to the page of the return."""
    if not wants_part(request):
        messages.success(request, said)
        return redirect(rma)
    fresh = Rma.objects.select_related("shop", "claimed_by").get(pk=rma.pk)
    people = people_of(request.access, fresh, timezone.now())
    return render(request, "dashboard/rma/_people.html", {"people": people, "said": said})
