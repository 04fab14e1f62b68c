from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.digest import DigestForm
from returns_ops.dashboard.forms import PreferencesForm
from returns_ops.dashboard.htmx import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all_staff
def preferences(request: StaffRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("preferences")
    status = 422 if form.errors else 200
    told = {"form": form, "digest": digest_of(request)}
    return render(request, "dashboard/preferences.html", told, status=status)


def digest_of(request: StaffRequest) -> DigestForm | None:
    """For who works at the exceptions desk."""
    may = request.access.may(Permission.RESOLVE)
    return DigestForm.of(request.access) if may else None
