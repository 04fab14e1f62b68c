"""What the code on a product means: said once at a bench, known at every bench of the shop."""

from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.codes import product_word, read_code
from returns_ops.returns.models import Barcode, ReceiptLine, Rma, RmaEvent
from returns_ops.returns.resolving import ResolutionKind, resolve
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.by_scan import count_scanned
from returns_ops.returns.transitions.receiving import Bench


@transaction.atomic
def teach_barcode(rma_id: int, item_id: int, raw: str, *, bench: Bench) -> ReceiptLine:
    """This code belongs to that item from now on, and the unit in hand is counted."""
    code = read_code(raw)
    word = product_word(code)
    if not word:
        raise Refused("This code cannot be remembered.")
    line, bundle = count_scanned(rma_id, item_id, bench=bench)
    rma = bundle.rma
    sku = line.item.sku if line.item else ""
    if not sku:
        raise Refused("Narvar tells no SKU of this item, so no code can stand for it.")
    found = resolve(code, [rma.shop], open_rma=rma)
    if found.kind != ResolutionKind.NONE or found.sku:
        meant = f" as {found.sku}" if found.sku else ""
        raise Refused(f"{code.raw} is known already{meant}. Scan it again.")
    _remember(rma, word, sku, bench)
    return line


def _remember(rma: Rma, word: str, sku: str, bench: Bench) -> None:
    known, _ = Barcode.objects.get_or_create(
        shop=rma.shop,
        code=word,
        defaults={"sku": sku, "taught_by": bench.by, "bench": bench.name},
    )
    if known.sku != sku:  # another bench was quicker
        raise Refused(f"{word} was just said to be {known.sku}. Scan it again.")
    RmaEvent.objects.create(
        rma=rma,
        source=RmaEvent.Source.PERSON,
        verb="teach",
        text=f"{word} is {sku} from now on",
        actor=bench.by,
    )
    audit.record(
        "barcode.taught",
        word,
        shop=rma.shop,
        actor=bench.by,
        sku=sku,
        bench=bench.name,
        permission=Permission.RECEIVE,
    )
