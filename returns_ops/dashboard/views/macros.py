"""Several steps under one name: made, looked at and removed by the people of the desk."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.htmx import StaffRequest, posted
from returns_ops.dashboard.show.macros import macros_page, steps_of
from returns_ops.narvar import macros
from returns_ops.returns.models import Macro
from returns_ops.returns.transitions import Refused

PAGE = "dashboard/desk/macros.html"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESOLVE)
def desk_macros(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, PAGE, {"page": macros_page(request.access, {})})
    typed = {name: posted(request, name) for name in request.POST}
    shop = request.access.shop_or_404(typed.get("shop", ""))
    cause = typed.get("cause", "")
    try:
        macros.save(
            shop,
            typed.get("name", ""),
            steps_of(typed),
            by=request.user,
            causes=[cause] if cause else [],
        )
    except Refused as refusal:
        told = {"page": macros_page(request.access, typed), "problem": str(refusal)}
        return render(request, PAGE, told, status=422)
    messages.success(request, "Saved. It is a button at the cases it fits.")
    return redirect("desk_macros")


@require_POST
@needs(Permission.RESOLVE)
def desk_macro_remove(request: StaffRequest, macro_id: int) -> HttpResponse:
    if not Macro.objects.filter(pk=macro_id, shop__in=request.access.shops).exists():
        raise Http404("There is no such macro.")
    macros.remove(macro_id, by=request.user)
    messages.success(request, "Removed.")
    return redirect("desk_macros")
