"""What a scan does: open a return, count a unit, or ask. The same scan counts once."""

import re
import uuid
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.codes import Code, CodeKind, product_word, read_code
from returns_ops.returns.models import Package, Rma, RmaItem, Scan
from returns_ops.returns.preview import Bundle
from returns_ops.returns.resolving import SHOWN, Resolution, ResolutionKind, resolve
from returns_ops.returns.states import Work
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.by_scan import count_scanned, open_scanned
from returns_ops.returns.transitions.receiving import Bench, NotExpected, TooMany

Result = Scan.Result
THROUGH = {Work.WAITING, Work.NEEDS_APPROVAL, Work.DONE}
LABEL = re.compile(r"1Z[0-9A-Z]{16}|[0-9]{18,}")  # UPS, and what no article number is as long as
WHOLE_RETURN = {ResolutionKind.RMA, ResolutionKind.TRACKING, ResolutionKind.ORDER}


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """One scan as it reached us. `open_rma` is what the person has on the screen."""

    raw: str
    scan_id: uuid.UUID
    by: User
    shops: list[Shop]
    bench: str = ""
    open_rma: Rma | None = None
    decision: str | None = None  # a card that was scanned before says what the unit is


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`rma` is the return to show; the rest is what there is to ask the person."""

    result: Scan.Result
    said: str
    rma: Rma | None = None
    code: str = ""
    choice: list[Rma] = field(default_factory=list)
    more: bool = False
    items: list[RmaItem] = field(default_factory=list)  # which of these lines is it?
    item: RmaItem | None = None  # may be counted all the same
    stranger: str = ""  # may be kept as not in this return
    teach: list[RmaItem] = field(default_factory=list)  # the code may belong to one of these
    ask_narvar: bool = False
    bundle: Bundle | None = None  # the return and what hangs on it, as the scan has left them

    @property
    def stays(self) -> bool:
        return self.result != Result.OPENED


def scan(given: Scanned) -> Outcome:
    """Do what the code says, once: the same scan again is told what came of it before."""
    try:
        with transaction.atomic():
            return _record(given, _act(given))
    except IntegrityError:
        return _again(given)


@transaction.atomic
def _again(given: Scanned) -> Outcome:
    """What was done is only told. A question is asked anew; its answer is what the scan did."""
    scans = Scan.objects.select_for_update(of=("self",)).select_related("rma__shop")
    earlier = scans.get(scan_id=given.scan_id)
    if earlier.by_id != given.by.pk:
        return Outcome(result=Result.REFUSED, said="This scan belongs to somebody else.")
    result = Result(earlier.result)
    if result in (Result.OPENED, Result.COUNTED):
        return Outcome(result=result, said=earlier.said, rma=earlier.rma or given.open_rma)
    outcome = _act(given)
    earlier.result, earlier.said = outcome.result, outcome.said
    earlier.rma, earlier.line_id = outcome.rma or given.open_rma, getattr(outcome, "line_id", None)
    earlier.save(update_fields=["result", "said", "rma", "line"])
    return outcome


def _record(given: Scanned, outcome: Outcome) -> Outcome:
    line = getattr(outcome, "line_id", None)
    rma = outcome.rma or given.open_rma
    Scan.objects.create(
        scan_id=given.scan_id,
        raw=given.raw.replace("\x00", "")[:500],
        result=outcome.result,
        said=outcome.said,
        rma=rma,
        line_id=line,
        by=given.by,
        bench=given.bench,
    )
    return outcome


def _act(given: Scanned) -> Outcome:
    code = read_code(given.raw)
    if code.kind == CodeKind.EMPTY:
        return Outcome(result=Result.REFUSED, said="Nothing was scanned.")
    if code.kind == CodeKind.TOO_LONG:
        return Outcome(result=Result.REFUSED, said="This code is too long to be of a return.")
    if code.kind != CodeKind.THING:
        return Outcome(result=Result.REFUSED, said="This card works with its button on the screen.")
    return _found(given, code, resolve(code, given.shops, open_rma=given.open_rma))


def _found(given: Scanned, code: Code, found: Resolution) -> Outcome:
    if found.kind == ResolutionKind.ITEM and given.open_rma is not None:
        return _counted(given, found)
    if found.kind in WHOLE_RETURN and len(found.rmas) == 1:
        return _opened(given, found.rmas[0], found.package)
    if found.rmas and given.open_rma is not None and found.kind == ResolutionKind.SKU:
        return _strange(given, code, found)
    if len(found.rmas) == 1 and not found.more:
        return _opened(given, found.rmas[0], None)
    if found.rmas:
        return Outcome(
            result=Result.CHOICE,
            said=f"{len(found.rmas)} returns fit {found.word}. Which one is it?",
            rma=given.open_rma,
            code=code.raw,
            choice=found.rmas,
            more=found.more,
        )
    if given.open_rma is not None and not _is_another_box(code, given.open_rma):
        return _strange(given, code, found)
    return Outcome(
        result=Result.UNKNOWN, said=f"Nothing found for {code.raw}.", code=code.raw, ask_narvar=True
    )


def _is_another_box(code: Code, rma: Rma) -> bool:
    """What nobody knows is hardly an item of a return that is through, or a carrier's label."""
    carrier = LABEL.fullmatch(code.candidates[0]) if code.candidates else None
    return carrier is not None or rma.work in THROUGH


def _opened(given: Scanned, rma: Rma, package: Package | None) -> Outcome:
    if given.open_rma is not None and given.open_rma.pk == rma.pk and package is None:
        return Outcome(result=Result.OPENED, said=f"{rma} is open already.", rma=rma)
    bench = Bench(given.by, given.bench)
    try:
        said, bundle = open_scanned(rma.pk, bench=bench, package_id=package.pk if package else None)
    except Refused as refusal:
        return Outcome(result=Result.REFUSED, said=str(refusal), rma=given.open_rma)
    return Outcome(result=Result.OPENED, said=said, rma=bundle.rma, bundle=bundle)


@dataclass(frozen=True, kw_only=True)
class Counted(Outcome):
    line_id: int


def _counted(given: Scanned, found: Resolution) -> Outcome:
    rma = given.open_rma
    assert rma is not None
    if len(found.items) > 1:
        return Outcome(
            result=Result.CHOICE,
            said=f"{len(found.items)} lines of this return are {found.word}. Which one is it?",
            rma=rma,
            code=found.word,
            items=found.items,
        )
    item, bench = found.items[0], Bench(given.by, given.bench)
    try:
        line, bundle = count_scanned(rma.pk, item.pk, bench=bench, decision=given.decision)
    except TooMany as refusal:
        return Outcome(result=Result.TOO_MANY, said=str(refusal), rma=rma, stranger=item.sku)
    except NotExpected as refusal:
        return Outcome(
            result=Result.STRANGE, said=str(refusal), rma=rma, item=item, stranger=item.sku
        )
    except Refused as refusal:
        return Outcome(result=Result.REFUSED, said=str(refusal), rma=rma)
    said = f"{item.sku or item.item_id}: 1 more"
    return Counted(result=Result.COUNTED, said=said, rma=bundle.rma, line_id=line.pk, bundle=bundle)


def _strange(given: Scanned, code: Code, found: Resolution) -> Outcome:
    named = f"{code.raw} ({found.sku})" if found.sku else code.raw
    return Outcome(
        result=Result.STRANGE,
        said=f"{named} is not in this return.",
        rma=given.open_rma,
        code=code.raw,
        choice=found.rmas,
        more=found.more,
        stranger=found.sku or code.raw,
        teach=_may_mean(given.open_rma, code, found),
    )


def _may_mean(rma: Rma | None, code: Code, found: Resolution) -> list[RmaItem]:
    """The items to which a code may belong that nobody knows yet."""
    if rma is None or found.kind != ResolutionKind.NONE or found.sku or not product_word(code):
        return []
    named = [item for item in rma.items.all() if item.removed_at is None and item.sku]
    return [item for item in named if not item.keep_the_item][:SHOWN]
