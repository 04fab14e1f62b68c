"""The bundles of many returns at once: a few queries for all of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from django.db.models import Q

from returns_ops.messaging.models import Command
from returns_ops.returns.models import (
    BoxArrival,
    Package,
    Photo,
    ReceiptLine,
    Rma,
    RmaItem,
    SearchToken,
    Transaction,
)
from returns_ops.returns.preview import SAME_BOX, Bundle
from returns_ops.returns.search import normalise
from returns_ops.returns.states import Work


class OfRma(Protocol):
    rma_id: int


Row = TypeVar("Row", bound=OfRma)
Boxes = dict[tuple[int, str], set[str]]  # (shop, tracking number) → numbers of open returns


def bundles_of(rmas: Sequence[Rma]) -> dict[int, Bundle]:
    """By the RMA's id; each with its `shop` fetched."""
    lines = ReceiptLine.objects.filter(rma__in=rmas).select_related("command")
    items = _by_rma(RmaItem.objects.filter(rma__in=rmas, removed_at=None))
    told = _by_rma(lines.defer("command__body"))
    money = _by_rma(Transaction.objects.filter(rma__in=rmas))
    packages = _by_rma(Package.objects.filter(rma__in=rmas, removed_at=None))
    commands, photos, arrived = _commands_of(rmas), _photos_of(rmas), _arrived_of(rmas)
    boxes = _boxes_of(rmas, packages)
    return {
        rma.pk: Bundle(
            rma,
            items=items[rma.pk],
            lines=told[rma.pk],
            transactions=money[rma.pk],
            packages=packages[rma.pk],
            open_commands=commands[rma.shop_id, rma.rma_number],
            photos_of_line=photos[rma.pk],
            arrived=arrived[rma.pk],
            same_box=_same_box(rma, packages[rma.pk], boxes),
        )
        for rma in rmas
    }


def _by_rma(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.rma_id].append(row)
    return found


def _commands_of(rmas: Sequence[Rma]) -> dict[tuple[int, str], list[Command]]:
    found: dict[tuple[int, str], list[Command]] = defaultdict(list)
    about = Q(shop__in={r.shop_id for r in rmas}, subject__in={r.rma_number for r in rmas})
    for command in Command.objects.filter(about).open().defer("body").order_by("id"):
        found[command.shop_id, command.subject].append(command)
    return found


def _photos_of(rmas: Sequence[Rma]) -> dict[int, dict[int | None, int]]:
    found: dict[int, Counter[int | None]] = defaultdict(Counter)
    rows = Photo.objects.filter(rma__in=rmas).order_by()
    for rma_id, line_id in rows.values_list("rma_id", "line_id"):
        found[rma_id or 0][line_id] += 1
    return defaultdict(dict, found)


def _arrived_of(rmas: Sequence[Rma]) -> dict[int, set[int | None]]:
    found: dict[int, set[int | None]] = defaultdict(set)
    rows = BoxArrival.objects.filter(rma__in=rmas).order_by()
    for rma_id, package_id in rows.values_list("rma_id", "package_id"):
        found[rma_id].add(package_id)
    return found


def _boxes_of(rmas: Sequence[Rma], packages: dict[int, list[Package]]) -> Boxes:
    found: Boxes = defaultdict(set)
    words = {normalise(one.tracking_number) for of in packages.values() for one in of} - {""}
    if not words:
        return found
    tokens = SearchToken.objects.filter(
        shop__in={rma.shop_id for rma in rmas}, kind=SearchToken.Kind.TRACKING, token__in=words
    ).exclude(rma__work=Work.DONE)
    rows: Any = tokens.values_list("shop_id", "token", "rma__rma_number")
    for shop_id, token, number in rows:
        found[shop_id, token].add(number)
    return found


def _same_box(rma: Rma, packages: Sequence[Package], boxes: Boxes) -> tuple[str, ...]:
    words = {normalise(one.tracking_number) for one in packages}
    others = {number for word in words for number in boxes.get((rma.shop_id, word), ())}
    return tuple(sorted(others - {rma.rma_number}))[:SAME_BOX]
