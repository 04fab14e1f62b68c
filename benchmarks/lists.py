"""The list of returns at three sizes: its SQL, its page, and Django admin's on the same table.

`python -m benchmarks lists`, or with other sizes `LISTS=10000,100000 python -m benchmarks lists`.
Every figure is a median; what is compared is measured in turn, in one process.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.db import connection
from django.test import Client

from benchmarks.admin_list import admin_page
from benchmarks.bare_list import BARE
from benchmarks.table import Row
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns import queues
from returns_ops.returns.models import Package, Rma, RmaItem
from returns_ops.returns.queues import Cursor
from returns_ops.returns.states import Money, NarvarStatus, Work

SIZES = [int(size) for size in os.environ.get("LISTS", "10000,100000,1000000").split(",")]
DOMAIN = "lists.myshopify.com"
ROUNDS, SLOW_ROUNDS = 30, 3
EXACT, BEGINNING = "≤ 1", "≤ 5"
Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    """One way to ask for a list; `asked` are the parameters of the screen."""

    name: str
    asked: dict[str, str]
    goal: str = ""  # of its SQL at the largest size, ms


def run() -> list[Row]:
    shop = Shop.objects.get_or_create(domain=DOMAIN)[0]
    client = _client(shop)
    figures: list[dict[str, Figures]] = []
    for size in SIZES:
        have = Rma.objects.filter(shop=shop).count()
        call_command("generate_rmas", count=size - have, seed=size, shop=DOMAIN)
        figures.append(_measure(client, shop))
        print(f"… {size:,} returns measured", flush=True)
    goals = {case.name: case.goal for case in cases(shop)}
    return [*_rows(figures, goals), *_against_admin(client, figures[-1])]


def _client(shop: Shop) -> Client:
    user = User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0]
    Membership.objects.get_or_create(user=user, shop=shop, role=Role.AGENT)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def cases(shop: Shop) -> Iterator[Case]:
    yield Case("all", {"tab": "all"})
    for work in (Work.TO_RECEIVE, Work.TO_DECIDE, Work.EXCEPTION, Work.DONE):
        yield Case(f"tab {work}", {"tab": work})
    yield Case("common status", {"tab": "all", "status": NarvarStatus.APPROVED})
    yield Case("rare status", {"tab": "all", "status": NarvarStatus.OUT_OF_STOCK})
    yield Case("rare method", {"tab": "all", "method": "keep_the_item"})
    yield Case("rare money", {"tab": "all", "money": Money.REFUSED})
    yield Case("due within a day", {"tab": "all", "deadline": "24h"})
    for name, words, goal in _searches(shop):
        yield Case(f"search {name}", {"tab": "all", "q": words}, goal)


def _searches(shop: Shop) -> list[tuple[str, str, str]]:
    middle = Rma.objects.filter(shop=shop).order_by("id")[
        Rma.objects.filter(shop=shop).count() // 2
    ]
    package = Package.objects.get(rma=middle)
    hot = "JACKET-00000"
    rare = RmaItem.objects.filter(rma=middle).order_by("-sku")[0].sku
    return [
        ("RMA", middle.rma_number, EXACT),
        ("order", middle.order_number, EXACT),
        ("e-mail", middle.email, EXACT),
        ("tracking", package.tracking_number, EXACT),
        ("last six", package.tracking_number[-6:], EXACT),
        ("rare SKU", rare, EXACT),
        ("hot SKU", hot, EXACT),
        ("RMA by its beginning", middle.rma_number[:7], BEGINNING),
        ("SKU by its beginning", "JACKET", BEGINNING),
        ("tracking by 1Z", "1Z", BEGINNING),
        ("e-mail by its beginning", "customer1", BEGINNING),
        ("nothing found", "ZZ-NO-SUCH-THING", EXACT),
    ]


def _measure(client: Client, shop: Shop) -> dict[str, Figures]:
    gc.collect()
    gc.freeze()  # as the web process does
    found = {case.name: _one(client, shop, case) for case in cases(shop)}
    for name, cursor in _deep(shop).items():
        after = {"tab": "all", "after": str(cursor)}
        found[name] = _one(client, shop, Case(name, after))
    found["floor"] = {"page": _median(lambda: _floor(shop))}
    found["way"] = {"sql": _median(lambda: _execute(("SELECT 1", None)))}
    return found


def _deep(shop: Shop) -> dict[str, Cursor]:
    newest = Rma.objects.filter(shop=shop).order_by("-created_at", "-id")
    size = newest.count()
    places = {"page 200": min(200 * queues.PAGE, size // 2), "last page": size - queues.PAGE}
    rows = newest.values_list("created_at", "id")
    return {name: Cursor(*rows[place]) for name, place in places.items()}


def _floor(shop: Shop) -> None:
    list(Shop.objects.all())
    list(Rma.objects.filter(shop=shop).order_by("-created_at", "-id")[: queues.PAGE])


def _one(client: Client, shop: Shop, case: Case) -> Figures:
    address = f"/rmas/?{urlencode(case.asked)}"
    with _listened() as asked:
        assert client.get(address).status_code == 200, address
    mine = [one for one in asked if "items_text" in one[0] or "searchtoken" in one[0]]
    bare = BARE.get(case.name)
    return {
        "sql": _median(lambda: _execute(*mine)),
        "page": _median(lambda: client.get(address)),
        **({"bare": _median(lambda: _execute((bare, [shop.pk])))} if bare else {}),
        **({"server": _at_the_server(mine)} if case.goal else {}),
    }


@contextmanager
def _listened() -> Iterator[list[tuple[str, Any]]]:
    """Every statement with its values, as Django is about to send it."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        yield asked


def _execute(*statements: tuple[str, Any]) -> None:
    with connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)
            cursor.fetchall()


def _at_the_server(statements: list[tuple[str, Any]]) -> float:
    """Planning and execution, without the way there and back: that is nothing of the query's."""
    explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
    times = []
    with connection.cursor() as cursor:
        for _ in range(ROUNDS):
            times.append(0.0)
            for sql, values in statements:
                cursor.execute(explain + sql, values)
                plan = cursor.fetchone()[0][0]
                times[-1] += plan["Planning Time"] + plan["Execution Time"]
    return statistics.median(times)


def _median(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Milliseconds; fewer rounds of what takes long."""
    act()
    times: list[float] = []
    while len(times) < (rounds if sum(times) < 2_000 else min(rounds, SLOW_ROUNDS)):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _rows(figures: list[dict[str, Figures]], goals: dict[str, str]) -> list[Row]:
    many = figures[-1]
    floor, sizes = many["floor"]["page"], " / ".join(f"{size:,}" for size in SIZES)
    names = [name for name in many if name not in ("floor", "way")]
    return [
        Row(f"list: the sizes are {sizes}; floor of two queries, ms", f"{floor:.2f}"),
        Row("SELECT 1, the way there and back, ms", f"{many['way']['sql']:.2f}"),
        *(row for name in names for row in _of_case(name, figures, goals.get(name, ""))),
        Row("list page ÷ floor", f"{many['all']['page'] / floor:.1f}", "≤ 4"),
    ]


def _of_case(name: str, figures: list[dict[str, Figures]], goal: str) -> list[Row]:
    few, many = figures[0][name], figures[-1][name]
    rows = [Row(f"{name}: SQL, ms", " / ".join(f"{at[name]['sql']:.2f}" for at in figures), goal)]
    if "server" in many:
        at_server = " / ".join(f"{at[name]['server']:.2f}" for at in figures)
        rows.append(Row(f"{name}: of it planning and execution, ms", at_server, goal))
    if "bare" in many:
        ratio = many["sql"] / many["bare"]
        rows.append(Row(f"{name}: SQL ÷ hand-written", f"{ratio:.2f}", "≤ 1.5"))
    pages = " / ".join(f"{at[name]['page']:.1f}" for at in figures)
    ratio = many["page"] / few["page"]
    return [
        *rows,
        Row(f"{name}: page, ms", pages),
        Row(f"{name}: page, largest ÷ smallest", f"{ratio:.2f}", "≤ 1.3"),
    ]


def _against_admin(client: Client, ours: dict[str, Figures]) -> list[Row]:
    number = Rma.objects.latest("id").rma_number
    stock = _median(lambda: admin_page(""), SLOW_ROUNDS)
    search = _median(lambda: admin_page(number), SLOW_ROUNDS)
    own = _median(lambda: client.get("/admin/returns/rma/"))
    own_search = _median(lambda: client.get(f"/admin/returns/rma/?q={number}"))
    mine, mine_found = ours["all"]["page"], ours["search RMA"]["page"]
    return [
        Row("Django's change list, ms; ÷ our list", f"{stock:.0f}; {stock / mine:.0f}", "≥ 20"),
        Row("Django's search, ms; ÷ ours", f"{search:.0f}; {search / mine_found:.0f}", "≥ 300"),
        Row("our admin's change list and search, ms", f"{own:.0f}; {own_search:.0f}"),
    ]
