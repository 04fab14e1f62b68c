"""Whether the drain grows slower as the tables grow: ten thousand returns against a million.

Two databases on one server, drained in turn by one process each time. Half of the events are news
of returns that are there, from all over the table, half are of new ones.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
if not apps.ready:  # a process of its own comes in here
    django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from benchmarks.bodies import bodies
from benchmarks.lists import DOMAIN, SIZES
from benchmarks.table import Row, over, told
from returns_ops.accounts.models import Shop
from returns_ops.messaging import inbox
from returns_ops.narvar import inbound
from returns_ops.returns.models import Rma

ROOT = Path(__file__).resolve().parents[1]
FEW, EVENTS, ROUNDS, LONGEST = 10_000, 4_000, 3, 300
SMALL = "bench_small"


def run() -> list[Row]:
    _fill(SIZES[-1])
    large, small = settings.DATABASE_URL, _small_database()
    few, many = [], []
    for number in range(ROUNDS):
        few.append(_rate(small, f"S{number}"))
        many.append(_rate(large, f"L{number}"))
    return [
        Row(f"the drain among {FEW:,} returns, one process, events/s", told(few)),
        Row(f"the drain among {SIZES[-1]:,} returns, one process, events/s", told(many)),
        Row("the drain among many ÷ among few", over(many, few, 2), "≥ 0.8"),
    ]


def _fill(count: int) -> None:
    missing = count - Rma.objects.filter(shop__domain=DOMAIN).count()
    if missing > 0:
        call_command("generate_rmas", count=missing, seed=count, shop=DOMAIN)


def _small_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {SMALL}")
        cursor.execute(f"CREATE DATABASE {SMALL}")
    address = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{SMALL}"))
    _in_process(address, "fill", str(FEW))
    return address


def _rate(address: str, prefix: str) -> float:
    return float(_in_process(address, "drain", prefix))


def _in_process(address: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.drain_among", *words],
        env={**os.environ, "DATABASE_URL": address},
        cwd=ROOT,
        check=True,
        timeout=LONGEST,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.split()[-1] if done.stdout.split() else ""


def _drained(prefix: str) -> float:
    """Events a second, of what this process stored before."""
    shop = Shop.objects.get(domain=DOMAIN)
    known = [rma.rma_number for rma in _from_all_over(shop)]
    for number, body in enumerate(bodies(EVENTS, prefix)):
        if number % 2:
            body = body.replace(f"{prefix}{number:08d}".encode(), known[number // 2].encode())
        inbox.store(inbox.Delivery(shop_id=shop.pk, body=body, headers={}, webhook_id=prefix))
    started = time.monotonic()
    while inbound.drain_batch():
        pass
    return EVENTS / (time.monotonic() - started)


def _from_all_over(shop: Shop) -> list[Rma]:
    return list(Rma.objects.filter(shop=shop).order_by("?")[: EVENTS // 2])


if __name__ == "__main__":
    act, given = sys.argv[1:]
    if act == "fill":
        call_command("migrate", verbosity=0)
        _fill(int(given))
    else:
        print(_drained(given))
