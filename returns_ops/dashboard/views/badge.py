from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from returns_ops.accounts.badges import issue_badge, revoke_badge
from returns_ops.dashboard.access import open_to_all_staff
from returns_ops.dashboard.badges import keep_session
from returns_ops.dashboard.forms import PasswordForm
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.badge import badge_page


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all_staff
def badge(request: StaffRequest) -> HttpResponse:
    """A person makes their own badge. It is on the answer to the password, and on no other page."""
    form = PasswordForm(request)
    token, status = "", 200
    if request.method == "POST":
        if form.is_valid():
            token = issue_badge(request.user, by=request.user)
            keep_session(request)
        else:
            status = 422
    page = badge_page(request.access, timezone.now(), token=token)
    return render(request, "dashboard/badge.html", {"page": page, "form": form}, status=status)


@require_POST
@open_to_all_staff
def badge_revoke(request: StaffRequest) -> HttpResponse:
    if revoke_badge(request.user, by=request.user):
        messages.success(request, "Your badge opens nothing any more.")
    return redirect("badge")
