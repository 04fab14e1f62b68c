"""A bench page whose server only notes what it gets, to test the scan box by itself.

It answers as `POST /scan/` does: a code that begins with RM- opens a return, a badge brings a new
page, NONE is nothing, any other is counted.
"""

import json
import threading
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django.utils.safestring import mark_safe

from returns_ops.dashboard.access import open_to_all_staff

PAGE = Template(
    """{% extends "base.html" %}{% load static %}
{% block title %}Bench{% endblock %}
{% block styles %}<link rel="stylesheet" href="{% static "css/bench.css" %}">{% endblock %}
{% block scripts %}{% include "dashboard/scan/_scripts.html" %}{% endblock %}
{% block main %}<div class="page"><h1>Bench</h1>{% include "dashboard/scan/_box.html" %}
<div id="work">{{ work }}</div></div>{% endblock %}"""
)
WORK = Template(
    """{% if rma %}<div data-rma="{{ rma }}"><h2>{{ rma }}</h2>
<p>Counted: <span id="counted">{{ counted }}</span></p>
{% for name, button in buttons.items %}
<form method="post" action="{% url "pressed" name %}" hx-post="{% url "pressed" name %}"
  hx-target="#work">{% csrf_token %}<button class="button" {{ button }}>{{ name }}</button></form>
{% endfor %}
<a href="#rest" class="button" hx-get="{% url "pressed" "missing" %}" hx-target="#rest"
  data-card="MISSING">Missing</a><p id="rest"></p>
<details><summary>More</summary><p>There is no more.</p></details>
<label>Amount <input id="amount" type="number" step="any" value="3.1"></label>
<label>Reason <select id="reason"><option>None</option><option>Torn</option></select></label>
<label>Note <textarea id="note" data-bench-key="."></textarea></label></div>
{% else %}<p>Scan a label.</p>{% endif %}"""
)
BUTTONS = {
    "approve": 'data-primary data-card="APPROVE YES"',
    "all": 'data-bench-key="*" data-card="ALL"',
    "more": 'data-bench-key="+"',
    "less": 'data-bench-key="-" disabled',
    "undo": 'data-bench-key="Escape" data-card="UNDO"',
    "help": 'data-key="x" type="button"',
    **{f"outcome{digit}": f'data-bench-key="/{digit}"' for digit in range(1, 8)},
}


@dataclass
class Server:
    """What came in, in order, and how the next answers are to be."""

    scans: list[dict[str, str]] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    rma: str = "RM-1"
    counted: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    deaf_to: str = ""  # scans of the page with this query get no answer, whenever they come
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def codes(self) -> list[str]:
        return [scan["code"] for scan in self.scans]

    def take(self, scan: dict[str, str], page: str) -> int:
        self.scans.append(scan)
        self.open.wait(10)
        if self.deaf_to and page.endswith(self.deaf_to):
            return 503
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200 and scan["scan_id"] not in self.counted:
            self.counted.append(scan["scan_id"])
        return status


SERVER = Server()


def fresh() -> Server:
    SERVER.__init__()  # type: ignore[misc]
    SERVER.open.set()
    return SERVER


def work(request: HttpRequest) -> str:
    buttons = {name: mark_safe(attributes) for name, attributes in BUTTONS.items()}
    known = {"rma": SERVER.rma, "counted": len(SERVER.counted), "buttons": buttons}
    return WORK.render(RequestContext(request, known))


@open_to_all_staff
def bench(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.render(RequestContext(request, {"work": work(request)})))


@open_to_all_staff
def scan(request: HttpRequest) -> HttpResponse:
    sent = {name: request.POST.get(name, "") for name in ("code", "scan_id", "rma", "decision")}
    status = SERVER.take(sent, request.headers.get("HX-Current-URL", ""))
    code = sent["code"]
    if status != 200:
        return HttpResponse("No", status=status)
    if not request.headers.get("HX-Request"):
        return HttpResponse(f"Taken: {code}")
    if code.startswith("BADGE:"):
        return HttpResponse(headers={"HX-Redirect": "/bench/"})
    if code.startswith("RM-"):
        SERVER.rma = code
        response = HttpResponse(work(request), headers={"HX-Push-Url": f"/bench/?rma={code}"})
        return _saying(response, "scanned", result="opened", said=f"{code} is open")
    answer = HttpResponse(
        f'<span id="counted" hx-swap-oob="true">{len(SERVER.counted)}</span>',
        headers={"HX-Reswap": "none"},
    )
    if code == "NONE":
        return _saying(answer, "scanned", result="unknown", said="Nothing found")
    return _saying(answer, "scanned", result="counted", said=f"Counted {code}")


@open_to_all_staff
def pressed(request: HttpRequest, name: str) -> HttpResponse:
    SERVER.pressed.append(name)
    SERVER.open.wait(10)
    if SERVER.statuses:
        return HttpResponse("<p>No</p>", status=SERVER.statuses.pop(0))
    if name == "missing":
        return HttpResponse("The rest is missing.")
    response = HttpResponse(work(request))
    if name == "approve":
        _saying(response, "decided", said="Approved, held")
    elif name == "undo":
        _saying(response, "undone", said="Taken back")
    return response


def _saying(response: HttpResponse, event: str, **detail: str) -> HttpResponse:
    response["HX-Trigger"] = json.dumps({event: detail})
    return response


urlpatterns = [
    path("bench/", bench),
    path("bench/<str:name>/", pressed, name="pressed"),
    path("scan/", scan, name="scan"),
    path("", include("returns_ops.urls")),
]
