"""What to do about a cause, as the people of a shop write it down, with every edit kept."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import needs
from returns_ops.dashboard.htmx import StaffRequest, posted
from returns_ops.dashboard.show.playbook import playbook_page
from returns_ops.returns import transitions
from returns_ops.returns.states import Cause
from returns_ops.returns.transitions import Refused
from returns_ops.returns.transitions.playbooks import PlaybookDiverged


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESOLVE)
def playbook(request: StaffRequest, cause: str) -> HttpResponse:
    if cause not in Cause.values:
        raise Http404("There is no such cause.")
    page = playbook_page(request.access, Cause(cause), timezone.now())
    if request.method != "POST":
        return render(request, "dashboard/desk/playbook.html", {"page": page})
    typed, number = posted(request, "text"), request.POST.get("number", "")
    said: dict[str, object] = {"typed": typed}
    try:
        transitions.edit_playbook(
            page.shop,
            cause,
            typed.replace("\r\n", "\n"),
            by=request.user,
            number=int(number) if number.isdecimal() and len(number) < 9 else -1,
        )
    except PlaybookDiverged as late:
        said |= {"theirs": late.theirs, "problem": str(late)}
    except Refused as refusal:
        said["problem"] = str(refusal)
    else:
        messages.success(request, "Saved.")
        return redirect(page.url)
    fresh = playbook_page(request.access, Cause(cause), timezone.now())
    return render(request, "dashboard/desk/playbook.html", {"page": fresh, **said}, status=409)
