"""The bench of an RMA: what is expected, what came, what it becomes, and what to press next."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from returns_ops.dashboard.bench import BenchDevice
from returns_ops.dashboard.show.contents import Line
from returns_ops.returns.location_use import GID, ids_of
from returns_ops.returns.models import Package, ReceiptLine, ReturnLocation, Rma, RmaItem, Scan
from returns_ops.returns.preview import Bundle
from returns_ops.returns.receipts import Count, Tally, count
from returns_ops.returns.rules import GradeRule
from returns_ops.returns.states import CANCELLED, Decision, label_of
from returns_ops.returns.transitions.claims import claimable
from returns_ops.returns.transitions.standing import expected_item, unit_line

# Key after `/`, decision, and what follows from it in plain words.
OUTCOMES = [
    ("1", Decision.APPROVED, "Refunded. Restocked if the shop restocks by itself."),
    ("2", Decision.APPROVED_NO_RESTOCK, "Refunded, and not put back on sale."),
    ("3", Decision.REJECTED, "No refund, no restock."),
    ("4", Decision.NOT_RECEIVED, "It is not in the box. Not refunded."),
    ("5", Decision.EXCEPTION, "A colleague at the desk decides. No refund now."),
]
TONES = {
    Decision.APPROVED: "ok",
    Decision.APPROVED_NO_RESTOCK: "ok",
    Decision.REJECTED: "err",
    Decision.NOT_RECEIVED: "warn",
    Decision.EXCEPTION: "warn",
    Decision.INVALID_ITEM: "neutral",
    Decision.CLAIM: "neutral",
}


class Entered(NamedTuple):
    line_id: int
    quantity: int
    label: str
    tone: str
    grade: str
    reason: str
    note: str
    told: str
    photos: int
    box: str


class SplitRow(NamedTuple):
    """One outcome in the form that splits an item."""

    key: str
    decision: str
    label: str
    consequence: str
    quantity: int | str  # as typed, when it comes back
    grade: str
    reason: str
    note: str
    reasons: Callable[[], list[str]]  # asked for where the form is shown


class BenchLine(NamedTuple):
    item_id: int
    name: str
    expected: int
    in_hand: int
    left: int
    told: int
    kept: bool
    last: bool
    last_decision: str  # of the unit that was scanned last, where it is of this line
    entered: list[Entered]
    split: list[SplitRow]
    claimable: int
    detail: Line

    @property
    def done(self) -> bool:
        return self.left == 0

    @property
    def to_split(self) -> int:
        return self.expected - self.told


class Stranger(NamedTuple):
    line_id: int
    sku: str
    quantity: int
    told: str
    ours_only: bool


class Bench(NamedTuple):
    may: bool
    lines: list[BenchLine]
    strangers: list[Stranger]
    arrivals: list[tuple[int, str, bool]]  # package, its name, arrived
    notices: list[tuple[str, str, str]]  # tone, text, a note to send
    grades: Callable[[], list[GradeRule]]
    claim_reasons: list[str]  # none: this person may not claim
    counted: Count
    last_line: int | None
    all_allowed: bool

    @property
    def received(self) -> int:
        return self.counted.in_hand

    @property
    def awaited(self) -> int:
        return self.counted.to_arrive

    @property
    def may_take_all(self) -> bool:
        return self.may and self.all_allowed and self.counted.left > 0


def bench_of_rma(
    bundle: Bundle,
    details: Sequence[Line],
    *,
    may: bool,
    may_claim: bool,
    device: BenchDevice,
    user_id: int,
) -> Bench:
    rma = bundle.rma
    counted = count(
        [expected_item(item) for item in bundle.items],
        [unit_line(line) for line in bundle.lines],
        arrived=bool(bundle.arrived),
        return_method=rma.return_method,
    )
    last = bundle.just_counted or _last_line(rma, user_id, bundle.lines) if may else None
    by_item = {tally.item_id: tally for tally in counted.tallies}
    shown = [
        _line(item, detail, by_item[item.pk], bundle, last)
        for item, detail in zip(bundle.items, details, strict=True)
    ]
    return Bench(
        may=may,
        lines=shown,
        strangers=[_stranger(row, bundle) for row in bundle.lines if row.item_id is None],
        arrivals=_arrivals(bundle),
        notices=_notices(bundle, counted, device) if may else [],
        grades=lambda: bundle.grades,
        claim_reasons=bundle.reasons.get(Decision.CLAIM.value, []) if may_claim else [],
        counted=counted,
        last_line=last,
        all_allowed=bundle.rules.all_as_expected,
    )


def _line(item: RmaItem, detail: Line, tally: Tally, bundle: Bundle, last: int | None) -> BenchLine:
    own = [row for row in bundle.lines if row.item_id == item.pk]
    return BenchLine(
        item_id=item.pk,
        name=detail.name,
        expected=tally.expected,
        in_hand=tally.in_hand,
        left=tally.left,
        told=tally.told,
        kept=tally.kept,
        last=any(row.pk == last for row in own),
        last_decision=next((row.decision for row in own if row.pk == last), ""),
        entered=[_entered(row, bundle) for row in own],
        split=_split(own, tally, bundle),
        claimable=claimable(own),
        detail=detail,
    )


def _entered(row: ReceiptLine, bundle: Bundle) -> Entered:
    grades = {one.code: one.name for one in bundle.grades} if row.grade else {}
    return Entered(
        line_id=row.pk,
        quantity=row.quantity,
        label=str(Decision(row.decision).label) if row.decision else "Not decided yet",
        tone=TONES[Decision(row.decision)] if row.decision else "warn",
        grade=grades.get(row.grade, row.grade),
        reason=row.reason,
        note=row.note,
        told=_told(row),
        photos=bundle.photos_of_line.get(row.pk, 0),
        box=_box_of(row, bundle),
    )


def _box_of(row: ReceiptLine, bundle: Bundle) -> str:
    """Out of which box, where there are several."""
    if len(bundle.packages) < 2:
        return ""
    return next((_box(one) for one in bundle.packages if one.pk == row.package_id), "")


def _told(row: ReceiptLine) -> str:
    """Never more than we know: a decision that waits has told nobody anything."""
    if row.command is None:
        return ""
    return "told to Narvar" if row.command.accepted_at else "in the decision"


def _split(own: list[ReceiptLine], tally: Tally, bundle: Bundle) -> list[SplitRow]:
    if tally.told >= tally.expected:
        return []
    rows = []
    for key, decision, consequence in OUTCOMES:
        free = [row for row in own if row.command_id is None and row.decision == decision]
        first = free[0] if free else None
        rows.append(
            SplitRow(
                key=key,
                decision=decision.value,
                label=str(decision.label),
                consequence=consequence,
                quantity=sum(row.quantity for row in free),
                grade=first.grade if first else "",
                reason=first.reason if first else "",
                note=first.note if first else "",
                reasons=partial(_reasons, bundle, decision),
            )
        )
    return rows


def _reasons(bundle: Bundle, decision: Decision) -> list[str]:
    return bundle.reasons.get(decision.value, [])


def _stranger(row: ReceiptLine, bundle: Bundle) -> Stranger:
    known = {item.sku.casefold() for item in bundle.items}
    return Stranger(row.pk, row.sku, row.quantity, _told(row), row.sku.casefold() in known)


def _last_line(rma: Rma, user_id: int, lines: Sequence[ReceiptLine]) -> int | None:
    """The line of the unit that this person scanned last, while it can still be changed."""
    free = {row.pk for row in lines if row.command_id is None and row.item_id}
    if not free:
        return None
    newest = Scan.objects.filter(rma=rma, by=user_id, line__in=free).order_by("-id")
    return newest.values_list("line_id", flat=True).first()


def _arrivals(bundle: Bundle) -> list[tuple[int, str, bool]]:
    """Which boxes are here; a return of one box needs no list."""
    if len(bundle.packages) < 2:
        return []
    here = bundle.arrived
    return [(one.pk, _box(one), one.pk in here) for one in bundle.packages]


def _box(package: Package) -> str:
    return f"Box {package.letter}" if package.letter else package.tracking_number or "A box"


def _notices(bundle: Bundle, counted: Count, device: BenchDevice) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    rma, place = bundle.rma, device.name or "the bench"
    if rma.narvar_status in CANCELLED:
        told = label_of(rma.narvar_status).lower()
        found.append(
            (
                "err",
                f"This return is {told}. Keep the box aside: the desk sees it under Exceptions "
                "once it is counted here.",
                f"The box arrived at {place} after the return was {told}.",
            )
        )
    if counted.nothing_arrives:
        found.append(("warn", "Nothing should arrive for this return: the goods stay out.", ""))
    elsewhere = _elsewhere(bundle, device)
    if elsewhere:
        found.append(("warn", elsewhere, f"The box arrived at {place}, not where it should go."))
    return found


def _elsewhere(bundle: Bundle, device: BenchDevice) -> str:
    """This box was meant for another of our places, as far as the names can tell."""
    if device.location is None or not bundle.packages:
        return ""
    here = ReturnLocation.objects.filter(pk=device.location, shop=bundle.rma.shop_id).first()
    if here is None or any(_is_for(one, here) for one in bundle.packages):
        return ""
    meant = bundle.packages[0]
    where = ", ".join(text for text in (meant.destination_city, meant.destination_id) if text)
    return f"This return should go to {where}. You are at {here.name}. You can receive it here."


def _is_for(package: Package, here: ReturnLocation) -> bool:
    if package.destination_id in ids_of(here):
        return True
    # An id of Shopify that nobody linked says nothing of an id of Narvar.
    if package.destination_id and here.narvar_id and not package.destination_id.startswith(GID):
        return False
    meant, ours = package.destination_postal_code, here.postal_code
    return not meant or not ours or meant.replace(" ", "") == ours.replace(" ", "")
