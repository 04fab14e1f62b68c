"""The tray: what the desk tells a person, and how they want to hear it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.consoles import key_of, keys_of
from returns_ops.dashboard.digest import DigestForm
from returns_ops.dashboard.forms import PreferencesForm
from returns_ops.dashboard.htmx import StaffRequest, render_page_or_part
from returns_ops.dashboard.show.notices import notices_of
from returns_ops.returns import transitions
from returns_ops.returns.transitions import Refused
from returns_ops.returns.transitions.notices import mark_read


@require_safe
@needs(Permission.RESOLVE)
def notices(request: StaffRequest) -> HttpResponse:
    before = key_of(request.GET.get("before", ""))
    found = notices_of(request.access, timezone.now(), before=before)
    page, part = "dashboard/desk/notices.html", "dashboard/desk/_tray.html"
    return render_page_or_part(request, page, part, {"notices": found})


@require_POST
@needs(Permission.RESOLVE)
def notices_read(request: StaffRequest) -> HttpResponse:
    """Those that were shown, or all."""
    shown = request.POST.get("shown")
    count = mark_read(request.user, None if shown is None else keys_of(shown))
    messages.success(request, f"{count} read." if count else "Nothing was unread.")
    return redirect("notices")


@require_POST
@needs(Permission.RESOLVE)
def digest(request: StaffRequest) -> HttpResponse:
    form = DigestForm.of(request.access, request.POST)
    problem = "" if form.is_valid() else "Please choose an hour and a place of the lists."
    if not problem:
        try:
            transitions.save_desk_preference(request.user, **form.cleaned_data)
        except Refused as refusal:
            problem = str(refusal)
    if not problem:
        messages.success(request, "Saved.")
        return redirect("preferences")
    themes = PreferencesForm(instance=request.user)
    told = {"form": themes, "digest": form, "digest_problem": problem}
    return render(request, "dashboard/preferences.html", told, status=422)
