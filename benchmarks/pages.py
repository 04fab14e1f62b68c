"""The page of a return, the bench and the desk among as many returns as the largest list has.

Server time through all of Django, each request for another return, taken in turn with a page that
asks no database. `LISTS=10000 python -m benchmarks pages` for fewer returns.
"""

import gc
import random
import statistics
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from django.core.management import call_command
from django.db.models import Max, Min, Model, QuerySet
from django.test import Client
from django.urls import reverse

from benchmarks.lists import DOMAIN, SIZES
from benchmarks.table import Row
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Case, Rma
from returns_ops.returns.states import Work

TIMES, GOAL = 80, "≤ 50"
SWAPPED = {"HX-Request": "true"}
Act = Callable[[], object]
M = TypeVar("M", bound=Model)


def run() -> list[Row]:
    shop = filled()
    took: dict[str, list[float]] = {}
    pages = _pages(shop)
    gc.collect()
    gc.freeze()  # as the web process does
    for number in range(TIMES):
        for name, act in pages.items():
            taken = _timed(act)
            if number >= 5:  # the first of a process read templates
                took.setdefault(name, []).append(taken)
    bare = statistics.median(took.pop("bare"))
    count = Rma.objects.filter(shop=shop).count()
    return [
        Row(f"pages at {count:,} returns: a bare page, median ms", f"{bare:.1f}"),
        *(row for name, times in took.items() for row in _rows(name, times, bare)),
    ]


def filled() -> Shop:
    """The shop of the lists, with as many returns as the largest of them."""
    shop = Shop.objects.get_or_create(domain=DOMAIN)[0]
    missing = SIZES[-1] - Rma.objects.filter(shop=shop).count()
    if missing > 0:
        call_command("generate_rmas", count=missing, seed=SIZES[-1], shop=DOMAIN)
    return shop


def _pages(shop: Shop) -> dict[str, Act]:
    clerk, agent = _client(shop, Role.WAREHOUSE), _client(shop, Role.AGENT)
    everywhere = Rma.objects.filter(shop=shop)
    waiting = everywhere.filter(work=Work.TO_DECIDE)
    addresses = iter([rma.get_absolute_url() for rma in some(everywhere)])
    labels = iter([rma.rma_number for rma in some(waiting)])
    items = iter([(rma.pk, rma.items.all()[0].sku) for rma in some(waiting)])
    cases = iter([reverse("case", args=[one.pk]) for one in some(Case.objects.filter(shop=shop))])
    return {
        "bare": lambda: _get(agent, "/livez"),
        "page of a return": lambda: _get(agent, next(addresses)),
        "bench, a label scanned": lambda: _scan(clerk, next(labels)),
        "bench, an item scanned": lambda: _scan_item(clerk, *next(items)),
        "desk, the list": lambda: _get(agent, reverse("exceptions")),
        "desk, what changed": lambda: _get(agent, reverse("exceptions_changes")),
        "desk, a case": lambda: _get(agent, next(cases)),
        "home": lambda: _get(agent, reverse("home")),
    }


def some(rows: QuerySet[M], count: int = TIMES) -> list[M]:
    """From all over the table, without reading it: the next after a number drawn."""
    ends = rows.aggregate(first=Min("pk"), last=Max("pk"))
    chance = random.Random(7)
    found: list[M] = []
    while len(found) < count:
        place = chance.randint(ends["first"], ends["last"])
        found += rows.filter(pk__gte=place).order_by("pk")[:1]
    return found


def _client(shop: Shop, role: Role) -> Client:
    user = User.objects.get_or_create(username=f"pages-{role}")[0]
    Membership.objects.get_or_create(user=user, shop=shop, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (200, 204), (address, answer.status_code)


def _scan_item(clerk: Client, rma: int, sku: str) -> None:
    _scan(clerk, sku, rma)


def _scan(clerk: Client, code: str, rma: int | str = "") -> None:
    asked = {"code": code, "rma": rma, "scan_id": str(uuid.uuid4())}
    answer = clerk.post(reverse("scan"), asked, headers=SWAPPED)
    assert answer.status_code == 200, (code, answer.status_code)


def _timed(act: Act) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _rows(name: str, times: list[float], bare: float) -> list[Row]:
    middle, slow = statistics.median(times), statistics.quantiles(times, n=20)[18]
    value = f"{middle:.0f} / {slow:.0f}; {middle / bare:.0f}"
    return [Row(f"{name}: median / p95 ms; median ÷ bare page", value, f"p95 {GOAL}")]
