from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from returns_ops.dashboard.access import open_to_all_staff
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
    return render(request, "dashboard/preferences.html", {"form": form}, status=status)
