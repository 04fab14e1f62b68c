"""List and RMA page: cost with ten times the rows, and against the two-query floor."""

import statistics
import time
from collections.abc import Callable

from django.core.management import call_command
from django.test import Client

from benchmarks.table import Row
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import Rma

SMALL, LARGE = 10_000, 100_000
DOMAIN = "pages.myshopify.com"


def run() -> list[Row]:
    shop = Shop.objects.get_or_create(domain=DOMAIN)[0]
    client = _client(shop)
    call_command("generate_rmas", count=SMALL, seed=1, shop=DOMAIN)
    few = _measure(client, shop)
    call_command("generate_rmas", count=LARGE - SMALL, seed=2, shop=DOMAIN)
    many = _measure(client, shop)
    rows = [Row("page floor: two queries, ms", f"{many['floor']:.1f}")]
    for name in ("list", "search", "rma"):
        ratio = many[name] / few[name]
        rows.append(Row(f"{name} page at {SMALL:,} RMAs, ms", f"{few[name]:.1f}"))
        rows.append(Row(f"{name} page at {LARGE:,}, ratio", f"{ratio:.2f}", "≤ 1.3"))
    rows.append(Row("list page ÷ floor", f"{many['list'] / many['floor']:.1f}", "≤ 4"))
    return rows


def _client(shop: Shop) -> Client:
    user = User.objects.get_or_create(username="bench")[0]
    Membership.objects.get_or_create(user=user, shop=shop, role=Role.AGENT)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _measure(client: Client, shop: Shop) -> dict[str, float]:
    rma = Rma.objects.filter(shop=shop).latest("id")
    newest = Rma.objects.filter(shop=shop).order_by("-created_at", "-id")

    def floor() -> None:
        list(Shop.objects.all())
        list(newest[:50])

    return {
        "floor": _median(floor),
        "list": _median(lambda: _get(client, "/rmas/?tab=all")),
        "search": _median(lambda: _get(client, f"/rmas/?tab=all&q={rma.rma_number}")),
        "rma": _median(lambda: _get(client, rma.get_absolute_url())),
    }


def _get(client: Client, path: str) -> None:
    assert client.get(path, follow=True).status_code == 200, path


def _median(act: Callable[[], None], rounds: int = 30) -> float:
    act()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
