import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.returns.models import Rma, RmaItem, SearchToken
from returns_ops.returns.states import Money, NarvarStatus, Receipt, Standing, work_of
from returns_ops.returns.transitions.sweeping import SLICE, adopt_strays

SKUS = [f"{name}-{size}" for name in ("JACKET", "SOCK", "BOTTLE", "TEE", "CAP") for size in "SML"]
STATUSES = [
    *[NarvarStatus.INITIATED] * 20,
    *[NarvarStatus.ON_ITS_WAY] * 20,
    *[NarvarStatus.DELIVERED] * 15,
    *[NarvarStatus.APPROVED] * 40,
    *[NarvarStatus.EXCEPTION] * 2,
    NarvarStatus.OUT_OF_STOCK,
    NarvarStatus.CANCELLED_BY_USER,
    NarvarStatus.REJECTED,
]
BATCH = 10_000


class Command(BaseCommand):
    help = "Makes synthetic RMAs in bulk, for benchmarks; the same seed makes the same ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--shop", help="its domain; by default a shop of its own")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError("--count must be 1 or more")
        domain = options["shop"] or f"generated-{options['seed']}.myshopify.com"
        shop = Shop.objects.get_or_create(domain=domain)[0]
        chance = random.Random(options["seed"])
        first = Rma.objects.filter(shop=shop).count()
        for start in range(first, first + options["count"], BATCH):
            size = min(BATCH, first + options["count"] - start)
            with transaction.atomic():
                _add(shop, start, size, chance)
            _open_cases(size)
        self.stdout.write(f"{options['count']} RMAs at {domain}")


def _add(shop: Shop, start: int, size: int, chance: random.Random) -> None:
    """Rows by COPY; the counters follow by trigger."""
    rmas = [_rma(shop, number, chance) for number in range(start, start + size)]
    _copy(Rma, rmas)
    numbers = [rma.rma_number for rma in rmas]
    ids = dict(
        Rma.objects.filter(shop=shop, rma_number__in=numbers).values_list("rma_number", "pk")
    )
    for rma in rmas:
        rma.pk = ids[rma.rma_number]
    _copy(RmaItem, [_item(rma) for rma in rmas])
    _copy(SearchToken, [token for rma in rmas for token in _tokens(rma)])


def _open_cases(most: int) -> None:
    """Those that need a person have their case; ended by what was made, should one have none."""
    for _ in range(most // SLICE + 1):
        if not adopt_strays():
            return


def _rma(shop: Shop, number: int, chance: random.Random) -> Rma:
    status = chance.choice(STATUSES)
    quantity, price = chance.randint(1, 4), chance.randint(500, 20_000)
    now = timezone.now()
    total = f"{quantity * price / 100:.2f}"
    return Rma(
        shop=shop,
        rma_number=f"GN{number:08d}",
        narvar_status=status,
        order_number=str(70_000_000 + number),
        created_at=now - timedelta(minutes=7 * number % 500_000, seconds=number % 60),
        email=f"customer{number}@example.com",
        return_method="mail",
        refund_method="original_payment",
        estimated_refund=total,
        first_cap=total,
        currency="USD",
        shop_currency="USD",
        as_of=now,
        item_count=quantity,
        total=total,
        items_text=f"{quantity} × {chance.choice(SKUS)}",
        receipt=Receipt.EXPECTED,
        money=Money.NONE,
        work=work_of(Standing(narvar_status=status)),
        first_seen_at=now,
        changed_at=now,
    )


def _item(rma: Rma) -> RmaItem:
    quantity, _, sku = rma.items_text.partition(" × ")
    price = rma.total
    return RmaItem(
        rma=rma,
        line_key=f"9{rma.pk}",
        position=0,
        sku=sku,
        item_id=f"9{rma.pk}",
        quantity=int(quantity),
        unit_price=price,
        total_price=price,
        unit_final=price,
        transaction_type="return",
    )


def _tokens(rma: Rma) -> Iterator[SearchToken]:
    kind = SearchToken.Kind
    words = [
        (kind.RMA, rma.rma_number),
        (kind.ORDER, rma.order_number),
        (kind.EMAIL, rma.email.upper()),
        (kind.TRACKING, f"1Z999AA1{rma.rma_number[2:]}"),
        (kind.SKU, rma.items_text.partition(" × ")[2]),
    ]
    for name, token in words:
        yield SearchToken(shop=rma.shop, rma=rma, kind=name, token=token)


def _copy(model: type[Rma] | type[RmaItem] | type[SearchToken], rows: list[Any]) -> None:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        command = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
        with cursor.copy(command) as copy:
            for row in rows:
                values = (getattr(row, field.attname) for field in fields)
                copy.write_row(
                    [
                        field.get_db_prep_save(value, connection)
                        for field, value in zip(fields, values, strict=True)
                    ]
                )
