import random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.returns.counters import fold
from returns_ops.returns.generated import made
from returns_ops.returns.generated_rows import Sheets
from returns_ops.returns.models import Rma
from returns_ops.returns.transitions.sweeping import SLICE, adopt_strays

BATCH = 20_000


class Command(BaseCommand):
    help = "Makes synthetic RMAs in bulk, for benchmarks; the same seed makes the same ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--shop", help="its domain; by default shops of their own")
        parser.add_argument("--shops", type=int, default=1, help="so many share the RMAs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1 or options["shops"] < 1:
            raise CommandError("--count and --shops must be 1 or more")
        shops = _shops(options)
        numbers = _numbers(shops, options["count"])
        chance = random.Random(options["seed"])
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for start in range(numbers.start, numbers.stop, BATCH):
            some = range(start, min(start + BATCH, numbers.stop))
            with transaction.atomic():
                sheets = Sheets()
                for one in made(some, of=numbers.stop, chance=chance, now=today):
                    sheets.add(one, shops[one.number % len(shops)])
                sheets.write()
            _open_cases(len(some))
            fold()
        _analyse()
        self.stdout.write(f"{len(numbers)} RMAs at {', '.join(shop.domain for shop in shops)}")


def _shops(options: dict[str, Any]) -> list[Shop]:
    first = options["shop"] or f"generated-{options['seed']}.myshopify.com"
    domains = [first, *(f"{number}-{first}" for number in range(2, options["shops"] + 1))]
    return [Shop.objects.get_or_create(domain=domain)[0] for domain in domains]


def _numbers(shops: list[Shop], count: int) -> range:
    """Those after the ones that an earlier run made."""
    before = Rma.objects.filter(shop__in=shops, rma_number__startswith="GN").count()
    return range(before, before + count)


def _open_cases(most: int) -> None:
    """Those that need a person have their case; ended by what was made, should one have none."""
    for _ in range(most // SLICE + 1):
        if not adopt_strays():
            return


def _analyse() -> None:
    """What the planner believes of the tables must not wait for autovacuum."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
